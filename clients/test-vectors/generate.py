#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes vectors.jsonl: segments as bytes, and what a reader has to make of them. See README.md for the fields.

The expected numbers are computed here with exact fractions from the values that the bytes hold, not by any of the readers.
"""

from __future__ import annotations

import json
import math
import struct
import sys
import uuid
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

SEGMENT_SIZE = 4096
RECORD = struct.Struct("<8dfIIIIIddIIffq")

# Of the page what a reader of the record needs: magic, version, sequence, start_time, boot_id, update_frequency and max_drift;
# time_namespace at 504; boottime_lead_ns and boottime_known at 3584, which the writer keeps under the record's sequence.
PAGE = struct.Struct("<8sIId16sdd320xQ3072xqI")
FIELDS = (
    "corrected_timestamp system_timestamp offset_correction drift_rate offset_uncertainty drift_uncertainty"
    " prediction_time valid_until confidence sequence_number flags source measurement_count writer_pid last_ntp_sync"
    " daemon_uptime total_corrections layout_version average_latency_ms max_error monotonic_ns"
).split()

VALID, NTP_READY, MODELS_READY, WARMUP_COMPLETE, HOLDOVER, CLOCK_STEPPED = 1, 2, 4, 8, 16, 32
READY = VALID | NTP_READY | MODELS_READY | WARMUP_COMPLETE
INFINITY = float("inf")

# Process 1 always lives; no process of Linux (at most 2^22) or macOS has the other number.
ALIVE, DEAD = 1, 1 << 30

# A double of Unix seconds that is also a whole number of nanoseconds, some days after a boot.
ANCHOR = 1_741_880_000.5
MONOTONIC = 123_456_789_012_345
MAX_DRIFT = 2.0**-14  # 61 ppm, exact
SECOND = 1_000_000_000

# The clock domain of a daemon: its boot, its time namespace (the kernel's first one), and the 2 h that it was suspended.
BOOT = uuid.UUID("6fa459ea-ee8a-4ca4-894e-db77e160355e")
OTHER_BOOT = uuid.UUID("16fd2706-8baf-433b-82eb-8c7fada847da")
NAMESPACE = 4_026_531_834
OTHER_NAMESPACE = 4_026_532_290
LEAD = 7_200 * SECOND
SUSPEND_SLACK = 30_000_000
LARGEST_LAG = SECOND
STALE = SECOND // 20  # at 100 Hz

Number = Union[int, float, str]


def record(**changed: Any) -> Dict[str, Any]:
    """A good record without correction, valid for 10 s, and its changes."""
    values: Dict[str, Any] = dict.fromkeys(FIELDS, 0)
    system = changed.get("system_timestamp", ANCHOR)
    values.update(
        corrected_timestamp=system + changed.get("offset_correction", 0.0),
        system_timestamp=system,
        prediction_time=system,
        valid_until=system + 10,
        confidence=1.0,
        sequence_number=2,
        flags=READY,
        source=2,
        measurement_count=40,
        writer_pid=ALIVE,
        last_ntp_sync=system - 2,
        daemon_uptime=60.0,
        total_corrections=6000,
        layout_version=2,
        average_latency_ms=0.125,
        max_error=2.0**-10,
        monotonic_ns=MONOTONIC,
    )
    values.update(changed)
    return values


def page(
    magic: bytes = b"CHRONOTK",
    version: int = 1,
    frequency: float = 100.0,
    max_drift: float = MAX_DRIFT,
    boot: Optional[uuid.UUID] = None,
    namespace: int = 0,
    lead: Optional[int] = None,
) -> bytes:
    """Bytes 128 to 3595: what a reader of the record needs of the page. Nothing is known of the clock domain unless given."""
    boot_id = boot.bytes if boot else b""
    return PAGE.pack(
        magic, version, 2, ANCHOR - 60, boot_id, frequency, max_drift, namespace, lead or 0, int(lead is not None)
    )


def after(value: float) -> float:
    """The next larger double."""
    return math.nextafter(value, INFINITY)


def plain(value: Number) -> Number:
    """JSON has no infinities and no NaN: those are strings."""
    return value if isinstance(value, (int, str)) or math.isfinite(value) else str(value)


def vector(
    name: str,
    why: str,
    values: Optional[Dict[str, Any]],
    elapsed: int = 0,
    state: str = "ok",
    read: Optional[str] = None,
    page_bytes: Optional[bytes] = None,
    size: int = SEGMENT_SIZE,
    horizon: float = 30.0,
    host: Optional[Dict[str, Number]] = None,
) -> Dict[str, Number]:
    """One line of the file."""
    leading = bytes(RECORD.size) if values is None else RECORD.pack(*(values[field] for field in FIELDS))
    leading = (leading + (page() if page_bytes is None else page_bytes))[:size].rstrip(b"\0")
    monotonic = (MONOTONIC if values is None else values["monotonic_ns"]) + elapsed
    line: Dict[str, Number] = {
        "name": name,
        "why": why,
        "size": size,
        "hex": leading.hex(),
        "at_monotonic_ns": monotonic,
        "now": state,
        "read": read or ("ok" if state in ("expired", "dead_writer", "not_ready") and values else state),
    }
    line.update({"host_" + key: value for key, value in (host or {}).items()})
    if line["read"] != "ok" or values is None:
        return line
    stored = dict(zip(FIELDS, RECORD.unpack(RECORD.pack(*(values[field] for field in FIELDS)))))
    line.update({field: plain(stored[field]) for field in FIELDS})
    if state != "ok":
        return line
    exact = {field: Fraction(stored[field]) for field in FIELDS}
    correction = exact["offset_correction"] + exact["drift_rate"] * (exact["system_timestamp"] - exact["prediction_time"])
    utc = (exact["system_timestamp"] + correction) * SECOND + elapsed * (1 + exact["drift_rate"])
    bound = exact["max_error"] * SECOND + Fraction(MAX_DRIFT) * abs(elapsed)
    line["earliest_ns"] = math.floor(utc - bound)
    line["estimate_ns"] = round(utc)
    line["latest_ns"] = math.ceil(utc + bound)

    def deviation(seconds: Fraction) -> float:
        variance = exact["offset_uncertainty"] ** 2 + (exact["drift_uncertainty"] * seconds) ** 2
        return math.sqrt(variance)

    since = exact["system_timestamp"] - exact["prediction_time"] + Fraction(elapsed, SECOND)
    line["uncertainty_ns"] = deviation(since) * 1e9
    line["horizon"] = horizon
    line["uncertainty_at_horizon"] = deviation(Fraction(horizon))
    # The system clock as it may stand at any other moment, before or after a step: it is only an argument here.
    at = stored["prediction_time"] + horizon
    line["system_time"] = at
    line["correction_at_system_time"] = float(
        exact["offset_correction"] + exact["drift_rate"] * (Fraction(at) - exact["prediction_time"])
    )
    line["corrected_time_at_system_time"] = float(
        Fraction(at) + exact["offset_correction"] + exact["drift_rate"] * (Fraction(at) - exact["prediction_time"])
    )
    return line


def vectors() -> List[Dict[str, Number]]:
    typical = dict(
        offset_correction=0.0231,
        drift_rate=12e-6,
        offset_uncertainty=20e-6,
        drift_uncertainty=1e-8,
        max_error=0.0006,
        confidence=0.98,
    )
    waiting = dict(
        offset_uncertainty=INFINITY,
        drift_uncertainty=INFINITY,
        max_error=INFINITY,
        valid_until=ANCHOR,
        confidence=0.0,
        source=0,
        measurement_count=0,
        last_ntp_sync=0.0,
    )
    grid = ANCHOR + 1 / (1 << 22)  # one step of a double: 238.4 ns, not a whole number of them
    year_2106 = 4_294_967_295.25
    domain = page(boot=BOOT, namespace=NAMESPACE, lead=LEAD)
    resumed = dict(host=dict(boottime_lead_ns=LEAD + 5 * SECOND), page_bytes=domain)
    return [
        vector("no_correction", "the system clock is right; read at the anchor", record()),
        vector("typical", "behind by 23.1 ms and losing 12 ppm; a quarter of a second later", record(**typical), SECOND // 4),
        vector(
            "clock_ahead",
            "the same with the other sign",
            record(**{**typical, "offset_correction": -0.0231, "drift_rate": -12e-6}),
            SECOND // 4,
        ),
        vector(
            "anchor_between_nanoseconds",
            "the anchor lies on the grid of a double, between two nanoseconds",
            record(system_timestamp=grid, offset_correction=1e-9 / 3),
            1,
        ),
        vector(
            "prediction_before_anchor",
            "the line starts 5 s before the anchor",
            record(**typical, prediction_time=ANCHOR - 5),
            SECOND,
            horizon=-2.5,
        ),
        vector(
            "prediction_after_anchor",
            "the line starts 5 s after the anchor",
            record(**typical, prediction_time=ANCHOR + 5),
            SECOND,
        ),
        vector("long_validity", "an hour without a record: the bound grows with it", record(
            **typical, valid_until=ANCHOR + 3600), 3599 * SECOND, horizon=3600.0),
        vector("end_of_validity", "the last nanosecond of validity", record(**typical), 10 * SECOND),
        vector("past_validity", "one nanosecond later", record(**typical), 10 * SECOND + 1, "expired"),
        vector("anchor_ahead", "the anchor may lie a little in the future: 4 ms", record(**typical), -4_000_000),
        vector("another_boot", "more than that is a record of another boot", record(**typical), -4_000_001, "expired"),
        vector("long_dead", "its writer is gone and it is past its validity", record(writer_pid=DEAD), 3600 * SECOND,
               "dead_writer"),
        vector("just_dead", "its writer is gone, but it is still valid", record(**typical, writer_pid=DEAD), 5 * SECOND),
        vector("all_zero", "a file whose daemon is about to write it", None, state="not_ready", page_bytes=b""),
        vector("no_record_yet", "the page is written, the record is not", None, state="not_ready"),
        vector(
            "no_measurement_yet",
            "a daemon that has heard of no server publishes infinities, not valid",
            record(**waiting, flags=0),
            state="not_ready",
        ),
        vector(
            "dead_before_a_measurement",
            "the same, and its writer is gone",
            record(**waiting, flags=0, writer_pid=DEAD),
            state="dead_writer",
        ),
        vector(
            "withdrawn",
            "not valid any more: its daemon has had no server for too long",
            record(**typical, flags=NTP_READY | WARMUP_COMPLETE | HOLDOVER),
            state="expired",
        ),
        vector("holdover", "no server answers, the forecast carries on", record(**typical, flags=READY | HOLDOVER), SECOND),
        vector(
            "stepped",
            "the system clock was set to 1970: offset 55 years",
            record(**{**typical, "offset_correction": 1_741_879_995.75}, system_timestamp=5.25,
                   flags=READY | CLOCK_STEPPED),
            SECOND // 8,
        ),
        vector(
            "clock_far_ahead",
            "the system clock is 31 years ahead",
            record(**{**typical, "offset_correction": -1e9 - 0.125}),
            SECOND // 8,
        ),
        vector("after_2106", "Unix seconds beyond 32 bits soon", record(**typical, system_timestamp=year_2106), SECOND),
        vector("sequence_zero", "the sequence has gone round: 0, but not unwritten", record(sequence_number=0)),
        vector("sequence_top", "the last even sequence", record(sequence_number=0xFFFFFFFE)),
        vector(
            "counters_full",
            "every counter at its top, every flag set, the last source",
            record(**typical, flags=0xFF, source=4, measurement_count=0xFFFFFFFF, total_corrections=0xFFFFFFFF),
            SECOND,
        ),
        vector("write_under_way", "odd sequence, writer stopped", record(sequence_number=3), state="contention"),
        vector("died_in_a_write", "odd sequence, writer gone", record(sequence_number=3, writer_pid=DEAD),
               state="dead_writer", read="dead_writer"),
        vector("older_layout", "a Python daemon's record: no anchor on the monotonic clock", record(
            layout_version=0, monotonic_ns=0), state="incompatible"),
        vector("newer_layout", "a layout of the future", record(layout_version=3), state="incompatible"),
        vector("not_a_number", "valid, says the flag; its offset is no number", record(offset_correction=float("nan")),
               state="incompatible", read="ok"),
        vector("no_such_clock", "a clock that runs at half speed", record(drift_rate=0.5), state="incompatible", read="ok"),
        vector("infinite_bound", "valid, says the flag; its bound is infinite", record(max_error=INFINITY),
               state="incompatible", read="ok"),
        vector("bound_that_does_not_grow", "max_drift 0 would be a lie", record(), state="incompatible", read="ok",
               page_bytes=page(max_drift=0.0)),
        vector("largest_drift_rate", "a hundredth, the most that any clock has", record(drift_rate=0.01), SECOND),
        vector("beyond_the_largest_drift_rate", "the next double", record(drift_rate=after(0.01)), state="incompatible", read="ok"),
        vector("negative_bound", "an interval that ends before it begins", record(max_error=-(2.0**-10)),
               state="incompatible", read="ok"),
        vector("negative_uncertainty", "of the offset", record(offset_uncertainty=-1e-6), state="incompatible", read="ok"),
        vector("uncertainty_beyond_the_rate", "a second a second", record(drift_uncertainty=after(1.0)), state="incompatible",
               read="ok"),
        vector("valid_for_ever", "more than 23 days", record(valid_until=ANCHOR + 2_000_001), state="incompatible", read="ok"),
        vector("predicted_long_ago", "more than 23 days", record(prediction_time=ANCHOR - 2_000_001), state="incompatible",
               read="ok"),
        vector("before_the_epoch", "the system clock cannot show that", record(system_timestamp=-0.5), state="incompatible",
               read="ok"),
        vector("bound_that_grows_too_fast", "no oscillator is that bad", record(), state="incompatible", read="ok",
               page_bytes=page(max_drift=after(0.01))),
        vector("bound_of_no_number", "max_drift is no number", record(), state="incompatible", read="ok",
               page_bytes=page(max_drift=float("nan"))),
        vector("no_update_frequency", "a frequency that is no number: stale after the least time that counts",
               record(**typical), STALE + 1, "expired",
               page_bytes=page(boot=BOOT, namespace=NAMESPACE, lead=LEAD, frequency=float("nan")),
               host=dict(boottime_lead_ns=LEAD + 5 * SECOND)),
        vector("other_magic", "a page, but not ours", record(), state="incompatible", page_bytes=page(magic=b"ELSEWHAT")),
        vector("newer_page", "a page layout of the future", record(), state="incompatible", page_bytes=page(version=2)),
        vector("short_file", "a record without page: no segment of this version", record(), state="incompatible", size=128),
        vector("empty_file", "nothing at all", None, state="incompatible", size=0),
        vector("same_domain", "boot and time namespace are the reader's", record(**typical), page_bytes=domain,
               host=dict(boot_id=str(BOOT), time_namespace=NAMESPACE, boottime_lead_ns=LEAD)),
        vector("file_of_another_boot", "left on a disk; its clock began anew", record(**typical), state="clock_domain",
               page_bytes=domain, host=dict(boot_id=str(OTHER_BOOT))),
        vector("host_without_boot_id", "/proc is not there", record(**typical), page_bytes=domain, host=dict(boot_id="")),
        vector("page_without_boot_id", "a daemon that could not read it", record(**typical),
               page_bytes=page(namespace=NAMESPACE), host=dict(boot_id=str(OTHER_BOOT))),
        vector("other_time_namespace", "CLOCK_MONOTONIC has another offset there", record(**typical), state="clock_domain",
               page_bytes=domain, host=dict(time_namespace=OTHER_NAMESPACE)),
        vector("host_without_time_namespaces", "a kernel without them", record(**typical), page_bytes=domain,
               host=dict(time_namespace=0)),
        vector("page_without_time_namespace", "a daemon that could not tell", record(**typical), page_bytes=page(boot=BOOT),
               host=dict(time_namespace=OTHER_NAMESPACE)),
        vector("other_domain_no_record_yet", "the domain is looked at when the reader attaches", None, state="clock_domain",
               page_bytes=domain, host=dict(boot_id=str(OTHER_BOOT))),
        vector("domain_of_a_page_under_way", "the magic comes last: what is there already is not looked at", None,
               state="not_ready", page_bytes=page(magic=b"", boot=BOOT, namespace=NAMESPACE),
               host=dict(boot_id=str(OTHER_BOOT), time_namespace=OTHER_NAMESPACE)),
        vector("newer_page_of_another_boot", "what a newer page says of its domain is not known", record(),
               state="incompatible", page_bytes=page(version=2, boot=BOOT), host=dict(boot_id=str(OTHER_BOOT))),
        vector("stale_but_awake", "older than two and a half periods, and the machine was awake", record(**typical),
               2 * STALE, page_bytes=domain, host=dict(boottime_lead_ns=LEAD)),
        vector("resumed", "CLOCK_BOOTTIME has moved on against CLOCK_MONOTONIC: suspended since the record",
               record(**typical), 2 * STALE, "expired", **resumed),
        vector("just_stale_and_resumed", "one nanosecond older than a record may be without another look",
               record(**typical), STALE + 1, "expired", **resumed),
        vector("boottime_within_slack", "the boot clock is read to 10 ms in places", record(**typical), 2 * STALE,
               page_bytes=domain, host=dict(boottime_lead_ns=LEAD + SUSPEND_SLACK)),
        vector("boottime_beyond_slack", "one nanosecond more", record(**typical), 2 * STALE, "expired",
               page_bytes=domain, host=dict(boottime_lead_ns=LEAD + SUSPEND_SLACK + 1)),
        vector("boottime_unknown", "the daemon's host has no such clock", record(**typical), 2 * STALE,
               page_bytes=page(boot=BOOT, namespace=NAMESPACE), host=dict(boottime_lead_ns=LEAD + 5 * SECOND)),
        vector("boottime_back_within_slack", "read a second earlier than the other clock, at most", record(**typical), 2 * STALE,
               page_bytes=domain, host=dict(boottime_lead_ns=LEAD - LARGEST_LAG)),
        vector("boottime_of_another_host", "it never falls back: in a container it may count from the container's start",
               record(**typical), 2 * STALE, "expired", page_bytes=domain, host=dict(boottime_lead_ns=LEAD - LARGEST_LAG - 1)),
        vector("resumed_and_dead", "the daemon did not outlive the suspend", record(**typical, writer_pid=DEAD), 2 * STALE,
               "dead_writer", **resumed),
        vector("resumed_and_withdrawn", "not valid, and suspended since", record(
            **typical, flags=NTP_READY | WARMUP_COMPLETE), 2 * STALE, "expired", **resumed),
        vector("resumed_before_a_measurement", "nothing to be refused", record(**waiting, flags=0), 2 * STALE, "not_ready",
               **resumed),
    ]


def text() -> str:
    lines = []
    for line in vectors():
        if line["now"] == "incompatible" and line["size"] != SEGMENT_SIZE:
            line["read"] = "incompatible"
        lines.append(json.dumps(line, allow_nan=False))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "vectors.jsonl").write_text(text(), encoding="utf-8")
    print(f"{len(vectors())} vectors", file=sys.stderr)
