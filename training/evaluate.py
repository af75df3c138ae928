# SPDX-License-Identifier: Apache-2.0
"""Error and intervals of trained weights on sequences they have not seen, beside two simple estimators."""
import argparse
import json

import numpy as np
import torch

from data import SEEN, Sequences
from train import forecasts
from tuned_filter import NeuralKalmanFilter
from weights import load_weights

LATE = 100  # exchanges that nobody is judged by
BLOCK = 128


def best_of_eight(raw):
    """The offset of the quickest of the newest eight exchanges, carried on by a line through the two quickest halves of 64."""
    length, count = raw.shape[:2]
    at = torch.cumsum(raw[..., 0], 0)
    out = torch.zeros(length - 1, count, dtype=torch.float64)
    for i in range(LATE, length - 1):
        columns = torch.arange(count)
        near = torch.argmin(raw[i - 6:i + 2, :, 2], 0) + i - 6
        first = torch.argmin(raw[i - 62:i - 30, :, 2], 0) + i - 62
        second = torch.argmin(raw[i - 30:i + 2, :, 2], 0) + i - 30
        rate = (raw[second, columns, 1] - raw[first, columns, 1]) / (at[second, columns] - at[first, columns])
        when = at[i + 1] + raw[i + 1, :, SEEN + 2]
        out[i] = raw[near, columns, 1] + rate * (when - at[near, columns])
    return out


@torch.no_grad()
def judge(model, sequences):
    errors, inside, rivals = [], [], []
    for start in range(0, sequences.count, BLOCK):
        raw, features = sequences.batch(np.arange(start, min(start + BLOCK, sequences.count)))
        seen = raw[..., :SEEN]
        state = model.second(model.begin(seen[0]), seen[1])
        _, outlooks, hiddens, _ = model.chunk(state, seen[1:], features[1:])
        _, corrected, _, wide, truth = forecasts(model, outlooks, hiddens, raw[1:])
        error = (corrected - truth)[LATE:]
        errors.append(torch.sqrt((error * error).mean(0)))
        inside.append((error.abs() <= 1.96 * wide[LATE:]).double().mean(0))
        simple = (best_of_eight(raw) - truth[..., 1])[LATE:]
        rivals.append(torch.sqrt((simple * simple).mean(0)))
    errors, inside, rivals = torch.cat(errors), torch.cat(inside), torch.cat(rivals)
    geometric = lambda a: float(torch.exp(torch.log(a).mean()))
    ratio = rivals / errors[:, 1]
    return {
        "sequences": int(sequences.count),
        "rms_us": {"now": round(geometric(errors[:, 0]) * 1e6, 2), "before_next": round(geometric(errors[:, 1]) * 1e6, 2), "up_to_an_hour": round(geometric(errors[:, 2]) * 1e6, 2)},
        "inside_95": {name: round(float(inside[:, k].mean()), 4) for k, name in enumerate(("now", "before_next", "up_to_an_hour"))},
        "simple_over_own": {"geometric_mean": round(geometric(ratio), 3), "worst": round(float(ratio.min()), 3), "better_in": round(float((ratio > 1).double().mean()), 4)},
    }


def main():
    parser = argparse.ArgumentParser(description="Judge trained weights.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--checkpoint", help="checkpoint.pt of train.py")
    which.add_argument("--weights", help="safetensors file of export.py, or the one that comes with the engine")
    parser.add_argument("files", nargs="+", help="sequences (chronotick lab dataset)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = NeuralKalmanFilter()
    if options.weights:
        load_weights(model, options.weights)
    else:
        model.load_state_dict(torch.load(options.checkpoint)["averaged"])
    for file in options.files:
        print(file, json.dumps(judge(model, Sequences(file))))


if __name__ == "__main__":
    main()
