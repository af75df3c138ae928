# SPDX-License-Identifier: Apache-2.0
"""Reads what `chronotick lab dataset` writes (io.chronotick.lab.simulate.TrainingFile)."""
import numpy as np
import torch

OPEN = 24
TARGETS = 3
SEEN = 7
RAW = SEEN + 2 * TARGETS


class Sequences:
    """raw [N, T, 13] float64: gap, offset, delay, scale, excess, smoothed gap, raised minimum, then lead and truth of each target;
    features [N, T, 24] float32."""

    def __init__(self, path):
        head = np.fromfile(path, dtype=np.uint8, count=32).tobytes()
        if head[:8] != b"CTSEQ002":
            raise SystemExit(f"{path} is no file of training sequences: make one with 'chronotick lab dataset --out {path}'")
        self.count, self.length, targets, features = np.frombuffer(head[8:24], dtype="<i4")
        self.seed = int(np.frombuffer(head[24:32], dtype="<i8")[0])
        if targets != TARGETS or features != OPEN:
            raise SystemExit(f"{path} has {targets} targets and {features} features, this program {TARGETS} and {OPEN}: make it again")
        kind = np.dtype([("raw", "<f8", RAW), ("features", "<f4", OPEN)])
        rows = np.memmap(path, dtype=kind, offset=32, mode="r").reshape(self.count, self.length)
        self.rows = rows

    def batch(self, index):
        """Those sequences, time first."""
        rows = self.rows[np.sort(index)]
        raw = torch.from_numpy(np.ascontiguousarray(rows["raw"].swapaxes(0, 1)))
        features = torch.from_numpy(np.ascontiguousarray(rows["features"].swapaxes(0, 1)))
        return raw, features
