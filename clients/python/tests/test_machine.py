# SPDX-License-Identifier: Apache-2.0
"""Whom and which clocks a reader believes, with real users, files, processes and namespaces."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
import uuid
from pathlib import Path
from typing import Callable
from unittest import mock

from chronotick import (
    ClockDomainError,
    ExpiredError,
    IncompatibleSegmentError,
    NoSegmentError,
    NotReadyError,
    Reader,
    UntrustedSegmentError,
)
from chronotick.reader import Host, _Segment
from chronotick.reading import EXPIRED_STATE, Reading

from .support import ENVIRONMENT, Segment, SegmentTest, VirtualHost, generate

SECOND = 1_000_000_000
NOBODY, SOMEBODY = 65534, 54321
as_root = unittest.skipUnless(os.geteuid() == 0, "only root can be several users")


def as_user(uid: int, what: Callable[[], object]) -> str:
    """Does it in a process of that user; returns what it raised."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            what()
        except BaseException as e:
            os.write(write, f"{type(e).__name__}: {e}".encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read, encoding="utf-8") as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


class TrustTest(SegmentTest):
    def setUp(self) -> None:
        super().setUp()
        self.directory.chmod(0o1777)  # as /dev/shm: anybody may make a file, and nobody remove another's
        self.good = self.directory / "good"
        Segment(self.good).write(valid_until=time.time() + 1000)

    def squat(self, uid: int, path: Path, mode: int = 0o644) -> None:
        """Another user is faster than the daemon."""

        def make() -> None:
            shutil.copyfile(self.good, path)
            path.chmod(mode)

        self.assertEqual(as_user(uid, make), "")
        self.assertEqual(os.stat(path).st_uid, uid)

    @as_root
    def test_refuses_a_segment_that_another_user_made_first(self) -> None:
        self.squat(NOBODY, self.path)
        with self.assertRaisesRegex(
            UntrustedSegmentError,
            r"segment belongs to user 65534, who is neither root nor you \(user 0\): .* CHRONOTICK_TRUST_UID=65534$",
        ):
            Reader(self.path)
        self.assertIn("UntrustedSegmentError", as_user(SOMEBODY, lambda: Reader(self.path)))
        self.assertEqual(as_user(NOBODY, lambda: Reader(self.path).now()), "", "it is one's own")
        self.assertEqual(as_user(SOMEBODY, lambda: Reader(self.good).now()), "", "it is root's")

    @as_root
    def test_believes_whom_it_is_told_to(self) -> None:
        self.squat(NOBODY, self.path)
        with mock.patch.dict(os.environ, CHRONOTICK_TRUST_UID=str(NOBODY)):
            Reader(self.path).now()
            self.assertEqual(as_user(SOMEBODY, lambda: (Reader(self.path).now(), Reader(self.good).now())), "")
        with mock.patch.dict(os.environ, CHRONOTICK_TRUST_UID=""):
            self.assertRaises(UntrustedSegmentError, Reader, self.path)
        with mock.patch.dict(os.environ, CHRONOTICK_TRUST_UID="54321"):
            self.assertRaises(UntrustedSegmentError, Reader, self.path)

    def test_says_what_is_wrong_with_the_trusted_user(self) -> None:
        for text in ("nobody", "-1", "4294967295", "4294967296", "1 ", "0x1", "1_0", "١", "9" * 5000, "1\n2"):
            with self.subTest(text[:20]), mock.patch.dict(os.environ, CHRONOTICK_TRUST_UID=text):
                with self.assertRaisesRegex(UntrustedSegmentError, "^CHRONOTICK_TRUST_UID is .* and has to be the") as caught:
                    Reader(self.good)
                self.assertNotIn("\n", str(caught.exception))

    def test_refuses_a_segment_that_others_can_write_to(self) -> None:
        for mode in (0o666, 0o664, 0o646, 0o622, 0o777):
            self.good.chmod(mode)
            with self.assertRaisesRegex(UntrustedSegmentError, f"has mode {mode:04o}, .*: remove it and restart the daemon"):
                Reader(self.good)
        for mode in (0o644, 0o600, 0o444, 0o400):
            self.good.chmod(mode)
            Reader(self.good).now()

    def test_refuses_symbolic_links(self) -> None:
        self.path.symlink_to(self.good)
        with self.assertRaisesRegex(UntrustedSegmentError, "is a symbolic link, .*: name the file itself"):
            Reader(self.path)
        # Made between the look at the name and the opening.
        with mock.patch("os.lstat", lambda path: os.stat(self.good)), self.assertRaises(NoSegmentError):
            Reader(self.path)
        self.path.unlink()
        self.path.symlink_to("nowhere")
        self.assertRaises(UntrustedSegmentError, Reader, self.path)
        # The way to it may lead over links: those belong to whoever chose it.
        (self.directory / "way").symlink_to(self.directory)
        Reader(self.directory / "way" / "good").now()

    @as_root
    def test_looks_again_when_the_name_leads_to_another_file(self) -> None:
        for trap in ("foreign", "writable", "link", "link to the same"):
            with self.subTest(trap):
                segment = Segment(self.path).write(valid_until=time.time() + 1000)
                reader = Reader(self.path)
                reader.now()
                self.path.rename(self.directory / "moved")
                if trap == "link to the same":
                    self.path.symlink_to(self.directory / "moved")
                elif trap == "link":
                    self.path.symlink_to(self.good)
                elif trap == "foreign":
                    self.squat(NOBODY, self.path)
                else:
                    shutil.copyfile(self.good, self.path)
                    self.path.chmod(0o666)
                reader.now()  # of the daemon that is still believed
                segment.put(72, "I", generate.WARMUP_COMPLETE)
                segment.put(68, "I", 100)
                self.assertRaises(UntrustedSegmentError, reader.now)
                self.path.unlink()

    def test_commands_say_so(self) -> None:
        self.good.chmod(0o666)
        for command in ("read", "status", "json"):
            result = subprocess.run(
                [sys.executable, "-m", "chronotick", command, "--shm", str(self.good)],
                env=ENVIRONMENT,
                capture_output=True,
                encoding="utf-8",
                timeout=60,
            )
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertRegex(result.stderr, r"\Achronotick: [^\n]* has mode 0666, [^\n]+\n\Z")


