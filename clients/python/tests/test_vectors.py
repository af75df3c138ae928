# SPDX-License-Identifier: Apache-2.0
"""The vectors that the Java and the C reader are tested with too."""

from __future__ import annotations

import json
import math
import struct
import unittest
import uuid

from chronotick import (
    ChronoTickError,
    ClockDomainError,
    ContentionError,
    DeadWriterError,
    ExpiredError,
    IncompatibleSegmentError,
    NotReadyError,
    Reader,
)

from .support import CLIENTS, SegmentTest, VirtualHost, generate

STATES = {
    ExpiredError: "expired",
    DeadWriterError: "dead_writer",
    NotReadyError: "not_ready",
    IncompatibleSegmentError: "incompatible",
    ClockDomainError: "clock_domain",
    ContentionError: "contention",
}


def state_of(call):
    """What happened, and the result if it went well."""
    try:
        return "ok", call()
    except ChronoTickError as e:
        assert "\n" not in str(e)
        return STATES[type(e)], None


class VectorsTest(SegmentTest):
    def test_file_is_what_the_script_writes(self) -> None:
        self.assertEqual((CLIENTS / "test-vectors/vectors.jsonl").read_text(encoding="utf-8"), generate.text())

    def test_every_vector(self) -> None:
        for line in generate.text().splitlines():
            vector = json.loads(line)
            with self.subTest(vector["name"]):
                self.check(vector)

    @staticmethod
    def host_of(vector) -> VirtualHost:
        """What the vector says of the reader's machine; what it does not say is as the page has it."""
        segment = bytes.fromhex(vector["hex"]).ljust(generate.SEGMENT_SIZE, b"\0")
        (pid,), boot_id = struct.unpack_from("<I", segment, 84), segment[152:168]
        (namespace,), (lead,) = struct.unpack_from("<Q", segment, 504), struct.unpack_from("<q", segment, 3584)
        if "host_boot_id" in vector:
            boot_id = uuid.UUID(vector["host_boot_id"]).bytes if vector["host_boot_id"] else b""
        return VirtualHost(
            vector["at_monotonic_ns"],
            pid == generate.ALIVE,
            boot_id,
            vector.get("host_time_namespace", namespace),
            vector.get("host_boottime_lead_ns", lead),
        )

    def check(self, vector) -> None:
        self.path.write_bytes(bytes.fromhex(vector["hex"]).ljust(vector["size"], b"\0"))
        host = self.host_of(vector)

        state, record = state_of(lambda: Reader(self.path, _host=host).read())
        self.assertEqual(vector["read"], state)
        host.time = vector["at_monotonic_ns"]
        state, now = state_of(lambda: Reader(self.path, _host=host).now())
        self.assertEqual(vector["now"], state)
        if record is not None:
            for field in generate.FIELDS:
                found = getattr(record, "source_number" if field == "source" else field)
                expected = float(vector[field]) if isinstance(vector[field], str) else vector[field]
                self.assertTrue(found == expected or (math.isnan(found) and math.isnan(expected)), field)
        if now is not None:
            self.assertLessEqual(abs(now.estimate_ns - vector["estimate_ns"]), 1)
            self.assertTrue(vector["earliest_ns"] - 3 <= now.earliest_ns <= vector["earliest_ns"])
            self.assertTrue(vector["latest_ns"] <= now.latest_ns <= vector["latest_ns"] + 3)
            self.assertAlmostEqual(now.uncertainty_ns, vector["uncertainty_ns"], delta=1e-9 * vector["uncertainty_ns"])
            # The second reading comes from the line that the first left.
            reader = Reader(self.path, _host=host)
            self.assertEqual(reader.now(), reader.now())
            system = vector["system_time"]
            self.assertAlmostEqual(
                record.get_correction_at(system),
                vector["correction_at_system_time"],
                delta=1e-12 * abs(vector["correction_at_system_time"]),
            )
            self.assertAlmostEqual(record.get_corrected_time_at(system), vector["corrected_time_at_system_time"], delta=5e-7)
            self.assertAlmostEqual(
                record.get_time_uncertainty(vector["horizon"]),
                vector["uncertainty_at_horizon"],
                delta=1e-12 * vector["uncertainty_at_horizon"],
            )


if __name__ == "__main__":
    unittest.main()
