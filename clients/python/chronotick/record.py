# SPDX-License-Identifier: Apache-2.0
"""The 128 bytes of the correction record and what follows from them.

Layout and arithmetic are those of docs/shared-memory.md. A float that holds Unix seconds has steps of 238 ns, so times are
integers of nanoseconds here, and floats only where the older Python clients have them.
"""

from __future__ import annotations

import math
import struct
from enum import IntEnum
from typing import NamedTuple

from .errors import IncompatibleSegmentError

SEGMENT_SIZE = 4096
RECORD_SIZE = 128
LAYOUT_VERSION = 2
RECORD = struct.Struct("<8dfIIIIIddIIffq")
assert RECORD.size == RECORD_SIZE

FLAG_VALID = 0x01
FLAG_NTP_READY = 0x02
FLAG_MODELS_READY = 0x04
FLAG_WARMUP_COMPLETE = 0x08
FLAG_HOLDOVER = 0x10
FLAG_CLOCK_STEPPED = 0x20
FLAG_LEAP_PENDING = 0x40
FLAG_AUTHENTICATED = 0x80

# What a clock can have. Crystals are within 1e-4 and kernels slew within 5e-4, so beyond a hundredth it is none; one NTP era
# of seconds, 8.5 years of error and 23 days of validity keep every product below exact in a float or an int64 elsewhere.
_MAX_SECONDS = 2.0**32
_MAX_DRIFT_RATE = 0.01
_MAX_ERROR_SECONDS = 2.0**28
_MAX_VALIDITY_SECONDS = 2e6

# How far in the future an anchor may lie: the writer may move it to a representable time. More is another boot's record.
MAX_AHEAD_NS = 4_000_000


class Source(IntEnum):
    """What the correction rests on."""

    NO_DATA = 0
    NTP = 1
    CPU_MODEL = 2
    GPU_MODEL = 3
    FUSION = 4


