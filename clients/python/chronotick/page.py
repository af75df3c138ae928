# SPDX-License-Identifier: Apache-2.0
"""The status page: bytes 128 to 4095 of the segment, for people and tools."""

from __future__ import annotations

import ipaddress
import math
import struct
import uuid
from dataclasses import dataclass
from typing import Optional, Tuple

from .errors import IncompatibleSegmentError, NotReadyError

_MAGIC = b"CHRONOTK"
_VERSION = 1
_MAX_SOURCES = 16
_HEAD = struct.Struct("<8sIId16sddfIQffddddd q64s64s32sI4x80sQ")
_HEAD_AT = 128
_SOURCES_AT = 512
_PARTS = struct.Struct("<dd")
_PARTS_AT = 3600
_SOURCE_SIZE = 192
_INTERLEAVED_AT = 4080
_SOURCE = struct.Struct("<64sBBBBBBBBffdddddII10If16sHBB")

STATES = ("unreachable", "candidate", "selected", "falseticker", "unauthenticated", "denied", "smearing")
NTS_STATES = ("", "exchanging", "authenticated", "unproven", "failed")
TROUBLES = ("", "name not found", "no further server", "same as another", "network unreachable", "no route", "not sent",
            "connection refused", "no answer", "denied", "rate limited", "kiss", "unsynchronized", "stratum",
            "root distance", "no time", "contradictory stamps", "smearing", "clock unreadable")  # fmt: skip


@dataclass(frozen=True)
class SourceRow:
    """One server. Times in seconds."""

    name: str
    stratum: int
    reach: int
    state: str
    kernel_stamps: bool
    leap: int
    poll: float
    age: float
    """Since the newest accepted exchange when the page was written; NaN if there was none."""
    offset: float
    """Server minus published time."""
    sd: float
    delay: float
    jitter: float
    root_distance: float
    sent: int
    accepted: int
    drops: Tuple[int, ...]
    """Malformed, wrong mode, bogus origin, duplicate, late, unsynchronized, stratum, kiss, nonsense, unauthenticated."""
    nts: str
    """How its authentication is doing (RFC 8915): exchanging, authenticated, unproven or failed; empty where it is not to be."""
    nts_cookies: int
    nts_failure: int
    """Why the newest key exchange brought nothing, a number of docs/shared-memory.md; 0 if it did not fail."""
    nts_age: float
    """Since the newest key exchange that succeeded, when the page was written; NaN if there was none."""
    address: str
    """Where it is asked, IPv4 or IPv6; empty while that is not known."""
    port: int
    trouble: str
    """What is wrong with its answers, or why there are none, one of TROUBLES; empty where nothing is known."""
    interleaved: bool
    """Whether its newest good reply was interleaved (RFC 9769)."""
    unanswered: int
    """Requests not answered since the newest answer, or since it is asked at this address; 255 stands for more, too."""


@dataclass(frozen=True)
class StatusPage:
    """How the daemon is doing. Times in seconds unless the name says otherwise."""

    start_time: float
    boot_id: Optional[uuid.UUID]
    update_frequency: float
    max_drift: float
    warmup_progress: float
    leap_state: int
    tick_overruns: int
    weight_short_term: float
    weight_long_term: float
    latency_p50_ns: float
    latency_p99_ns: float
    resident_bytes: int
    cpu_seconds: float
    clock_steps: int
    page_monotonic_ns: int
    waiting_for: str
    cpu_affinity: str
    daemon_version: str
    learned_models: str
    """How the daemon's learned models are doing, in words; empty when none is configured."""
    time_namespace: int
    """Inode of the daemon's; 0 if it is not known."""
    statistical_uncertainty: float
    """The part of the record's offset_uncertainty that measurements scatter by; 0 where the daemon does not say."""
    systematic_uncertainty: float
    """Its part that no measurement shows: what an asymmetry of the paths may hide."""
    sources: Tuple[SourceRow, ...]

    @property
    def is_uncertainty_divided(self) -> bool:
        """Whether the two parts of the uncertainty are known."""
        return 0 < self.statistical_uncertainty < math.inf and 0 <= self.systematic_uncertainty < math.inf

    @classmethod
    def parse(cls, path: str, segment: bytes) -> StatusPage:
        """Of a whole segment's bytes.

        :raises NotReadyError: if the page has not been written yet
        :raises IncompatibleSegmentError: if it holds what no daemon of this version writes
        """
        (magic, version, _, start, boot, frequency, max_drift, progress, leap, overruns, short, long, p50, p99, resident, cpu,
         steps, mono, waiting, affinity, release, count, learned, namespace) = _HEAD.unpack_from(segment, _HEAD_AT)  # fmt: skip
        if magic == bytes(8):
            raise NotReadyError(f"{path} has no status yet: its daemon is starting, or died doing so")
        if magic != _MAGIC or version != _VERSION or count > _MAX_SOURCES:
            raise _nonsense(path, "magic, version or source count")
        return cls(
            start,
            uuid.UUID(bytes=boot) if any(boot) else None,
            frequency,
            max_drift,
            progress,
            leap,
            overruns,
            short,
            long,
            p50,
            p99,
            _whole(path, resident),
            cpu,
            _whole(path, steps),
            mono,
            _text(waiting),
            _text(affinity),
            _text(release),
            _text(learned),
            namespace,
            *_PARTS.unpack_from(segment, _PARTS_AT),
            tuple(_row(path, segment, i) for i in range(count)),
        )


def _row(path: str, segment: bytes, index: int) -> SourceRow:
    at = _SOURCES_AT + index * _SOURCE_SIZE
    name, stratum, reach, state, stamp, leap, nts, cookies, failure, *rest = _SOURCE.unpack_from(segment, at)
    nts_age, address, port, trouble, unanswered = rest[19:]
    if state >= len(STATES):
        raise _nonsense(path, "state of a source")
    if nts >= len(NTS_STATES):
        raise _nonsense(path, "authentication of a source")
    return SourceRow(
        _text(name),
        stratum,
        reach,
        STATES[state],
        stamp != 0,
        leap,
        *rest[:9],
        tuple(rest[9:19]),
        NTS_STATES[nts],
        cookies,
        failure,
        nts_age,
        _address(address),
        port,
        TROUBLES[trouble] if trouble < len(TROUBLES) else "",  # a newer daemon may know of more
        segment[_INTERLEAVED_AT + index] != 0,
        unanswered,
    )


def _address(packed: bytes) -> str:
    if not any(packed):
        return ""
    address = ipaddress.IPv6Address(packed)
    return str(address.ipv4_mapped or address)


def _whole(path: str, value: float) -> int:
    """Of a count that the page holds as a double."""
    if not math.isfinite(value):
        raise _nonsense(path, "count")
    return int(value)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _nonsense(path: str, what: str) -> IncompatibleSegmentError:
    return IncompatibleSegmentError(
        f"{path} has a status page with an unknown {what}: use a client and a daemon of the same release"
    )