class DomainTest(SegmentTest):
    def test_refuses_a_segment_of_another_boot(self) -> None:
        segment = Segment(self.path).write()
        boot_id = Host.boot_id()
        self.assertEqual(len(boot_id), 16 if sys.platform.startswith("linux") else 0)
        segment.put(152, "16s", boot_id)
        Reader(self.path).now()
        segment.put(152, "16s", generate.OTHER_BOOT.bytes)
        if not boot_id:
            return
        with self.assertRaisesRegex(
            ClockDomainError, f"another boot .* .boot id {generate.OTHER_BOOT}, here {uuid.UUID(bytes=boot_id)}.: start one with"
        ):
            Reader(self.path)

    @as_root
    def test_refuses_a_segment_of_another_time_namespace(self) -> None:
        segment = Segment(self.path).write(valid_until=time.time() + 1000)
        here = os.stat("/proc/self/ns/time").st_ino
        segment.put(504, "Q", here)
        self.assertEqual(self.read_shifted().returncode, 2)
        self.assertRegex(
            self.read_shifted().stderr,
            rf"\Achronotick: .* was written in time namespace {here} and this process is in \d+, .*: run a daemon here, [^\n]*\n\Z",
        )
        Reader(self.path).now()
        # The daemon lives in the other one, and it is this reader that is outside.
        segment.put(504, "Q", here + 1)
        self.assertRaises(ClockDomainError, Reader, self.path)

    @as_root
    def test_reads_in_the_time_namespace_of_the_daemon(self) -> None:
        program = (
            "import os, pathlib, sys; from tests.support import Segment; from chronotick import Reader\n"
            "path = pathlib.Path(sys.argv[1])\n"
            "Segment(path).write().put(504, 'Q', os.stat('/proc/self/ns/time').st_ino); print(Reader(path).now().estimate_ns)"
        )
        result = self.shifted("-c", program, str(self.path))
        self.assertEqual(result.stderr, "")
        self.assertGreater(int(result.stdout), SECOND)
        self.assertRaises(ClockDomainError, Reader, self.path)

    def read_shifted(self) -> subprocess.CompletedProcess:
        return self.shifted("-m", "chronotick", "read", "--shm", str(self.path))

    @staticmethod
    def shifted(*arguments: str) -> subprocess.CompletedProcess:
        """Runs Python where the monotonic clock is 3 s ahead."""
        return subprocess.run(
            ["unshare", "--time", "--monotonic", "3", "--fork", sys.executable, *arguments],
            env=ENVIRONMENT,
            cwd=Path(__file__).resolve().parents[1],
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    def test_looks_once_the_page_is_written(self) -> None:
        for call in (Reader.now, Reader.read, Reader.read_valid, Reader.status):
            segment = Segment(self.path).put(128, "Q", 0)
            reader = Reader(self.path, _host=VirtualHost(time.monotonic_ns(), boot_id=generate.BOOT.bytes))
            self.assertRaises(NotReadyError, call, reader)
            segment.write()
            if call not in (Reader.read, Reader.status):
                with self.assertRaisesRegex(NotReadyError, "has a record but no page yet"):
                    call(reader)
            segment.put(152, "16s", generate.OTHER_BOOT.bytes).put(128, "8s", b"CHRONOTK")
            self.assertRaises(ClockDomainError, call, reader)

    def test_notices_that_a_daemon_of_another_domain_has_taken_the_file_over(self) -> None:
        host = VirtualHost(time.monotonic_ns(), time_namespace=generate.NAMESPACE)
        segment = Segment(self.path).put(504, "Q", generate.NAMESPACE).write()
        reader = Reader(self.path, _host=host)
        reader.now()
        segment.put(504, "Q", generate.OTHER_NAMESPACE).write()
        self.assertRaises(ClockDomainError, reader.now)
        self.assertRaises(ClockDomainError, reader.read)
        self.path.unlink()
        Segment(self.path).write(offset_correction=3.0)
        self.assertEqual(reader.read_valid().offset_correction, 3.0, "the next one is of this domain")


class SuspendTest(SegmentTest):
    def test_refuses_a_stale_record_from_before_a_suspend(self) -> None:
        lead = Host.boottime_lead_ns()
        if lead is None:
            self.assertFalse(sys.platform.startswith("linux"))
            return
        # 100 s are no age for one record in 1000 s, but 2 s are at 100 Hz.
        segment = Segment(self.path).write(monotonic_ns=time.monotonic_ns() - 2 * SECOND)
        segment.put(3584, "qI", lead - 20 * SECOND, 1)
        with self.assertRaisesRegex(
            ExpiredError,
            r"is expired \(\d+\.\d\d\d s old\): the machine was suspended since, and its writer \(process \d+\) has not",
        ):
            Reader(self.path).now()
        self.assertRaises(ExpiredError, Reader(self.path).read_valid)
        segment.put(3584, "qI", lead, 1)
        Reader(self.path).now()
        segment.put(3584, "qI", lead - 20 * SECOND, 0)
        Reader(self.path).now()

    def test_no_suspend_is_missed_between_two_looks(self) -> None:
        host = VirtualHost(generate.MONOTONIC, boottime_lead=0)
        segment = Segment(self.path).put(3584, "qI", 0, 1)
        segment.write(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        reader = Reader(self.path, _host=host)
        host.time += SECOND
        reader.now()
        host.boottime_lead = 5 * SECOND  # and the monotonic clock stood still
        for call in (reader.now, reader.read_valid, reader.now):
            self.assertRaises(ExpiredError, call)
        # The first tick after the resume.
        segment.put(3584, "q", 5 * SECOND).write(system_timestamp=generate.ANCHOR + 1, monotonic_ns=host.time)
        reader.now()

    def test_a_record_that_comes_meanwhile_is_judged_anew(self) -> None:
        host = VirtualHost(generate.MONOTONIC + SECOND, boottime_lead=5 * SECOND)
        segment = Segment(self.path).put(3584, "qI", 0, 1)
        segment.write(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)

        def first_tick(of) -> int:
            segment.put(3584, "q", 5 * SECOND).write(system_timestamp=generate.ANCHOR, monotonic_ns=host.time)
            return 0  # of before

        with mock.patch.object(_Segment, "boottime_lead_ns", first_tick):
            Reader(self.path, _host=host).now()

    def test_a_boot_clock_of_somebody_else_tells_nothing(self) -> None:
        segment = Segment(self.path).put(3584, "qI", 5 * SECOND, 1)
        segment.write(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        for lead in (None, 4 * SECOND - 1):
            host = VirtualHost(generate.MONOTONIC + SECOND, boottime_lead=lead)
            with self.assertRaisesRegex(ExpiredError, "cannot be told, for CLOCK_BOOTTIME here is not the daemon's"):
                Reader(self.path, _host=host).now()
        Reader(self.path, _host=VirtualHost(generate.MONOTONIC + SECOND, boottime_lead=4 * SECOND)).now()

    def test_a_lost_cpu_between_two_clocks_is_no_suspend(self) -> None:
        host = VirtualHost(generate.MONOTONIC)
        segment = Segment(self.path).put(3584, "qI", 0, 1)
        segment.write(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        host.time += SECOND
        looks = iter([SECOND, SECOND // 2, 40_000_000, 30_000_000])
        host.boottime_lead_ns = lambda: next(looks)
        Reader(self.path, _host=host).now()
        self.assertEqual(list(looks), [])

    def test_the_state_is_expired(self) -> None:
        segment = Segment(self.path).put(3584, "qI", 0, 1)
        segment.write(system_timestamp=generate.ANCHOR, monotonic_ns=time.monotonic_ns() - SECOND)
        host = VirtualHost(time.monotonic_ns(), boottime_lead=5 * SECOND)
        reading = Reading(Reader(self.path, _host=host))
        self.assertEqual((reading.state, reading.is_expired, reading.exit_code), (EXPIRED_STATE, True, 4))
        self.assertIn("suspended since", reading.remark)


# Reads, and again whenever it is told to: at once, or 50 ms later by its clock.
CUT_SHORT = """
import sys
from tests.support import VirtualHost, generate
from chronotick import ChronoTickError, Reader
host = VirtualHost(generate.MONOTONIC)
reader = Reader(sys.argv[1], _host=host)
reader.now(), reader.read(), reader.status()
call = getattr(reader, sys.argv[2])
print("attached", flush=True)
for line in sys.stdin:
    host.time += 50_000_001 if line.strip() == "later" else 0
    try:
        call()
        print("ok", flush=True)
    except ChronoTickError as e:
        try:
            reader.now()
            print("now() went on", flush=True)
        except ChronoTickError:
            print(type(e).__name__, e, flush=True)
"""

IN_A_LOOP = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from chronotick import ChronoTickError, Reader
reader = Reader(sys.argv[1])
reader.now()
print("attached", flush=True)
try:
    while True:
        reader.now()
except ChronoTickError as e:
    print(type(e).__name__, flush=True)
"""


class TruncationTest(SegmentTest):
    def setUp(self) -> None:
        super().setUp()
        anchor = dict(system_timestamp=generate.ANCHOR, monotonic_ns=generate.MONOTONIC)
        self.segment = lambda: Segment(self.path).write(**anchor)

    def reader(self, program: str, *arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(self.path), *arguments],
            env=ENVIRONMENT,
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), "attached\n")
        return process

    def ask(self, process: subprocess.Popen, when: str = "later") -> str:
        process.stdin.write(when + "\n")
        process.stdin.flush()
        return process.stdout.readline()

    def test_every_call_survives_a_file_that_was_cut_short_while_it_waited(self) -> None:
        for call in ("now", "read", "read_valid", "status", "writer_alive"):
            with self.subTest(call):
                # At 1 Hz the kept line is fresh for 2.5 s: now() takes it up to then, but not after a refusal.
                self.segment().put(168, "d", 100.0 if call == "now" else 1.0)
                process = self.reader(CUT_SHORT, call)
                self.assertEqual(self.ask(process), "ok\n")
                os.truncate(self.path, 0)
                self.assertRegex(self.ask(process), r"^NoSegmentError .* was cut short \(0 of 4096 bytes\)")
                self.assertRegex(self.ask(process, "at once"), r"^NoSegmentError .* was cut short \(0 of 4096 bytes\)")
                os.truncate(self.path, 4095)
                self.assertRegex(self.ask(process), r"^NoSegmentError .* \(4095 of 4096 bytes\)")
                self.path.unlink()
                self.assertRegex(self.ask(process), r"^NoSegmentError .*the daemon has stopped; start one with")
                self.segment()  # the daemon makes a new one
                self.assertEqual(self.ask(process), "ok\n")

    def test_in_a_loop_it_never_reads_on(self) -> None:
        """A file that is cut short between two calls of a loop ends a Python process: only the owner can do that to it."""
        Segment(self.path).write(valid_until=time.time() + 1000)
        process = self.reader(IN_A_LOOP)
        os.truncate(self.path, 0)
        self.assertIn(process.wait(60), (0, -signal.SIGBUS))
        self.assertIn(process.stdout.read(), ("", "NoSegmentError\n"))


if __name__ == "__main__":
    unittest.main()
