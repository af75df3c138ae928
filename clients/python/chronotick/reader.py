# SPDX-License-Identifier: Apache-2.0
"""Reads the time that a ChronoTick daemon on this machine publishes in shared memory."""

from __future__ import annotations

import math
import mmap
import os
import platform
import re
import stat
import struct
import sys
import tempfile
import threading
import time
import uuid
from typing import Callable, Optional, Tuple, Union

from .errors import (
    ChronoTickError,
    ClockDomainError,
    ContentionError,
    DeadWriterError,
    ExpiredError,
    IncompatibleSegmentError,
    NoSegmentError,
    NotReadyError,
    UntrustedSegmentError,
)
from .page import StatusPage
from .record import (
    FLAG_VALID,
    LAYOUT_VERSION,
    MAX_AHEAD_NS,
    RECORD_SIZE,
    SEGMENT_SIZE,
    CorrectionRecord,
    TimeInterval,
    is_plausible_max_drift,
)

DEFAULT_NAME = "chronotick_shm"
SHM_VARIABLE = "CHRONOTICK_SHM"
TRUST_VARIABLE = "CHRONOTICK_TRUST_UID"

_SEQUENCE_WORD = 68 // 4
_WRITER_PID_WORD = 84 // 4
_PAGE_SEQUENCE_WORD = 140 // 4
# Magic, boot id and time namespace.
_DOMAIN = struct.Struct("<8s16x16s336xQ")
_DOMAIN_AT = 128
_BOOTTIME_LEAD_AT = 3584
_MAGIC = b"CHRONOTK"
_PAGE_VERSION = 1

# Two periods without a record are ordinary scheduling, the third should have come; at high rates, an ordinary pause.
_STALE_PERIODS = 2.5
_MIN_STALE_NS = 50_000_000
# Between two looks at the file system while a record is stale but still valid.
_LOOKUP_INTERVAL_NS = 100_000_000
# CLOCK_BOOTTIME ahead of CLOCK_MONOTONIC by so much more than the daemon saw: the machine was suspended since. Java can read it
# to 10 ms only, and all readers are to agree.
_SUSPEND_NS = 30_000_000
# That clock never falls back: further behind than a look at it can take, it is another one.
_LARGEST_LAG_NS = 1_000_000_000
# So often this is looked at before it is believed: a reader that loses its CPU between two clocks sees them apart, too.
_SUSPEND_LOOKS = 5
# A write takes about a microsecond: this many looks outlast it. After that the writer has lost its CPU.
_SPINS = 50
_CONTENTION_PATIENCE_NS = 20_000_000
_CONTENTION_SLEEP_S = 50e-6
# The longest sleep between two looks at the record, so that a changed correction moves the deadline of a wait.
_MAX_SLEEP_NS = 100_000_000
# Linux wakes a sleeper 50 us late by default; before a deadline the wait spins.
_SPIN_BEFORE_DEADLINE_NS = 200_000

_new_tuple = tuple.__new__


def _fence_for(machine: str) -> Optional[Callable[[], None]]:
    """What keeps the loads before it before those after it; None where the machine does so by itself.

    x86 does: loads are not reordered with loads. Elsewhere, two turns of a lock: what comes before a release stays before it,
    what comes after an acquire stays after it, and no acquire overtakes the release before it. One turn is not enough: both
    sides may move into it. Neither the compiler nor the interpreter reorders across these calls.
    """
    if machine.lower() in ("x86_64", "amd64", "i386", "i686"):
        return None
    lock = threading.Lock()

    def fence() -> None:
        with lock:
            pass
        with lock:
            pass

    return fence


_fence = _fence_for(platform.machine())


def default_segment() -> str:
    """Where the daemon publishes unless told otherwise: $CHRONOTICK_SHM, a name or a path, else chronotick_shm."""
    configured = os.environ.get(SHM_VARIABLE, "")
    return resolve(configured if configured.strip() else DEFAULT_NAME)


def resolve(name_or_path: str) -> str:
    """The file that a segment's name or path stands for. Anything with a separator is a path; a bare name is a file in
    /dev/shm, or in the temporary directory on macOS, which has no such place.

    :raises ValueError: if it is blank
    """
    if not name_or_path.strip():
        raise ValueError("the name of the segment is empty")
    if "/" in name_or_path or os.sep in name_or_path:
        return name_or_path
    return os.path.join("/dev/shm" if sys.platform.startswith("linux") else tempfile.gettempdir(), name_or_path)