class CorrectionRecord(NamedTuple):
    """A consistent snapshot. The fields are those of the record, times are Unix seconds of the system clock unless the name
    says otherwise. It does not judge: a snapshot may be invalid or expired, see :attr:`is_valid` and :meth:`is_expired_at`.
    """

    corrected_timestamp: float
    """Best estimate of UTC at the anchor, to 238 ns; for people. Compute from the anchor instead."""
    system_timestamp: float
    """The anchor: CLOCK_REALTIME, exact."""
    offset_correction: float
    """Seconds to add to the system clock at prediction_time; positive when it is behind."""
    drift_rate: float
    """How the offset grows, s/s."""
    offset_uncertainty: float
    """One standard deviation of the offset at prediction_time, s."""
    drift_uncertainty: float
    """One standard deviation of the drift, s/s."""
    prediction_time: float
    """Origin of the correction line."""
    valid_until: float
    """After this the record is expired."""
    confidence: float
    """Share of recent forecasts that fell inside their own 95 % interval, scaled and aged: 0..1."""
    sequence_number: int
    flags: int
    source_number: int
    measurement_count: int
    writer_pid: int
    last_ntp_sync: float
    daemon_uptime: float
    total_corrections: int
    layout_version: int
    average_latency_ms: float
    max_error: float
    """Hard bound on the error at the anchor, s."""
    monotonic_ns: int
    """The anchor on the monotonic clock, comparable with time.monotonic_ns()."""

    @classmethod
    def parse(cls, data: bytes) -> CorrectionRecord:
        """Of 128 bytes."""
        return cls._make(RECORD.unpack(data))

    @property
    def source(self) -> Source:
        """What the correction rests on.

        :raises IncompatibleSegmentError: if the record holds a number that stands for none
        """
        try:
            return Source(self.source_number)
        except ValueError:
            raise IncompatibleSegmentError(
                f"the record's source is {self.source_number}, this client knows 0 to {max(Source)}:"
                " use a client and a daemon of the same release"
            ) from None

    @property
    def is_written(self) -> bool:
        """Sequence zero alone does not mean never written: after 2**31 records it comes by again."""
        return self.sequence_number != 0 or self.layout_version != 0

    @property
    def is_valid(self) -> bool:
        """The daemon held it to be good when it wrote it. A dead daemon cannot take that back: judge by age too."""
        return bool(self.flags & FLAG_VALID)

    @property
    def is_ntp_ready(self) -> bool:
        return bool(self.flags & FLAG_NTP_READY)

    @property
    def is_models_ready(self) -> bool:
        return bool(self.flags & FLAG_MODELS_READY)

    @property
    def is_warmup_complete(self) -> bool:
        return bool(self.flags & FLAG_WARMUP_COMPLETE)

    @property
    def is_holdover(self) -> bool:
        """No server answers; the forecast carries on and its uncertainty grows."""
        return bool(self.flags & FLAG_HOLDOVER)

    @property
    def is_clock_stepped(self) -> bool:
        """The system clock was stepped of late; the correction already allows for it."""
        return bool(self.flags & FLAG_CLOCK_STEPPED)

    @property
    def is_leap_pending(self) -> bool:
        return bool(self.flags & FLAG_LEAP_PENDING)

    @property
    def is_authenticated(self) -> bool:
        return bool(self.flags & FLAG_AUTHENTICATED)

    def get_correction_at(self, system_time: float) -> float:
        """Seconds to add to the system clock when it shows ``system_time``."""
        return self.offset_correction + self.drift_rate * (system_time - self.prediction_time)

    def get_corrected_time_at(self, system_time: float) -> float:
        """UTC, Unix seconds, when the system clock shows ``system_time``; to 238 ns, as floats go. Wrong for a while when the
        system clock is stepped: :meth:`Reader.now` is not."""
        return system_time + self.get_correction_at(system_time)

    def get_time_uncertainty(self, time_delta: float) -> float:
        """One standard deviation of the correction, s, ``time_delta`` seconds from prediction_time."""
        return math.hypot(self.offset_uncertainty, self.drift_uncertainty * time_delta)

    def is_plausible(self) -> bool:
        """Whether these are values that a clock can have; false for any NaN."""
        return (
            0 <= self.system_timestamp <= _MAX_SECONDS
            and abs(self.offset_correction) <= _MAX_SECONDS
            and abs(self.drift_rate) <= _MAX_DRIFT_RATE
            and abs(self.system_timestamp - self.prediction_time) <= _MAX_VALIDITY_SECONDS
            and abs(self.valid_until - self.system_timestamp) <= _MAX_VALIDITY_SECONDS
            and 0 <= self.offset_uncertainty <= _MAX_ERROR_SECONDS
            and 0 <= self.drift_uncertainty <= 1
            and 0 <= self.max_error <= _MAX_ERROR_SECONDS
        )

    def validity_ns(self) -> int:
        """From the anchor to the end of validity, ns."""
        return math.floor((self.valid_until - self.system_timestamp) * 1e9)

    def is_expired_at(self, monotonic_ns: int) -> bool:
        """Whether the record may not be used at a reading of time.monotonic_ns(): past its validity, from the future (a
        record of another boot), or with values that no clock has."""
        age = monotonic_ns - self.monotonic_ns
        return not self.is_plausible() or age < -MAX_AHEAD_NS or age > self.validity_ns()


def is_plausible_max_drift(max_drift: float) -> bool:
    """A bound that does not grow would be a lie: zero is not plausible."""
    return 0 < max_drift <= _MAX_DRIFT_RATE


class TimeInterval(NamedTuple):
    """UTC at one moment: the interval that holds it, with the best estimate inside. Nanoseconds since the Unix epoch, without
    leap seconds."""

    earliest_ns: int
    """UTC is not before this."""
    estimate_ns: int
    """The best estimate."""
    latest_ns: int
    """UTC is not after this."""
    uncertainty_ns: float
    """One standard deviation of the estimate. Twice it covers 95 %; the interval holds whatever the model believes."""

    @property
    def bound_ns(self) -> int:
        """The hard bound: half the width."""
        return self.latest_ns - self.estimate_ns

    @property
    def estimate(self) -> float:
        """Unix seconds, to 238 ns, as floats go."""
        return self.estimate_ns / 1e9
