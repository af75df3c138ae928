# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import unittest

from chronotick import format as fmt

from .support import ENVIRONMENT, Segment, SegmentTest, generate


class CommandLineTest(SegmentTest):
    def run_command(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "chronotick", *arguments],
            env={**ENVIRONMENT, "CHRONOTICK_SHM": str(self.path)},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    def segment(self, **changed) -> Segment:
        # One record in 1000 s: it does not go stale under a test on a slow machine.
        return Segment(self.path).write(**changed).put(168, "d", 0.001)

    def test_read(self) -> None:
        self.segment(offset_correction=0.0231)
        result = self.run_command("read")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("Corrected Time:  ", result.stdout)
        self.assertIn("Offset:          +23.100 ms\n", result.stdout)
        self.assertIn("Source:          CPU_MODEL\n", result.stdout)

    def test_json_loses_no_nanosecond(self) -> None:
        self.segment()
        for arguments in (("json",), ("json", "--pretty"), ("read", "--json")):
            fields = json.loads(self.run_command(*arguments).stdout)
            self.assertEqual(int(fields["corrected_time_ns"]) / 1e9, fields["corrected_time"])
            self.assertLess(int(fields["earliest_ns"]), int(fields["latest_ns"]))
            self.assertEqual(fields["source"], "CPU_MODEL")

    def test_status_tells_the_states_apart(self) -> None:
        self.segment()
        result = self.run_command("status")
        self.assertEqual((result.returncode, result.stdout.splitlines()[0]), (0, "State:           READY"))
        self.segment(flags=generate.READY | generate.HOLDOVER)
        result = self.run_command("status")
        self.assertEqual((result.returncode, result.stdout.splitlines()[0]), (1, "State:           HOLDOVER"))
        self.segment(flags=0)
        result = self.run_command("status")
        self.assertEqual((result.returncode, result.stdout.splitlines()[0]), (1, "State:           WARMING UP 0 %"))
        self.path.unlink()
        result = self.run_command("status")
        self.assertEqual((result.returncode, result.stdout), (3, "State:           NOT RUNNING\n"))

    def test_exit_codes_and_one_line_errors(self) -> None:
        for expected, prepare, arguments in (
            (3, lambda: None, ("read",)),
            (3, lambda: None, ("benchmark",)),
            (1, lambda: self.segment(flags=0), ("read",)),
            (4, lambda: self.segment(flags=generate.WARMUP_COMPLETE), ("json",)),
            (3, lambda: self.segment(writer_pid=generate.DEAD, monotonic_ns=1), ("read",)),
            (2, lambda: self.path.write_bytes(b"x"), ("read",)),
            (2, lambda: None, ("reed",)),
            (2, lambda: None, ("read", "--jsn")),
            (2, lambda: None, ("read", "--shm", "")),
            (2, lambda: self.segment() and None, ("benchmark", "--iterations", "1")),
            (2, lambda: None, ("monitor", "--interval", "0")),
            (2, lambda: None, ("monitor", "--interval", "nan")),
            (2, lambda: None, ("monitor", "--interval", "soon")),
            (2, lambda: None, ("monitor", "--count", "-1")),
        ):
            with self.subTest(arguments=arguments, expected=expected):
                prepare()
                result = self.run_command(*arguments)
                self.assertEqual(result.returncode, expected, result.stderr)
                self.assertRegex(result.stderr, r"\Achronotick: [^\n]+\n\Z")

    def test_monitor_in_a_pipe(self) -> None:
        self.segment(offset_correction=0.0231)
        result = self.run_command("monitor", "--interval", "0.001", "--count", "3")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        missing, title, *lines = result.stdout.splitlines()
        self.assertEqual(missing, "# Not shown for want of room: drift, confidence, source; --wide shows all.")
        self.assertEqual(title.split(), ["#", "time", "offset", "±1σ", "bound", "state"])
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertRegex(line, r"^\d+\.\d{9} s   \+23\.100 ms  +±.*  READY$")
            self.assertLessEqual(len(line), 80)
        result = self.run_command("monitor", "--count", "1", "--wide")
        title, line = result.stdout.splitlines()
        self.assertRegex(title, r"^# time +offset +±1σ +bound +drift +confidence +source +state$")
        self.assertRegex(line, r"^\d+\.\d{9} s   \+23\.100 ms  +±.*  CPU_MODEL  READY$")
        self.path.unlink()
        result = self.run_command("monitor", "--interval", "0.001", "--count", "2")
        self.assertEqual((result.returncode, result.stderr), (3, ""))
        self.assertEqual(len(result.stdout.splitlines()), 4)
        self.assertRegex(result.stdout, r"\n# no segment at .*\n# no segment at ")

    def test_monitor_goes_on_when_the_daemon_is_restarted(self) -> None:
        segment = self.segment(writer_pid=os.getppid())
        with self.start("monitor", "--interval", "0.001", stdout=subprocess.PIPE) as process:
            lines = iter(process.stdout.readline, "")
            next(line for line in lines if line.endswith("READY\n"))
            self.path.unlink()
            segment.put(72, "I", 0).put(68, "I", 100)  # what a daemon leaves that ended well: void
            next(line for line in lines if line.startswith("# no segment"))
            self.segment()
            next(line for line in lines if line == f"# another daemon has taken over (process {os.getpid()})\n")
            next(line for line in lines if line.endswith("READY\n"))
            process.stdout.close()  # as `| head` does
            self.assertEqual((process.wait(60), process.stderr.read()), (0, ""))

    def test_monitor_gives_the_terminal_back(self) -> None:
        self.segment()
        for end, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            terminal, other = pty.openpty()
            with self.start("monitor", "--interval", "0.001", stdout=other) as process:
                os.close(other)
                shown = b""
                while shown.count(b"State:          READY") < 2:
                    shown += os.read(terminal, 65536)
                process.send_signal(end)
                with contextlib.suppress(OSError):  # EIO is the end of a terminal
                    while True:
                        shown += os.read(terminal, 65536)
                self.assertEqual((process.wait(60), process.stderr.read()), (code, ""))
            os.close(terminal)
            self.assertTrue(shown.startswith(b"\033[?1049h"))
            self.assertTrue(shown.endswith(b"\033[?1049l"))
            self.assertIn(b"Ctrl-C ends.", shown)

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "chronotick", *arguments],
            env={**ENVIRONMENT, "CHRONOTICK_SHM": str(self.path)},
            encoding="utf-8",
            stderr=subprocess.PIPE,
            # As at a terminal: what is started in the background of a script inherits that SIGINT is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **options,
        )

    def test_benchmark(self) -> None:
        self.segment()
        result = self.run_command("benchmark", "--iterations", "2000")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for text in ("now(), the time", "read(), the whole record: 2 000 calls", "p99:", "Rating:"):
            self.assertIn(text, result.stdout)

    def test_help_teaches(self) -> None:
        self.assertIn("examples:", self.run_command("--help").stdout)
        self.assertIn("exit code: 0", self.run_command("read", "--help").stdout)


class FormatTest(unittest.TestCase):
    def test_numbers_for_people(self) -> None:
        self.assertEqual(fmt.duration(999.4e-9), "999 ns")
        self.assertEqual(fmt.duration(-0.0231), "-23.100 ms")
        self.assertEqual(fmt.offset(0.0), "+0 ns")
        self.assertEqual(fmt.duration(float("inf")), "-")
        self.assertEqual(fmt.iso(1_741_880_000_500_000_001), "2025-03-13T15:33:20.500000001Z")
        self.assertEqual(fmt.unix_seconds(-500_000_000), "-0.500000000")
        self.assertEqual(fmt.age(3_600), "1 h 0 min 0 s")
        self.assertEqual(fmt.age(90_061), "1 d 1 h 1 min 1 s")
        self.assertEqual(fmt.grouped(1_234_567), "1 234 567")


if __name__ == "__main__":
    unittest.main()
