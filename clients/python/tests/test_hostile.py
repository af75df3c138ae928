# SPDX-License-Identifier: Apache-2.0
"""Segments full of what no daemon writes: a reader has a sentence for each, and nothing else happens."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import math
import random
import struct
import unittest

from chronotick import ChronoTickError, Reader
from chronotick.agent import AgentTools, BadInput
from chronotick.cli import main

from .support import Segment, SegmentTest, generate

DOUBLES = [0.0, -0.0, 1.0, -1.0, 0.01, 1e-300, 5e-324, 2.0**31, 2.0**32, 2.0**53, 2.0**63, -(2.0**63), 2.0**64, 1e18, 1e300,
           -1e300, math.inf, -math.inf, math.nan, generate.ANCHOR, generate.ANCHOR + 9.25, 1e9]  # fmt: skip
FLOATS = [0.0, -1.0, 1.0, 2.0**28, 3e38, math.inf, -math.inf, math.nan]
WORDS = [0, 1, 2, 4, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
LONGS = [0, 1, -1, 2**63 - 1, -(2**63), generate.MONOTONIC]
KINDS = {"d": DOUBLES, "f": FLOATS, "I": WORDS, "q": LONGS, "Q": [0, 1, 2**63, 2**64 - 1]}
RECORD_FIELDS = [(0, "d"), (8, "d"), (16, "d"), (24, "d"), (32, "d"), (40, "d"), (48, "d"), (56, "d"), (64, "f"), (72, "I"),
                 (76, "I"), (80, "I"), (84, "I"), (88, "d"), (96, "d"), (104, "I"), (108, "I"), (112, "f"), (116, "f"),
                 (120, "q")]  # fmt: skip
PAGE_FIELDS = [(144, "d"), (168, "d"), (176, "d"), (184, "f"), (188, "I"), (192, "Q"), (200, "f"), (204, "f"), (208, "d"),
               (216, "d"), (224, "d"), (232, "d"), (240, "d"), (248, "q"), (416, "I"), (3584, "q"), (3592, "I")]  # fmt: skip


class HostileTest(SegmentTest):
    def spoil(self, chance: random.Random) -> None:
        """A good record and page of now, with some fields replaced."""
        self.segment.write().put(128, f"{len(generate.page())}s", generate.page())
        self.segment.put(416, "I", 1).put(512, "192s", b"")
        fields = RECORD_FIELDS + PAGE_FIELDS + [(512 + at, kind) for at, kind in [(72, "f"), (80, "d"), (96, "d"), (112, "d")]]
        for at, kind in chance.sample(fields, chance.choice([1, 1, 2, 3, 20])):
            self.segment.put(at, kind, chance.choice(KINDS[kind]))
        for at in (256, 320, 384, 424, 512):  # texts
            if chance.random() < 0.1:
                self.segment.put(at, "32s", chance.randbytes(32))

    def test_only_errors_of_ours(self) -> None:
        self.segment = Segment(self.path)
        chance = random.Random(10)
        good = 0
        for turn in range(1500):
            self.spoil(chance)
            for call in (Reader.read, Reader.now, Reader.read_valid, Reader.status, lambda reader: reader.read().source):
                with self.subTest(turn=turn, segment=bytes(self.segment.map[:704]).hex()), contextlib.suppress(ChronoTickError):
                    reader = Reader(self.path)
                    call(reader)
                    if call is Reader.now:
                        now = reader.now()
                        self.assertTrue(now.earliest_ns < now.estimate_ns < now.latest_ns and now.uncertainty_ns >= 0)
                        good += 1
        self.assertGreater(good, 100, "some fields do not matter")

    def test_commands_and_tools_end_in_a_sentence(self) -> None:
        self.segment = Segment(self.path)
        chance = random.Random(11)
        tools = AgentTools(lambda: Reader(self.path))
        for turn in range(400):
            self.spoil(chance)
            with self.subTest(turn=turn, segment=bytes(self.segment.map[:704]).hex()):
                for command in ("read", "status", "json"):
                    out = io.StringIO()
                    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                        self.assertIn(main([command, "--shm", str(self.path)]), (0, 1, 2, 3, 4))
                    if command == "json" and out.getvalue().startswith("{"):
                        json.loads(out.getvalue().splitlines()[0])
                for call in (
                    tools.get_time({}),
                    tools.get_daemon_status({}),
                    tools.get_time_with_future_uncertainty({"future_seconds": 60}),
                ):
                    with contextlib.suppress(ChronoTickError, BadInput):
                        json.dumps(asyncio.run(call), allow_nan=False)


if __name__ == "__main__":
    unittest.main()