class Host:
    """What a reader asks of its machine beside the segment. Tests put virtual time in its place."""

    # CLOCK_MONOTONIC on Linux and CLOCK_UPTIME_RAW on macOS: on both what the daemon writes as monotonic_ns.
    monotonic_ns: Callable[[], int] = staticmethod(time.monotonic_ns)
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    @staticmethod
    def is_alive(pid: int) -> bool:
        """Whether the process exists and has not become a zombie."""
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (ProcessLookupError, OverflowError):
            return False
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # proc(5): pid (comm) state ...; comm may itself hold parentheses.
                return file.read().rpartition(b")")[2].strip()[:1] not in (b"Z", b"X", b"x")
        except OSError:
            return True  # no /proc on this system, or gone between the two looks: the next look will tell

    @staticmethod
    def boot_id() -> bytes:
        """The kernel's boot id, a UUID; empty where there is none."""
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
                return uuid.UUID(file.read().strip()).bytes
        except (OSError, ValueError):
            return b""

    @staticmethod
    def time_namespace() -> int:
        """Inode of this process' time namespace; 0 where there is none."""
        try:
            return os.stat("/proc/self/ns/time").st_ino
        except OSError:
            return 0

    @staticmethod
    def boottime_lead_ns() -> Optional[int]:
        """CLOCK_BOOTTIME - CLOCK_MONOTONIC, which grows by what the machine is suspended; never too small. None where there is
        no such clock."""
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        if clock is None:
            return None
        monotonic = time.monotonic_ns()  # first: what passes between the two looks makes the difference larger
        return time.clock_gettime_ns(clock) - monotonic


