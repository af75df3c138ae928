# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

from chronotick import (
    ContentionError,
    DeadWriterError,
    IncompatibleSegmentError,
    NoSegmentError,
    NotReadyError,
    Reader,
    Source,
    default_segment,
    resolve,
)
from chronotick.reader import _fence_for

from .support import ENVIRONMENT, Segment, SegmentTest, VirtualHost, generate

SECOND = 1_000_000_000


def write_flat_out(path: str, ready, stop) -> None:
    """A writer whose fields all hold the same number, so that a mixture of two records shows."""
    segment = Segment.__new__(Segment)
    with open(path, "r+b") as file:
        import mmap

        segment.map = mmap.mmap(file.fileno(), generate.SEGMENT_SIZE)
    words = memoryview(segment.map).cast("I")
    number = 0
    ready.set()
    while not stop.is_set():
        for _ in range(1000):
            number += 1
            words[17] = (2 * number - 1) & 0xFFFFFFFF
            segment.put(0, "d", float(number))
            segment.put(16, "d", float(number))
            segment.put(120, "q", number)
            words[17] = (2 * number) & 0xFFFFFFFF


class ReaderTest(SegmentTest):
    def test_reads_what_was_written(self) -> None:
        Segment(self.path).write(offset_correction=0.25, source=4, confidence=0.5)
        with Reader(self.path) as reader:
            record, now = reader.read(), reader.now()
        self.assertIs(record.source, Source.FUSION)
        self.assertEqual(record.confidence, 0.5)
        self.assertTrue(now.earliest_ns < now.estimate_ns < now.latest_ns)
        self.assertTrue(record.is_valid and record.is_ntp_ready and record.is_models_ready and record.is_warmup_complete)

    def test_reads_where_a_server_is_asked_and_what_is_wrong(self) -> None:
        segment = Segment(self.path).write().put(416, "I", 3)
        segment.put(512 + 172, "16sHBB", bytes.fromhex("20010db8000000000000000000000005"), 60_123, 10, 255)
        segment.put(704 + 172, "16sHBB", bytes.fromhex("00000000000000000000ffffc0000201"), 123, 200, 0)
        segment.put(896 + 190, "B", 17).put(4082, "B", 1)
        with Reader(self.path) as reader:
            rows = reader.status().sources
        self.assertEqual(
            [(row.address, row.port, row.trouble, row.unanswered, row.interleaved) for row in rows],
            [
                ("2001:db8::5", 60_123, "rate limited", 255, False),
                ("192.0.2.1", 123, "", 0, False),
                ("", 0, "smearing", 0, True),
            ],
        )

    def test_a_step_of_the_system_clock_does_not_move_now(self) -> None:
        host = VirtualHost(generate.MONOTONIC)
        Segment(self.path).write(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        reader = Reader(self.path, _host=host)
        before = reader.now().estimate_ns
        host.time += SECOND // 100
        with mock.patch("time.time_ns", return_value=0), mock.patch("time.time", return_value=0.0):
            self.assertEqual(reader.now().estimate_ns, before + SECOND // 100)

    def test_follows_a_daemon_that_was_restarted(self) -> None:
        old = Segment(self.path).write(offset_correction=1.0)
        reader = Reader(self.path)
        self.assertAlmostEqual(reader.read().offset_correction, 1.0)
        os.unlink(self.path)
        old.put(72, "I", 0)  # what a daemon leaves that ended well: void
        old.put(68, "I", 100)
        with self.assertRaisesRegex(NoSegmentError, "has stopped; start one with: chronotick daemon --shm"):
            reader.now()
        Segment(self.path).write(offset_correction=2.0)
        self.assertAlmostEqual(reader.read_valid().offset_correction, 2.0, msg="the record of the new segment")
        self.assertGreater(reader.now().estimate_ns, 0)

    def test_stays_with_a_good_record_while_the_successor_has_none(self) -> None:
        host = VirtualHost(generate.MONOTONIC)
        anchor = dict(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        Segment(self.path).write(**anchor, offset_correction=1.0)
        reader = Reader(self.path, _host=host)
        os.unlink(self.path)
        Segment(self.path)
        host.time += SECOND  # stale, but valid for 100 s
        self.assertEqual(reader.read().offset_correction, 1.0)
        os.unlink(self.path)
        Segment(self.path).write(**anchor, offset_correction=2.0)
        host.time += SECOND
        self.assertEqual(reader.read().offset_correction, 2.0)

    def test_never_unlinks_the_segment(self) -> None:
        Segment(self.path).write()
        program = "from chronotick import Reader; r = Reader(); r.now(); r.close(); Reader().now()"
        subprocess.run(
            [sys.executable, "-c", program], env={**ENVIRONMENT, "CHRONOTICK_SHM": str(self.path)}, check=True, timeout=60
        )
        self.assertTrue(self.path.exists())

    def test_never_returns_a_torn_record(self) -> None:
        Segment(self.path)
        context = multiprocessing.get_context("spawn")
        ready, stop = context.Event(), context.Event()
        writer = context.Process(target=write_flat_out, args=(str(self.path), ready, stop))
        writer.start()
        try:
            self.assertTrue(ready.wait(60))
            reader = Reader(self.path)
            segment = reader._segment
            read = torn = unchecked = 0
            deadline = time.monotonic() + 60
            # Until the check has been seen to matter: enough copies that were torn, and enough that were taken.
            while (read < 20_000 or unchecked < 100) and time.monotonic() < deadline:
                unchecked += self.is_torn(segment.map[:128])
                data = segment.try_copy(17, 128)
                if data is not None:
                    read += 1
                    torn += self.is_torn(data)
        finally:
            stop.set()
            writer.join()
        self.assertEqual(torn, 0)
        self.assertGreater(read, 1000)
        self.assertGreater(unchecked, 0, "the control: without the sequence there are torn records")

    @staticmethod
    def is_torn(data: bytes) -> bool:
        values = generate.RECORD.unpack(data)
        return not values[0] == values[2] == values[20]

    def test_waits_for_a_write_to_end_and_then_says_so(self) -> None:
        host = VirtualHost(generate.MONOTONIC)
        Segment(self.path).write(sequence_number=3)
        start = host.time
        with self.assertRaisesRegex(ContentionError, "no consistent record in .* for 20 ms: its writer .* continue or restart"):
            Reader(self.path, _host=host).now()
        self.assertLess(host.time - start, 2 * 20_000_000)
        self.assertLess(host.sleeps, 1000)
        host.alive = False
        with self.assertRaisesRegex(DeadWriterError, "left in the middle of a write .* is gone; start one"):
            Reader(self.path, _host=host).read()

    def test_many_threads_share_one_reader(self) -> None:
        segment = Segment(self.path).write()
        reader = Reader(self.path)
        failures = []

        def read() -> None:
            last = 0
            for _ in range(2000):
                now = reader.now()
                if now.earliest_ns >= now.latest_ns or now.estimate_ns < last:
                    failures.append(now)
                last = now.estimate_ns

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            segment.sequence += 2
            segment.put(68, "I", segment.sequence)  # the same record again
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_wait_until_returns_when_the_time_has_certainly_passed(self) -> None:
        host = VirtualHost(generate.MONOTONIC)
        Segment(self.path).write(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        reader = Reader(self.path, _host=host)
        ticking = host.monotonic_ns

        def tick() -> int:
            host.time += 1000
            return ticking()

        reader._clock = tick
        target = reader.now().estimate_ns + SECOND
        self.assertTrue(reader.before(target))
        reached = reader.wait_until(target)
        self.assertGreater(reached.earliest_ns, target)
        self.assertTrue(reader.after(target))
        self.assertLess(reached.earliest_ns - target, 1_000_000)

    def test_says_what_is_wrong_with_a_file(self) -> None:
        with self.assertRaisesRegex(NoSegmentError, "no segment at .*: the daemon is not running; start one with"):
            Reader(self.path)
        self.path.write_bytes(b"hello")
        with self.assertRaisesRegex(IncompatibleSegmentError, "has 5 bytes where a segment has 4096"):
            Reader(self.path)
        with self.assertRaisesRegex(IncompatibleSegmentError, "is not a file"):
            Reader(self.directory)
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)
        with self.assertRaisesRegex(IncompatibleSegmentError, "is not a file"):
            Reader(fifo)
        os.unlink(self.path)
        Segment(self.path)
        with self.assertRaisesRegex(NotReadyError, "has never been written"):
            Reader(self.path).now()

    def test_refuses_after_close(self) -> None:
        Segment(self.path).write()
        reader = Reader(self.path)
        reader.now()
        reader.close()
        for call in (reader.now, reader.read, reader.status):
            with self.assertRaisesRegex(ValueError, "closed"):
                call()
        self.assertTrue(self.path.exists())

    def test_names_and_paths(self) -> None:
        self.assertEqual(resolve("./x"), "./x")
        self.assertTrue(resolve("x").endswith("/x"))
        with self.assertRaises(ValueError):
            resolve(" ")
        with mock.patch.dict(os.environ, CHRONOTICK_SHM="/somewhere/else"):
            self.assertEqual(default_segment(), "/somewhere/else")
        with mock.patch.dict(os.environ, CHRONOTICK_SHM=""):
            self.assertTrue(default_segment().endswith("/chronotick_shm"))

    def test_reads_the_whole_page(self) -> None:
        segment = Segment(self.path).put(184, "f", 0.5).put(256, "64s", b"a first answer").put(320, "64s", b"0,1")
        segment.put(384, "32s", b"1.2.3").put(424, "80s", "short: heard, 4 µs".encode()).put(504, "Q", 4026531834)
        segment.put(416, "I", 1)
        segment.put(512, "64sBBBB", b"ntp.example", 2, 0xFF, 2, 1).put(512 + 80, "d", 0.25)
        page = Reader(self.path).status()
        self.assertEqual((page.warmup_progress, page.waiting_for, page.cpu_affinity), (0.5, "a first answer", "0,1"))
        self.assertEqual((page.daemon_version, page.learned_models), ("1.2.3", "short: heard, 4 µs"))
        self.assertEqual(page.time_namespace, 4026531834)
        self.assertFalse(page.is_uncertainty_divided)
        segment.put(3600, "dd", 3e-6, 4e-6)
        parts = Reader(self.path).status()
        self.assertTrue(parts.is_uncertainty_divided)
        self.assertEqual((parts.statistical_uncertainty, parts.systematic_uncertainty), (3e-6, 4e-6))
        (row,) = page.sources
        self.assertEqual((row.name, row.stratum, row.state), ("ntp.example", 2, "selected"))
        self.assertEqual((row.kernel_stamps, row.offset), (True, 0.25))

    def test_an_unknown_source_is_not_made_up(self) -> None:
        Segment(self.path).write(source=9)
        with self.assertRaisesRegex(IncompatibleSegmentError, "source is 9, this client knows 0 to 4"):
            print(Reader(self.path).read().source)

    def test_orders_its_loads_where_the_machine_does_not(self) -> None:
        self.assertIsNone(_fence_for("x86_64"))
        fence = _fence_for("aarch64")
        self.assertIsNone(fence())
        Segment(self.path).write()
        with mock.patch("chronotick.reader._fence", fence):
            self.assertTrue(Reader(self.path).read().is_valid)


if __name__ == "__main__":
    unittest.main()
