# SPDX-License-Identifier: Apache-2.0
"""What an agent can ask, as plain operations: each takes JSON values and returns a dict of JSON values.

The claude-agent-sdk adapter is chronotick.tools.chronotick_sdk_tools; any other framework can wrap these the same way.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Awaitable, Callable, Dict, Mapping, Optional, Tuple

from . import format as fmt
from .errors import ChronoTickError, DeadWriterError, NoSegmentError, NotReadyError
from .page import SourceRow
from .reader import Reader
from .reading import EXPIRED_STATE, HOLDOVER, NOT_RUNNING, READY, WARMING_UP, Reading
from .record import CorrectionRecord, TimeInterval

MAX_FUTURE_SECONDS = 3600.0
MAX_WAIT_SECONDS = 3600.0
# The part of the page's max_drift that allows for another program that slews the system clock while nobody writes records: the
# most that kernels do, s/s. A daemon that goes on follows such a slew.
_SLEW_BY_OTHERS = 500e-6
# Hosts often give a tool a minute.
DEFAULT_WAIT_SECONDS = 50.0
# A wait hands the event loop back this often, and spins only where no timer is fine enough.
_LONGEST_SLEEP_S = 0.1
_SHORTEST_SLEEP_S = 200e-6
_NANOS = 1_000_000_000
_STATUS = {
    READY: "ready",
    WARMING_UP: "warming_up",
    HOLDOVER: "holdover",
    EXPIRED_STATE: "expired",
    NOT_RUNNING: "not_running",
}
# Hours alone, or hours and minutes of two digits each.
_OFFSET = re.compile(r"[+-](?:(?P<hours>\d{2}):?(?P<minutes>\d{2})|(?P<only>\d{1,2}))\Z", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$", re.IGNORECASE)

Json = Dict[str, Any]


class BadInput(ValueError):
    """What was asked makes no sense; the message says what does."""


class AgentTools:
    """The operations, over one reader that is attached at the first call: they may be offered before the daemon runs, and work
    as soon as it does. For any number of threads."""

    def __init__(self, reader: Optional[Callable[[], Reader]] = None) -> None:
        """:param reader: where to get the reader; without it, one attached to the default segment and kept"""
        self._own: Optional[Reader] = None
        self._reader = reader or self._attached

    def _attached(self) -> Reader:
        if self._own is None:
            self._own = Reader()
        return self._own

    async def get_time(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments, "timezone")
        zone = _zone(arguments.get("timezone"))
        record, now, system_ns = _look(self._reader())
        result = {
            "corrected_time": now.estimate,
            "system_time": system_ns / 1e9,
            "offset_correction": record.get_correction_at(system_ns / 1e9),
            "drift_rate": record.drift_rate,
            "offset_uncertainty": record.offset_uncertainty,
            "drift_uncertainty": record.drift_uncertainty,
            "time_uncertainty": now.uncertainty_ns * 1e-9,
            **_parts(self._reader()),
            "confidence": record.confidence,
            "source": record.source.name,
            "prediction_time": record.prediction_time,
            "valid_until": record.valid_until,
            "is_valid": record.is_valid,
            "is_ntp_ready": record.is_ntp_ready,
            "is_models_ready": record.is_models_ready,
            "corrected_time_iso": fmt.iso(now.estimate_ns),
            "earliest": fmt.iso(now.earliest_ns),
            "latest": fmt.iso(now.latest_ns),
            "max_error": now.bound_ns * 1e-9,
        }
        if zone is not None:
            seconds, nanos = divmod(now.estimate_ns, _NANOS)
            local = datetime.fromtimestamp(seconds, zone)
            offset = local.strftime("%z")
            result["utc_offset"] = f"{offset[:3]}:{offset[3:5]}"
            result["local_time_iso"] = f"{local.strftime('%Y-%m-%dT%H:%M:%S')}.{nanos:09d}{result['utc_offset']}"
        return _end(result, begin)

    async def get_daemon_status(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments)
        try:
            reader = self._reader()
            reading, page = Reading(reader), reader.status()
        except (NoSegmentError, DeadWriterError) as e:
            return _end({"status": "not_running", "message": str(e)}, begin)
        except NotReadyError as e:
            return _end({"status": "warming_up", "message": str(e)}, begin)
        record = reading.record
        result = {
            "status": _STATUS[reading.state],
            "warmup_complete": record.is_warmup_complete,
            "warmup_progress": page.warmup_progress,
            "measurement_count": record.measurement_count,
            "total_corrections": record.total_corrections,
            "daemon_uptime": record.daemon_uptime,
            "last_ntp_sync": record.last_ntp_sync,
            "ntp_ready": record.is_ntp_ready,
            "models_ready": record.is_models_ready,
            "memory_usage_mb": page.resident_bytes / 1e6,
            "cpu_affinity": page.cpu_affinity,
            "average_latency_ms": record.average_latency_ms,
            "data_source": record.source.name,
            "confidence": record.confidence,
            "sources": [_source(row) for row in page.sources],
        }
        if record.last_ntp_sync:
            result["seconds_since_ntp"] = max(0.0, reading.system_ns / 1e9 - record.last_ntp_sync)
        if reading.remark:
            result["message"] = reading.remark
        return _end(result, begin)

    async def get_time_with_future_uncertainty(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments, "future_seconds", required=("future_seconds",))
        ahead = _number(arguments["future_seconds"], "future_seconds", 0, MAX_FUTURE_SECONDS)
        record, now, system_ns = _look(self._reader())
        system = system_ns / 1e9
        # Counted on the monotonic clock, which nobody steps.
        age = (time.monotonic_ns() - record.monotonic_ns) * 1e-9
        future = record.get_time_uncertainty(record.system_timestamp - record.prediction_time + age + ahead)
        current = now.uncertainty_ns * 1e-9
        max_error = now.bound_ns * 1e-9
        max_drift = self._reader().status().max_drift
        slew = _SLEW_BY_OTHERS if max_drift > _SLEW_BY_OTHERS else 0.0
        return _end(
            {
                "current_corrected_time": now.estimate,
                "current_system_time": system,
                "current_uncertainty": current,
                "future_seconds": ahead,
                "future_corrected_time": now.estimate + ahead * (1 + record.drift_rate),
                "future_system_time": system + ahead,
                "future_uncertainty": future,
                "uncertainty_increase": future - current,
                "confidence": record.confidence,
                "current_max_error": max_error,
                # If the daemon goes on without servers; the two below if nobody writes any more.
                "future_max_error": max_error + (max_drift - slew) * ahead,
                # A slew of anything from none to the most, either way, with equal probability.
                "future_uncertainty_without_daemon": math.hypot(future, slew * ahead / math.sqrt(3)),
                "future_max_error_without_daemon": max_error + max_drift * ahead,
            },
            begin,
        )

    async def wait_until(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments, "corrected_time", "max_wait_seconds", required=("corrected_time",))
        target = _epoch_ns(arguments["corrected_time"], "corrected_time")
        given = arguments.get("max_wait_seconds")
        patience = _number(DEFAULT_WAIT_SECONDS if given is None else given, "max_wait_seconds", 0, MAX_WAIT_SECONDS)
        reader = self._reader()
        deadline = time.monotonic_ns() + int(patience * 1e9)
        while True:
            now = reader.now()
            remaining = target - now.earliest_ns
            if remaining < 0:
                return _end(
                    {
                        "reached_at": fmt.iso(now.estimate_ns),
                        "early_or_late_by": (now.estimate_ns - target) * 1e-9,
                        "uncertainty": now.bound_ns * 1e-9,
                    },
                    begin,
                )
            if remaining > deadline - time.monotonic_ns():
                raise BadInput(
                    f"corrected_time will certainly have passed only in {remaining * 1e-9:.3f} s, later than max_wait_seconds"
                    f" allows ({patience:g} s in all): give a larger one, or do something else first"
                )
            await asyncio.sleep(min(max(remaining * 1e-9 - _SHORTEST_SLEEP_S, 0), _LONGEST_SLEEP_S))

    async def compare_timestamps(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments, "first", "second", required=("first", "second"))
        first, second = _stamp(arguments["first"], "first"), _stamp(arguments["second"], "second")
        gap = max(second.earliest - first.latest, first.earliest - second.latest)
        order = "overlapping"
        if gap > 0:
            order = "before" if first.latest < second.earliest else "after"
        return _end(
            {
                "order": order,
                "gap_seconds": gap * 1e-9,
                # The later one has to move past the touching of the two, by the smallest step there is.
                "wait_seconds": 0.0 if gap > 0 else (1 - gap) * 1e-9,
                "first": f"{fmt.iso(first.earliest)}/{fmt.iso(first.latest)}",
                "second": f"{fmt.iso(second.earliest)}/{fmt.iso(second.latest)}",
            },
            begin,
        )


@dataclass(frozen=True)
class Tool:
    """How an operation is offered to a model."""

    name: str
    title: str
    description: str
    input_schema: Json
    operation: Callable[[Mapping[str, Any]], Awaitable[Json]]
    idempotent: bool = True


_STAMP_SCHEMA: Json = {
    "type": "object",
    "description": "A whole result of get_time; or earliest and latest; or time and uncertainty, the hard bound in seconds"
    " (max_error of get_time, never time_uncertainty, which is only a standard deviation).",
    "properties": {
        "earliest": {"type": "string", "description": "ISO 8601, UTC is not before this"},
        "latest": {"type": "string", "description": "ISO 8601, UTC is not after this"},
        "time": {"type": ["string", "number"], "description": "ISO 8601 with offset, or Unix seconds"},
        "uncertainty": {"type": "number", "minimum": 0, "description": "Hard bound on the error of time, seconds"},
    },
}


def all_tools(tools: AgentTools) -> Tuple[Tool, ...]:
    """The five, in the order in which they are offered."""
    return (
        Tool(
            "get_time",
            "Corrected time",
            "What time it is, measured against NTP servers instead of trusting this machine's clock. corrected_time is the best"
            " estimate of UTC in Unix seconds (corrected_time_iso the same with nanoseconds); time_uncertainty is one standard"
            " deviation of it in seconds; UTC certainly lies between earliest and latest. Use it whenever the current date or"
            " time matters. All times are UTC unless a timezone is given.",
            {
                "type": "object",
                "properties": {
                    "timezone": {
                        "type": "string",
                        "description": "IANA name such as Europe/Berlin, in any case, or a fixed offset such as +05:30: adds"
                        " local_time_iso and utc_offset. Never guess it.",
                    }
                },
                "additionalProperties": False,
            },
            tools.get_time,
        ),
        Tool(
            "get_daemon_status",
            "Clock daemon status",
            "Whether the time service works and how well: status is ready, warming_up, holdover (no server answers, the forecast"
            " carries on), expired or not_running; message says what to do. Call it when get_time fails or before relying on"
            " precise time. sources lists the NTP servers.",
            {"type": "object", "properties": {}, "additionalProperties": False},
            tools.get_daemon_status,
        ),
        Tool(
            "get_time_with_future_uncertainty",
            "Time and its uncertainty later",
            "The corrected time now, and how uncertain this clock will be after future_seconds if no server is heard until then:"
            " for planning an action or a deadline. future_uncertainty and future_max_error hold if the daemon goes on without"
            " servers; the same with _without_daemon if the daemon stops now and nobody writes any more. Uncertainties are one"
            " standard deviation in seconds, the max_error fields hard bounds.",
            {
                "type": "object",
                "properties": {
                    "future_seconds": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": MAX_FUTURE_SECONDS,
                        "description": "How far ahead, seconds",
                    }
                },
                "required": ["future_seconds"],
                "additionalProperties": False,
            },
            tools.get_time_with_future_uncertainty,
        ),
        Tool(
            "wait_until",
            "Wait until a time has passed",
            "Returns once the given time has certainly passed, here and on every machine whose clock is honest: so that what"
            " follows happens after it. early_or_late_by is how far the best estimate was past it, in seconds.",
            {
                "type": "object",
                "properties": {
                    "corrected_time": {
                        "type": ["string", "number"],
                        "description": "ISO 8601 with offset or Z, or Unix seconds",
                    },
                    "max_wait_seconds": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": MAX_WAIT_SECONDS,
                        "description": "How long to wait at most, seconds. Default: 50.",
                    },
                },
                "required": ["corrected_time"],
                "additionalProperties": False,
            },
            tools.wait_until,
            idempotent=False,
        ),
        Tool(
            "compare_timestamps",
            "Order of two readings",
            "Which of two readings, also of different machines, came first. order is before (the first certainly came first),"
            " after, or overlapping (it cannot be told: say so instead of guessing); gap_seconds certainly lay between them;"
            " wait_seconds is how much later the later one would have to be for certainty. Needs no daemon.",
            {
                "type": "object",
                "properties": {"first": _STAMP_SCHEMA, "second": _STAMP_SCHEMA},
                "required": ["first", "second"],
                "additionalProperties": False,
            },
            tools.compare_timestamps,
        ),
    )


@dataclass(frozen=True)
class _Interval:
    earliest: int
    latest: int


def _parts(reader: Reader) -> Json:
    """The two parts of time_uncertainty, where the daemon says them."""
    page = reader.status()
    if not page.is_uncertainty_divided:
        return {}
    return {
        "statistical_uncertainty": page.statistical_uncertainty,
        "systematic_uncertainty": page.systematic_uncertainty,
    }


def _look(reader: Reader) -> Tuple[CorrectionRecord, TimeInterval, int]:
    """The record, UTC and the system clock, ns, the latter two within microseconds of each other."""
    record = reader.read_valid()
    reader.now()  # computes the record's line
    system_ns = time.time_ns()
    return record, reader.now(), system_ns


def _begin(arguments: Mapping[str, Any], *known: str, required: Tuple[str, ...] = ()) -> int:
    begin = time.perf_counter_ns()
    for name in arguments:
        if name not in known:
            raise BadInput(f"unknown field {name!r}: " + (f"known are {', '.join(known)}" if known else "there is none"))
    for name in required:
        if arguments.get(name) is None:
            raise BadInput(f"{name} is missing")
    return begin


def _end(result: Json, begin: int) -> Json:
    for name, value in result.items():
        if isinstance(value, float) and not math.isfinite(value):
            result[name] = None  # JSON has neither infinities nor NaN
    result["call_latency_ms"] = (time.perf_counter_ns() - begin) / 1e6
    return result


def _source(row: SourceRow) -> Json:
    values = {
        "offset": row.offset,
        "delay": row.delay,
        "jitter": row.jitter,
        "root_distance": row.root_distance,
        "seconds_since_answer": row.age,
    }
    # A server that has not answered has none of them.
    known = {name: value for name, value in values.items() if math.isfinite(value) and math.isfinite(row.age)}
    return {"name": row.name, "state": row.state, "stratum": row.stratum, "reach": row.reach, **known}


def _number(value: Any, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise BadInput(f"{name} is {_shown(value)}: give a number of seconds from {least:g} to {most:g}")
    return float(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _zone(name: Any) -> Any:
    if name is None or (isinstance(name, str) and not name.strip()):
        return None
    try:
        if not isinstance(name, str):
            raise ValueError
        return _offset(name.strip()) or _named_zone(name.strip())
    except (ValueError, OSError, KeyError):  # of which ZoneInfoNotFoundError is one
        raise BadInput(
            f"timezone {_shown(name)} is unknown: give an IANA name such as Europe/Berlin, an offset such as +05:30, or none for UTC"
        ) from None


def _offset(text: str) -> Optional[timezone]:
    match = _OFFSET.match(text)
    if not match:
        return None
    hours, minutes = int(match["hours"] or match["only"]), int(match["minutes"] or 0)
    if minutes >= 60 or 60 * hours + minutes > 18 * 60:  # as in java.time
        raise ValueError
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def _named_zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    if name.lower() == "z":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:  # the list of all is made from the files: some 10 ms
        return ZoneInfo({known.lower(): known for known in available_timezones()}[name.lower()])


def _epoch_ns(value: Any, name: str) -> int:
    """Of Unix seconds or ISO 8601, exact to the nanosecond where the text is."""
    try:
        if isinstance(value, str):
            match = _ISO.match(value)
            if not match:
                raise ValueError
            whole, fraction, zone = match.groups()
            moment = datetime.fromisoformat(whole.replace("t", "T")).replace(tzinfo=timezone.utc)
            if zone.upper() != "Z":
                hours, minutes = int(zone[1:3]), int(zone[4:])
                east = timedelta(hours=hours, minutes=minutes)
                moment = moment - east if zone[0] == "+" else moment + east
            seconds = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)
            return seconds * _NANOS + int((fraction or "0").ljust(9, "0"))
        if not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) < 2**33:
            return math.floor(value) * _NANOS + round((value - math.floor(value)) * 1e9)
    except (ValueError, OverflowError):
        pass  # said below
    raise BadInput(f"{name} is {_shown(value)}: give ISO 8601 with Z or an offset (2030-01-31T12:00:00Z), or Unix seconds")


def _stamp(value: Any, name: str) -> _Interval:
    if not isinstance(value, Mapping):
        raise BadInput(f"{name} is {_shown(value)}: give a result of get_time, or time and uncertainty")
    if value.get("earliest") is not None and value.get("latest") is not None:
        interval = _Interval(_epoch_ns(value["earliest"], f"{name}.earliest"), _epoch_ns(value["latest"], f"{name}.latest"))
        if interval.earliest > interval.latest:
            raise BadInput(f"{name}.earliest is after {name}.latest")
        return interval
    if value.get("time") is not None and value.get("uncertainty") is not None:
        middle = _epoch_ns(value["time"], f"{name}.time")
        half = math.ceil(_number(value["uncertainty"], f"{name}.uncertainty", 0, 1e9) * 1e9)
        return _Interval(middle - half, middle + half)
    raise BadInput(f"{name} needs earliest and latest, or time and uncertainty")


__all__ = ["AgentTools", "BadInput", "ChronoTickError", "Tool", "all_tools"]