class _Segment:
    """One mapped segment file. Its mapping ends when nothing refers to it any more, so no thread reads unmapped memory.

    A file that is cut short under its mapping ends the process that reads it by SIGBUS; hence :meth:`is_whole`.
    """

    __slots__ = ("boot_id", "checked", "domain", "identity", "map", "stale_ns", "time_namespace", "words")

    def __init__(self, path: str, host: Host) -> None:
        try:
            _require_segment_file(path, os.lstat(path))  # before it is opened: opening a device may do something
            # Not multiprocessing.shared_memory: before Python 3.13 its resource tracker unlinks the segment at exit.
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
            descriptor = os.open(path, flags)
            try:
                opened = os.fstat(descriptor)
                _require_segment_file(path, opened)  # this is the file that counts, whatever the name leads to by now
                self.identity = (opened.st_dev, opened.st_ino)
                self.map = mmap.mmap(descriptor, SEGMENT_SIZE, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
        except FileNotFoundError as e:
            raise NoSegmentError(f"no segment at {path}: the daemon is not running; {_start(path)}") from e
        except PermissionError as e:
            raise NoSegmentError(
                f"permission denied on {path}: make it readable (chmod 644) or run as the daemon's user"
            ) from e
        except OSError as e:
            raise NoSegmentError(f"cannot map {path}: {e}") from e
        # Items of this view are loaded whole, as the sequence has to be.
        self.words = memoryview(self.map).cast("I")
        self._require_known_layout(path)
        self.boot_id, self.time_namespace = host.boot_id(), host.time_namespace()
        # What was last found to be the reader's; None while the page has not been written.
        self.domain: Optional[Tuple[bytes, bytes, int]] = None
        # The record's sequence at which the clock domain was last looked at.
        self.checked = -1
        self.require_domain(path)
        self.refresh()

    def is_whole(self) -> bool:
        """Whether the file still has its size: reading a mapping beyond the end of its file ends the process."""
        return self.map.size() >= SEGMENT_SIZE

    def require_domain(self, path: str) -> None:
        """Its monotonic clock has to be the one that is read here. Written once by each daemon, before its first record; zeros
        are not known."""
        found = _DOMAIN.unpack_from(self.map, _DOMAIN_AT)
        if found == self.domain:
            return
        magic, boot_id, namespace = found
        if magic == bytes(8):
            return  # not written yet: when it has been, a record follows, and this is asked again
        if self.boot_id and any(boot_id) and boot_id != self.boot_id:
            raise ClockDomainError(
                f"{path} was written by another boot of this machine, or on another one"
                f" (boot id {uuid.UUID(bytes=boot_id)}, here {uuid.UUID(bytes=self.boot_id)}): {_start(path)}"
            )
        if self.time_namespace and namespace and namespace != self.time_namespace:
            raise ClockDomainError(
                f"{path} was written in time namespace {namespace} and this process is in {self.time_namespace}, where the clocks"
                " show something else: run a daemon here, on a segment of its own (chronotick daemon --shm NAME)"
            )
        self.domain = found

    def boottime_lead_ns(self) -> Optional[int]:
        """CLOCK_BOOTTIME - CLOCK_MONOTONIC as the daemon found it when it wrote the record; None if it could not. Kept under
        the record's sequence: only good while that is the same."""
        lead, known = struct.unpack_from("<qI", self.map, _BOOTTIME_LEAD_AT)
        return lead if known else None

    def refresh(self) -> None:
        """Takes the staleness from the update frequency that the page has now."""
        frequency = struct.unpack_from("<d", self.map, 168)[0]
        nanos = _STALE_PERIODS * 1e9 / frequency if frequency > 0 else 0
        self.stale_ns = int(nanos) if _MIN_STALE_NS <= nanos <= 1e12 else _MIN_STALE_NS

    def _require_known_layout(self, path: str) -> None:
        magic, version = struct.unpack_from("<8sI", self.map, 128)
        if magic == bytes(8):
            return  # its daemon is about to write it
        if magic != _MAGIC:
            raise IncompatibleSegmentError(
                f"{path} is not a ChronoTick segment (wrong magic); check the name, or use another with --shm"
            )
        if version != _PAGE_VERSION:
            raise IncompatibleSegmentError(
                f"{path} has page version {version}, this client reads {_PAGE_VERSION}:"
                " use a client and a daemon of the same release"
            )

    def try_copy(self, sequence_word: int, size: int) -> Optional[bytes]:
        """The reader's half of the seqlock, one attempt. An odd sequence is a write under way; equal and even before and after
        means that none began or ended in between. The copy itself is a memcpy that may well be torn: it is looked at only
        afterwards."""
        before = self.words[sequence_word]
        if before & 1:
            return None
        if _fence:
            _fence()
        data = self.map[:size]
        if _fence:
            _fence()
        return data if self.words[sequence_word] == before else None

    def max_drift(self) -> float:
        """Of the page, but fixed before the first record is published."""
        return struct.unpack_from("<d", self.map, 176)[0]


# What a record comes to, kept from one reading to the next: the segment's words, the sequence, the anchor on the monotonic
# clock, how long the line may be used without another look (ns); then the line: UTC at the anchor in whole seconds (ns), what
# is missing of it (ns), drift, bound (ns) and its growth, sd (ns), its growth, and the anchor's distance from its origin (ns).
_Line = Tuple[memoryview, int, int, int, int, float, float, float, float, float, float, float]


class Reader:
    """Reads the time. Attach once and keep the reader: any number of threads may use it.

    **Cost.** :meth:`now` and :meth:`read` take about a microsecond, no lock and no system call. Only when the record has not
    advanced for two and a half of the daemon's periods (at least 50 ms) do they look at the file system, at most ten times a
    second, and at CLOCK_BOOTTIME.

    **Progress.** A reader that meets a write under way waits for its end, at most about 20 ms, then raises ContentionError, or
    DeadWriterError if nobody is there to end it. It never returns a torn record.

    **Restarts.** When a daemon has stopped and another has made a new segment under the same name, the reader moves to it.

    **Clocks.** The record is anchored on the monotonic clock, so a step of the system clock does not move the time read here.
    That clock has to be the daemon's: a segment of another boot or time namespace is refused. It stands still while the machine
    is suspended: a record from before that is refused once it is stale, and the daemon's first tick replaces it.

    **Trust.** The file has to be root's, of this process' user or of $CHRONOTICK_TRUST_UID, not writable by group or others, and
    no symbolic link.

    **A file cut short.** A reader that comes back after 50 ms or more looks at the file's size before it reads; one that reads
    in a loop meets SIGBUS. Only the file's owner can do that to it, and a daemon never does.
    """

    def __init__(self, segment: Optional[Union[str, "os.PathLike[str]"]] = None, *, _host: Optional[Host] = None) -> None:
        """Attaches to a segment, which need not have been written yet.

        :param segment: a name or a path, as for :func:`resolve`; without it :func:`default_segment`
        :raises NoSegmentError: if there is no such file, or it may not be read
        :raises UntrustedSegmentError: if somebody can have written to it whom this process need not believe
        :raises IncompatibleSegmentError: if the file is not a segment of a version known here
        :raises ClockDomainError: if it is of another boot or time namespace
        """
        self.path = default_segment() if segment is None else resolve(os.fspath(segment))
        self._host = _host or Host()
        self._clock = self._host.monotonic_ns
        self._segment: Optional[_Segment] = _Segment(self.path, self._host)
        self._line: Optional[_Line] = None
        self._last_lookup = self._last_size = self._clock()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the segment, and of nothing else: the segment stays for others. Later calls raise ValueError."""
        self._segment = None
        self._line = None

    def now(self) -> TimeInterval:
        """UTC now: the interval that holds it and the best estimate. Immune to steps of the system clock.

        :raises NotReadyError: if no record has been written or the daemon does not know the time yet
        :raises ExpiredError: if the record is past its use
        :raises DeadWriterError: if it is, and its writer is gone
        :raises NoSegmentError: if it is, and the segment is gone
        :raises IncompatibleSegmentError: if the record holds what no daemon of this version writes
        :raises ClockDomainError: if the record is of another boot or time namespace
        :raises ContentionError: if no consistent record could be had in about 20 ms
        """
        line = self._line
        if line is not None:
            words, sequence, anchor, fresh, whole, fraction, drift, bound, growth, sd, sd_growth, since = line
            elapsed = self._clock() - anchor
            # An equal sequence means that the segment still holds the record that the line came from. Looked at only while that
            # is fresh: after a longer time the file's size has to be looked at first.
            if 0 <= elapsed <= fresh and words[_SEQUENCE_WORD] == sequence:
                estimate = whole + elapsed + round(fraction + drift * elapsed)
                # Rounded up; the extra nanosecond is for the rounding of the estimate.
                half = math.ceil(bound + growth * elapsed) + 1
                return _new_tuple(
                    TimeInterval,
                    (estimate - half, estimate, estimate + half, math.hypot(sd, sd_growth * (since + elapsed))),
                )
        return self._now()

    def read(self) -> CorrectionRecord:
        """A consistent snapshot of the record, whatever it says: validity and age are for the caller to judge.

        :raises NotReadyError: if no record has ever been written
        :raises IncompatibleSegmentError: if the record is of another layout
        :raises ContentionError: if no consistent record could be had in about 20 ms
        :raises DeadWriterError: if that is because its writer died in the middle of a write
        """
        mono = self._clock()
        if mono - self._last_size > _MIN_STALE_NS:
            self._require_whole(mono)
        while True:
            segment, record = self._load()
            age = mono - record.monotonic_ns
            if age < -MAX_AHEAD_NS or age > segment.stale_ns:
                try:
                    if self._follow(segment, mono, self._is_usable(record, mono)):
                        continue
                except ChronoTickError:
                    if not record.is_written:
                        raise
                    # The segment is gone, but this is still what it said last.
            self._require_written(record)
            return record

    def read_valid(self) -> CorrectionRecord:
        """A record that may be used now.

        :raises ChronoTickError: as :meth:`now`
        """
        return self._usable()[1]

    def after(self, epoch_ns: int) -> bool:
        """Whether a time has certainly passed: not even the earliest time that it can be now is before or at it."""
        return self.now().earliest_ns > epoch_ns

    def before(self, epoch_ns: int) -> bool:
        """Whether a time has certainly not come yet: not even the latest time that it can be now is at or after it."""
        return self.now().latest_ns < epoch_ns

    def wait_until(self, epoch_ns: int) -> TimeInterval:
        """Waits until a time has certainly passed on every machine whose interval is honest (commit-wait): sleeps, then spins
        for the last 0.2 ms. Follows the correction as it changes. Returns the reading that ended the wait.

        :raises ChronoTickError: as :meth:`now`, also when the record expires during the wait
        """
        while True:
            now = self.now()
            remaining = epoch_ns - now.earliest_ns
            if remaining < 0:
                return now
            if remaining > _SPIN_BEFORE_DEADLINE_NS:
                self._host.sleep(min(remaining - _SPIN_BEFORE_DEADLINE_NS, _MAX_SLEEP_NS) * 1e-9)

    def status(self) -> StatusPage:
        """The status page: for people and tools, some tens of microseconds.

        :raises NotReadyError: if the page has not been written yet
        :raises IncompatibleSegmentError: if it holds what no daemon of this version writes
        :raises ClockDomainError: if it is of another boot or time namespace
        :raises ContentionError: if no consistent page could be had in about 20 ms
        """
        mono = self._clock()
        self._require_whole(mono)
        self._follow(self._open(), mono, True)
        segment, data = self._copy(_PAGE_SEQUENCE_WORD, SEGMENT_SIZE)
        segment.require_domain(self.path)
        return StatusPage.parse(self.path, data)

    def writer_alive(self) -> bool:
        """Whether the process that wrote the record lives; false if it is not known. Only sensible where reader and writer see
        the same process ids, not from another container. Nothing but the wording of exceptions depends on it."""
        self._require_whole(self._clock())
        return self._writer_alive(self._open())

    def _now(self) -> TimeInterval:
        segment, record, max_drift, elapsed = self._usable()
        # Whole seconds are exact as integers; what is left is small enough to be exact to a thousandth of a nanosecond.
        system, offset, drift = record.system_timestamp, record.offset_correction, record.drift_rate
        since = system - record.prediction_time
        whole = (int(system) + int(offset)) * 1_000_000_000
        fraction = ((system - int(system)) + (offset - int(offset)) + drift * since) * 1e9
        bound, sd = record.max_error * 1e9, record.offset_uncertainty * 1e9
        self._line = (
            segment.words,
            record.sequence_number,
            record.monotonic_ns,
            min(record.validity_ns(), segment.stale_ns),
            whole,
            fraction,
            drift,
            bound,
            max_drift,
            sd,
            record.drift_uncertainty,
            since * 1e9,
        )
        estimate = whole + elapsed + round(fraction + drift * elapsed)
        half = math.ceil(bound + max_drift * abs(elapsed)) + 1
        deviation = math.hypot(sd, record.drift_uncertainty * (since * 1e9 + elapsed))
        return TimeInterval(estimate - half, estimate, estimate + half, deviation)

    def _usable(self) -> Tuple[_Segment, CorrectionRecord, float, int]:
        """A record that may be used now, its segment, the growth of its bound, and the time since its anchor, ns."""
        mono = self._clock()
        if mono - self._last_size > _MIN_STALE_NS:
            self._require_whole(mono)
        while True:
            segment, record = self._load()
            max_drift = segment.max_drift()
            if mono < record.monotonic_ns:  # published meanwhile: it is not from the future
                mono = self._clock()
            elapsed = mono - record.monotonic_ns
            usable = (
                segment.domain is not None and self._is_usable(record, mono) and is_plausible_max_drift(max_drift)
            )
            if not usable or elapsed > segment.stale_ns:
                suspend = self._suspend(segment, record) if usable else ""
                if suspend is None:
                    continue  # another record has come
                usable = usable and not suspend
                if self._follow(segment, mono, usable):
                    continue
                if not usable:
                    self._refuse(segment, record, max_drift, mono, suspend)
            return segment, record, max_drift, elapsed

    def _suspend(self, segment: _Segment, record: CorrectionRecord) -> Optional[str]:
        """What is wrong with a stale record because of a suspend, if anything; None if the segment has another record by now.
        Never put off: a suspend leaves no other trace, and takes no time on the monotonic clock."""
        written = segment.boottime_lead_ns()
        if _fence:
            _fence()
        if segment.words[_SEQUENCE_WORD] != record.sequence_number:
            return None
        if written is None:
            return ""
        for _ in range(_SUSPEND_LOOKS):
            lead = self._host.boottime_lead_ns()
            if lead is None or lead - written < -_LARGEST_LAG_NS:
                return "whether the machine was suspended since cannot be told, for CLOCK_BOOTTIME here is not the daemon's"
            if lead - written <= _SUSPEND_NS:
                return ""
        return (
            f"the machine was suspended since, and its writer (process {record.writer_pid}) has not written another;"
            " see: chronotick status"
        )

    def _require_whole(self, mono: int) -> None:
        """Looks at the size of the file before memory is read that may be gone, see :meth:`_Segment.is_whole`; the fast ways do
        so if that was longer ago than _MIN_STALE_NS. Moves to the segment's successor, or raises what the file is now."""
        segment = self._open()
        if not segment.is_whole():
            self._line = None
            self._follow(segment, mono, False)
        self._last_size = mono

    def _open(self) -> _Segment:
        segment = self._segment
        if segment is None:
            raise ValueError(f"the reader of {self.path} is closed")
        return segment

    def _load(self) -> Tuple[_Segment, CorrectionRecord]:
        """A consistent record of this reader's clock domain."""
        while True:
            segment, data = self._copy(_SEQUENCE_WORD, RECORD_SIZE)
            record = CorrectionRecord.parse(data)
            if record.sequence_number != segment.checked:
                try:
                    # After the record: another daemon may have taken the file over, and wrote this first.
                    segment.require_domain(self.path)
                except ClockDomainError:
                    if self._follow(segment, self._clock(), False):
                        continue
                    raise
                if segment.domain is not None:
                    segment.checked = record.sequence_number
            return segment, record

    def _copy(self, sequence_word: int, size: int) -> Tuple[_Segment, bytes]:
        """A consistent copy of the segment's first bytes, and the segment, which may have changed by the wait for it."""
        segment = self._open()
        attempt, deadline = 0, 0
        while True:
            data = segment.try_copy(sequence_word, size)
            if data is not None:
                return segment, data
            deadline = self._pause(segment, attempt, deadline)
            attempt += 1
            segment = self._open()

    def _pause(self, segment: _Segment, attempt: int, deadline: int) -> int:
        """One step of waiting for a write to end: first spinning, then leaving the CPU to the writer, until patience ends."""
        if attempt < _SPINS:
            return deadline
        mono = self._clock()
        if attempt == _SPINS:
            return mono + _CONTENTION_PATIENCE_NS
        if mono < deadline:
            self._host.sleep(_CONTENTION_SLEEP_S)
            return deadline
        if self._follow(segment, mono, False):
            return mono + _CONTENTION_PATIENCE_NS
        pid = segment.words[_WRITER_PID_WORD]
        if not self._writer_alive(segment):
            raise DeadWriterError(
                f"{self.path} was left in the middle of a write and its writer (process {pid}) is gone; {_start(self.path)}"
            )
        raise ContentionError(
            f"no consistent record in {self.path} for {_CONTENTION_PATIENCE_NS // 1_000_000} ms: its writer (process {pid})"
            " stopped in the middle of a write; continue or restart it"
        )

    def _follow(self, segment: _Segment, mono: int, usable: bool) -> bool:
        """Looks whether the name leads to another segment by now, and moves to it if that is no loss.

        :param usable: whether the record at hand is: then failures can wait, and looks are rationed
        :return: whether this reader now has another segment than the given one
        """
        if usable and mono - self._last_lookup < _LOOKUP_INTERVAL_NS:
            return False
        self._last_lookup = mono
        try:
            found = os.lstat(self.path)
            if segment.identity == (found.st_dev, found.st_ino):
                if found.st_size < SEGMENT_SIZE:
                    raise NoSegmentError(
                        f"{self.path} was cut short ({found.st_size} of {SEGMENT_SIZE} bytes): a running daemon makes a new one"
                        f" within seconds; otherwise {_start(self.path)}"
                    )
                segment.refresh()
                return False
            successor = _Segment(self.path, self._host)
            if usable:
                first = successor.try_copy(_SEQUENCE_WORD, RECORD_SIZE)
                if first is None or not self._is_usable(CorrectionRecord.parse(first), mono):
                    return False
            self._line = None
            if self._segment is not None:  # closed meanwhile
                self._segment = successor
            return True
        except FileNotFoundError as e:
            if usable:
                return False
            raise NoSegmentError(f"no segment at {self.path}: the daemon has stopped; {_start(self.path)}") from e
        except OSError as e:
            if usable:
                return False
            raise NoSegmentError(f"cannot look at {self.path}: {e}") from e
        except ChronoTickError:
            if usable:
                return False
            raise

    @staticmethod
    def _is_usable(record: CorrectionRecord, mono: int) -> bool:
        return (
            bool(record.flags & FLAG_VALID)
            and record.layout_version == LAYOUT_VERSION
            and not record.is_expired_at(mono)
        )

    def _refuse(
        self, segment: _Segment, record: CorrectionRecord, max_drift: float, mono: int, suspend: str
    ) -> None:
        """Raises what is wrong with the record."""
        self._require_written(record)
        if segment.domain is None:
            raise NotReadyError(
                f"{self.path} has a record but no page yet: its daemon is starting, or died doing so; see: chronotick status"
            )
        writer = f"its writer (process {record.writer_pid})"
        age = f"{(mono - record.monotonic_ns) * 1e-9:.3f} s old"
        if record.is_valid and not (record.is_plausible() and is_plausible_max_drift(max_drift)):
            values = ", ".join(f"{name} {value}" for name, value in zip(record._fields, record))
            raise IncompatibleSegmentError(
                f"{self.path} holds values that no clock has ({values}, max_drift {max_drift}): something else writes to it;"
                f" check the name, or {_start(self.path)}"
            )
        if not self._writer_alive(segment):
            raise DeadWriterError(f"the record in {self.path} is {age} and {writer} is gone; {_start(self.path)}")
        if not record.is_valid and not record.is_warmup_complete:
            raise NotReadyError(
                f"{self.path} has no valid time yet: {writer} is measuring; see its progress with: chronotick status"
            )
        why = suspend or f"{writer} is stopped or has lost its servers; see: chronotick status"
        raise ExpiredError(f"the record in {self.path} is expired ({age}): {why}")

    def _require_written(self, record: CorrectionRecord) -> None:
        if not record.is_written:
            raise NotReadyError(
                f"{self.path} has never been written: its daemon is starting, or died doing so; see: chronotick status"
            )
        if record.layout_version != LAYOUT_VERSION:
            raise IncompatibleSegmentError(
                f"{self.path} has record layout {record.layout_version}, this client reads {LAYOUT_VERSION}:"
                " use a client and a daemon of the same release"
            )

    def _writer_alive(self, segment: _Segment) -> bool:
        """The pid is read outside the seqlock: it changes only when another daemon takes over."""
        pid = segment.words[_WRITER_PID_WORD]
        return pid != 0 and self._host.is_alive(pid)


def _require_segment_file(path: str, found: os.stat_result) -> None:
    """What a segment's file has to be before anything in it is believed: its directory may be one where anybody can make a file
    of that name."""
    if stat.S_ISLNK(found.st_mode):
        raise UntrustedSegmentError(
            f"{path} is a symbolic link, and whoever can change it decides about the time: name the file itself"
        )
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for its writer
        raise IncompatibleSegmentError(f"{path} is not a file: give the segment's name or path")
    me = os.geteuid()
    if found.st_uid not in (0, me, _trusted_uid()):
        raise UntrustedSegmentError(
            f"{path} belongs to user {found.st_uid}, who is neither root nor you (user {me}): remove it, or trust that user with"
            f" {TRUST_VARIABLE}={found.st_uid}"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UntrustedSegmentError(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, so others than its owner (user {found.st_uid}) may write to it:"
            " remove it and restart the daemon"
        )
    if found.st_size != SEGMENT_SIZE:
        raise IncompatibleSegmentError(
            f"{path} has {found.st_size} bytes where a segment has {SEGMENT_SIZE}: not a ChronoTick segment of this version;"
            " check the name, or use another with --shm"
        )


def _trusted_uid() -> int:
    """Whom to believe beside root and oneself, by $CHRONOTICK_TRUST_UID; 0, who is believed anyway, if it is not set."""
    text = os.environ.get(TRUST_VARIABLE, "")
    if not text:
        return 0
    # Plain digits: int() takes more, and the last number stands for no user in chown(2).
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) >= 2**32 - 1:
        raise UntrustedSegmentError(f"{TRUST_VARIABLE} is {text[:40]!r} and has to be the number of a user, such as 1000")
    return int(text)


def _start(path: str) -> str:
    """How to start a daemon that writes to this path."""
    return "start one with: chronotick daemon" + ("" if path == default_segment() else f" --shm {path}")
