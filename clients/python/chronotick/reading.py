# SPDX-License-Identifier: Apache-2.0
"""One look at a segment: its record, the time that follows from it, and if none does, why."""

from __future__ import annotations

import time
from typing import Optional

from . import format as fmt
from .errors import (
    ChronoTickError,
    ClockDomainError,
    DeadWriterError,
    ExpiredError,
    IncompatibleSegmentError,
    NoSegmentError,
    UntrustedSegmentError,
)
from .reader import Reader
from .record import TimeInterval

# Exit codes of the command line.
OK = 0
NOT_MET = 1
USAGE = 2
NO_DAEMON = 3
EXPIRED = 4

READY = "READY"
WARMING_UP = "WARMING UP"
HOLDOVER = "HOLDOVER"
EXPIRED_STATE = "EXPIRED"
NOT_RUNNING = "NOT RUNNING"

# One tick may be late and the next be coalesced; with the third something is wrong.
_STALE_TICKS = 3
# Younger than this a record is fresh whatever the writer's rate, s.
_SURELY_FRESH_SECONDS = 0.05


def exit_code(error: ChronoTickError) -> int:
    if isinstance(error, (NoSegmentError, DeadWriterError)):
        return NO_DAEMON
    if isinstance(error, ExpiredError):
        return EXPIRED
    if isinstance(error, (IncompatibleSegmentError, UntrustedSegmentError, ClockDomainError)):
        return USAGE
    return NOT_MET


class Reading:
    """Looks when made.

    :raises ChronoTickError: if there is not even a record
    """

    def __init__(self, reader: Reader) -> None:
        self.record = reader.read()
        self.now: Optional[TimeInterval] = None
        """UTC when the look was taken, if it can be told."""
        self.refusal: Optional[ChronoTickError] = None
        """Why it cannot."""
        self.system_ns = 0
        """CLOCK_REALTIME when the look was taken, ns since the epoch."""
        # Twice, the first time computes the line: the two clocks have to be looked at within microseconds of each other.
        for _ in range(2):
            self.system_ns = time.time_ns()
            try:
                self.now, self.refusal = reader.now(), None
            except ChronoTickError as e:
                self.now, self.refusal = None, e
        monotonic_ns = time.monotonic_ns()
        self.age = (monotonic_ns - self.record.monotonic_ns) * 1e-9
        self.is_stale = (
            self.age > _SURELY_FRESH_SECONDS and self.age > _STALE_TICKS / (reader.status().update_frequency or 1)
        )
        self.is_writer_alive = not (self.is_stale or self.refusal) or reader.writer_alive()
        # The refusal knows of a suspend, which the record's own age does not show.
        self.is_expired = isinstance(self.refusal, ExpiredError) or (
            self.record.is_expired_at(monotonic_ns) if self.record.is_valid else self.record.is_warmup_complete
        )

    @property
    def offset(self) -> float:
        """Correction of the system clock now, s."""
        return self.record.get_correction_at(self.system_ns * 1e-9)

    @property
    def uncertainty(self) -> float:
        """One standard deviation of the time now, s."""
        if self.now:
            return self.now.uncertainty_ns * 1e-9
        return self.record.get_time_uncertainty(self.system_ns * 1e-9 - self.record.prediction_time)

    @property
    def state(self) -> str:
        if not self.is_writer_alive:
            return NOT_RUNNING
        if self.is_expired:
            return EXPIRED_STATE
        if not self.record.is_valid or not self.record.is_warmup_complete:
            return WARMING_UP
        return HOLDOVER if self.record.is_holdover else READY

    @property
    def exit_code(self) -> int:
        """What `read` and `json` return."""
        if not self.is_writer_alive:
            return NO_DAEMON
        if self.refusal is None:
            return OK
        return EXPIRED if self.is_expired else exit_code(self.refusal)

    @property
    def remark(self) -> Optional[str]:
        """What a person has to know beside the record, in one line."""
        if self.refusal:
            return str(self.refusal)
        pid = self.record.writer_pid
        if not self.is_writer_alive:
            left = self.record.valid_until - self.system_ns * 1e-9
            return (
                f"the daemon (process {pid}) is gone; its last record is {fmt.duration(self.age)} old and expires in"
                f" {fmt.duration(left)}; start it with: chronotick daemon"
            )
        if self.is_stale:
            return (
                f"the record is {fmt.duration(self.age)} old: the daemon (process {pid}) is stopped or starved of CPU;"
                " see: chronotick status"
            )
        return None
