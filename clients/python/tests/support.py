# SPDX-License-Identifier: Apache-2.0
"""Segments for tests: the writer's half of the contract, in a real file."""

from __future__ import annotations

import mmap
import os
import struct
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Optional

CLIENTS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CLIENTS / "test-vectors"))

import generate  # noqa: E402

from chronotick.reader import Host  # noqa: E402

os.environ.pop("CHRONOTICK_TRUST_UID", None)  # whoever runs the tests may have set it
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CLIENTS / "python"), "PYTHONIOENCODING": "utf-8"}


class Segment:
    """A segment file that a test writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(generate.SEGMENT_SIZE))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), generate.SEGMENT_SIZE)
        self.map[128 : 128 + len(generate.page())] = generate.page()
        self.sequence = 0

    def write(self, **changed: Any) -> Segment:
        """Publishes a record anchored now, valid for 100 s, by this process, and what is to be different."""
        self.sequence += 2
        anchor = int(time.time()) + 0.5
        values = generate.record(
            **{
                "system_timestamp": anchor,
                "valid_until": changed.get("system_timestamp", anchor) + 100,
                "writer_pid": os.getpid(),
                "monotonic_ns": time.monotonic_ns(),
                "sequence_number": self.sequence,
                **changed,
            }
        )
        self.map[:128] = generate.RECORD.pack(*(values[field] for field in generate.FIELDS))
        return self

    def put(self, offset: int, form: str, *values: Any) -> Segment:
        struct.pack_into("<" + form, self.map, offset, *values)
        return self


class SegmentTest(unittest.TestCase):
    """With a directory of its own."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="chronotick-test-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.path = self.directory / "segment"


class VirtualHost(Host):
    """Time that passes only when a test or a sleep says so, on a machine of which nothing is known but what a test says."""

    def __init__(
        self, now: int, alive: bool = True, boot_id: bytes = b"", time_namespace: int = 0, boottime_lead: Optional[int] = None
    ) -> None:
        self.time = now
        self.alive = alive
        self.boottime_lead = boottime_lead
        self.sleeps = 0
        self.monotonic_ns = lambda: self.time
        self.sleep = self._sleep
        self.is_alive = lambda pid: self.alive
        self.boot_id = lambda: boot_id
        self.time_namespace = lambda: time_namespace
        self.boottime_lead_ns = lambda: self.boottime_lead

    def _sleep(self, seconds: float) -> None:
        self.time += int(seconds * 1e9)
        self.sleeps += 1
