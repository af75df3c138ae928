# SPDX-License-Identifier: Apache-2.0
"""What an agent can ask, as plain operations: each takes JSON values and returns a dict of JSON values.

The claude-agent-sdk adapter is chronotick.tools.chronotick_sdk_tools; any other framework can wrap these the same way.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Awaitable, Callable, Dict, Mapping, Match, Optional, Tuple

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
_NOT_SYNCHRONIZED = "NOT SYNCHRONIZED, the system clock as it is, which may be off by any amount"
_STATUS = {
    READY: "ready",
    WARMING_UP: "warming_up",
    HOLDOVER: "holdover",
    EXPIRED_STATE: "expired",
    NOT_RUNNING: "not_running",
}
# Hours alone, or hours and minutes of two digits each.
_OFFSET = re.compile(r"[+-](?:(?P<hours>\d{2}):?(?P<minutes>\d{2})|(?P<only>\d{1,2}))\Z", re.ASCII)
# Date, hours and minutes, seconds, fraction.
_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\Z", re.ASCII | re.IGNORECASE)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = tuple("January February March April May June July August September October November December".split())
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = re.compile(_LOCAL.pattern.replace(r"\Z", r"(Z|[+-]\d{2}:\d{2})\Z"), re.ASCII | re.IGNORECASE)

Json = Dict[str, Any]


class BadInput(ValueError):
    """What was asked makes no sense; the message says what does."""


class AgentTools:
    """The operations, over one reader that is attached at the first call: they may be offered before the daemon runs, and work
    as soon as it does. For any number of threads."""

    def __init__(self, reader: Optional[Callable[[], Reader]] = None, host_zone: Optional[tzinfo] = None) -> None:
        """:param reader: where to get the reader; without it, one attached to the default segment and kept
        :param host_zone: in which the local time is given where none is asked for; without it, this machine's
        """
        self._own: Optional[Reader] = None
        self._reader = reader or self._attached
        self._host_zone = host_zone

    def _attached(self) -> Reader:
        if self._own is None:
            self._own = Reader()
        return self._own

    async def get_time(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments, "timezone")
        zone = _zone(arguments.get("timezone"), "timezone")
        try:
            record, now, system_ns = _look(self._reader())
        except ChronoTickError as e:
            return _end(self._system_time(zone, e), begin)
        result = {
            "synchronized": True,
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
        return _end({**result, **self._dates(now.estimate_ns, zone)}, begin)

    def _dates(self, epoch_ns: int, zone: Optional[tzinfo]) -> Json:
        local = _civil(epoch_ns, zone or self._host_zone or host_zone(epoch_ns))
        dates = {
            "utc_date": _civil(epoch_ns, timezone.utc)["date_in_words"],
            "local_time_iso": local["local_time_iso"],
            "utc_offset": local["utc_offset"],
            "local_date": local["date_in_words"],
        }
        return dates if zone else {**dates, "host_timezone": local["timezone"]}

    def _system_time(self, zone: Optional[tzinfo], why: ChronoTickError) -> Json:
        """The system clock as it is, where nobody has measured: no word on how far it may be off."""
        system_ns = time.time_ns()
        return {
            "synchronized": False,
            "corrected_time": system_ns / 1e9,
            "system_time": system_ns / 1e9,
            "source": "SYSTEM_CLOCK",
            "is_valid": False,
            "is_ntp_ready": False,
            "is_models_ready": False,
            "corrected_time_iso": fmt.iso(system_ns),
            **self._dates(system_ns, zone),
            "message": f"{_NOT_SYNCHRONIZED}: {why}",
        }

    async def convert_time(self, arguments: Mapping[str, Any]) -> Json:
        begin = _begin(arguments, "time", "source_timezone", "target_timezone", required=("time",))
        given = arguments["time"]
        source = _zone(arguments.get("source_timezone"), "source_timezone")
        target = _zone(arguments.get("target_timezone"), "target_timezone") or timezone.utc
        result: Json = {}
        local = _local_time(given)
        if local is None:
            instant, own_zone = _moment(given, "time", ", or a local time and source_timezone")
            source = source or own_zone
        elif source is None:
            raise BadInput(
                f"time is {_shown(given)}, without an offset: give source_timezone with it, or the time with Z or an offset"
            )
        else:
            instant, result = _instant_of(local, source)
        _epoch_in_range(instant, "time")
        converted = {
            "utc": fmt.iso(instant),
            "unix_seconds": instant / 1e9,
            "source": _civil(instant, source),
            "target": _civil(instant, target),
            **result,
        }
        try:
            from_now = (instant - _look(self._reader())[1].estimate_ns) / 1e9
        except ChronoTickError:
            pass  # the conversion is right without
        else:
            converted["seconds_from_now"] = from_now
            converted["from_now_in_words"] = fmt.from_now(from_now)
        return _end(converted, begin)

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
        begin = _begin(arguments, "corrected_time", "seconds", "max_wait_seconds")
        time_given, seconds, patience = (arguments.get(name) for name in ("corrected_time", "seconds", "max_wait_seconds"))
        if (time_given is None) == (seconds is None):
            raise BadInput(
                "wait_until needs either corrected_time, a time in ISO 8601 with Z or an offset or in Unix seconds, or seconds,"
                " how many from now" + ("" if seconds is None else "; not both")
            )
        if patience is None:
            patience = DEFAULT_WAIT_SECONDS if seconds is None else MAX_WAIT_SECONDS
        patience = _number(patience, "max_wait_seconds", 0, MAX_WAIT_SECONDS)
        if seconds is None:
            what, target = "corrected_time", _epoch_ns(time_given, "corrected_time")
        else:
            ahead = _number(seconds, "seconds", 0, MAX_WAIT_SECONDS)
            what = f"what is {ahead:g} s from now"
            target = self._now()[0].estimate_ns + round(ahead * 1e9)
        deadline = time.monotonic_ns() + int(patience * 1e9)
        while True:
            now, why = self._now()
            remaining = target - now.earliest_ns
            if remaining < 0:
                reached: Json = {
                    "synchronized": why is None,
                    "reached_at": fmt.iso(now.estimate_ns),
                    "early_or_late_by": (now.estimate_ns - target) * 1e-9,
                }
                reached.update({"uncertainty": now.bound_ns * 1e-9} if why is None else {"message": f"{_NOT_SYNCHRONIZED}: {why}"})
                return _end(reached, begin)
            if remaining > deadline - time.monotonic_ns():
                raise BadInput(
                    f"{what} will certainly have passed only in {remaining * 1e-9:.3f} s, later than max_wait_seconds"
                    f" allows ({patience:g} s in all): give a larger one, or do something else first"
                )
            await asyncio.sleep(min(max(remaining * 1e-9 - _SHORTEST_SLEEP_S, 0), _LONGEST_SLEEP_S))

    def _now(self) -> Tuple[TimeInterval, Optional[ChronoTickError]]:
        """UTC; where there is no time, the system clock as if it were certain, and why."""
        try:
            return self._reader().now(), None
        except ChronoTickError as e:
            now = time.time_ns()
            return TimeInterval(earliest_ns=now, latest_ns=now, estimate_ns=now, uncertainty_ns=0), e

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
    "description": "A whole result of get_time; or an object with earliest and latest (ISO 8601 or Unix seconds); or one with"
    " time and uncertainty, the hard bound in seconds (max_error of get_time; never time_uncertainty, which only says what is probable).",
    "properties": {
        "earliest": {"type": "string", "description": "ISO 8601, UTC is not before this"},
        "latest": {"type": "string", "description": "ISO 8601, UTC is not after this"},
        "time": {"type": ["string", "number"], "description": "ISO 8601 with offset, or Unix seconds"},
        "uncertainty": {"type": "number", "minimum": 0, "description": "Hard bound on the error of time, seconds"},
    },
}


_TIMEZONE_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "timezone": {
            "type": "string",
            "description": "Time zone to show the time in as well: an IANA name such as Europe/Berlin, in any case, or a fixed"
            " offset such as +05:30. Leave it out unless the user has named one or it is known: then the local time is that of"
            " the machine that runs this tool, and marked so.",
        }
    },
    "additionalProperties": False,
}


def all_tools(tools: AgentTools) -> Tuple[Tool, ...]:
    """All, in the order in which they are offered."""
    return (
        Tool(
            "get_time",
            "Current time",
            "The current date, weekday and time, measured against time servers, with its uncertainty. Call it whenever you need"
            " to know what time or date it is now, to stamp an event, or to measure how long something took (call it twice)."
            " Gives UTC, and the local time of the timezone you name, else of the machine that runs this tool."
            " time_uncertainty is how far corrected_time is probably off (one standard deviation); earliest and latest are"
            " hard limits that the true UTC certainly lies between. To order events of different machines keep whole results"
            " for compare_timestamps.",
            _TIMEZONE_SCHEMA,
            tools.get_time,
        ),
        Tool(
            "get_current_time",
            "Current time (as get_time)",
            "The current date, weekday and time: the same tool as get_time, with the same result, under the name that other"
            " time servers give it. Gives UTC, and the local time of the timezone you name, else of the machine that runs this"
            " tool, with how far it is probably off and hard limits that UTC certainly lies between.",
            _TIMEZONE_SCHEMA,
            tools.get_time,
        ),
        Tool(
            "convert_time",
            "Time in another zone",
            "A time in another time zone, with weekday, date and offsets from UTC, and how long it is until then, or since. Use"
            " it for meetings across zones, deadlines and countdowns instead of reckoning yourself: it knows daylight saving."
            " Give a time with its own offset, Unix seconds, or a local time with source_timezone. If clocks skip that local"
            " time (clock_change: gap) or show it twice (overlap), remark says which instant was taken: tell the user. Only"
            " seconds_from_now needs the current time; without it, it is left out.",
            {
                "type": "object",
                "properties": {
                    "time": {
                        "type": ["string", "number"],
                        "description": "The time: a local time of source_timezone such as 2026-03-13T15:33, or ISO 8601 with Z"
                        " or an offset such as 2026-03-13T15:33:20+01:00, or Unix seconds.",
                    },
                    "source_timezone": {
                        "type": "string",
                        "description": "Zone of the time: an IANA name such as Europe/Berlin, in any case, or a fixed offset"
                        " such as +05:30. Needed for a local time, whose zone is never guessed; else the zone to show the time"
                        " in beside the target.",
                    },
                    "target_timezone": {
                        "type": "string",
                        "description": "Zone to convert to: an IANA name such as America/New_York, in any case, or a fixed"
                        " offset such as +05:30. Default: UTC.",
                    },
                },
                "required": ["time"],
                "additionalProperties": False,
            },
            tools.convert_time,
        ),
        Tool(
            "get_daemon_status",
            "Time daemon status",
            "How the daemon is doing, the background program that measures the time for the other tools: ready, warming up,"
            " holdover (no server answers, it goes on from what it has learned), expired or not running; its time servers,"
            " counts and confidence. Call it when another tool fails, or when the user asks how trustworthy the time is; you"
            " need not call it before every get_time.",
            {"type": "object", "properties": {}, "additionalProperties": False},
            tools.get_daemon_status,
        ),
        Tool(
            "get_time_with_future_uncertainty",
            "Future uncertainty of the time",
            "How uncertain the time will have become after a number of seconds if no time server answers until then. Call it"
            " before planning something at a future instant, to see how exactly it can be met without a network."
            " future_uncertainty and future_max_error hold if the daemon, the background program that keeps the time, goes on,"
            " which is the usual case; the same with _without_daemon if it stops now. Uncertainties are one standard deviation"
            " (how far the time is probably off); the max_error fields are hard bounds.",
            {
                "type": "object",
                "properties": {
                    "future_seconds": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": MAX_FUTURE_SECONDS,
                        "description": "How many seconds ahead to look, 0 to 3600.",
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
            "Waits and returns when a time has certainly passed, on every machine whose clock bounds are honest: at once if it"
            " already has. Give either corrected_time, an instant, or seconds from now. Use it to pause, to act after an agreed"
            " instant, or, with the latest of a get_time result, to make sure that whatever you do next is later than that"
            " reading for everybody. early_or_late_by tells by how much the time had passed at the return. Refuses at once if"
            " the time is further away than max_wait_seconds. Can be cancelled.",
            {
                "type": "object",
                "properties": {
                    "corrected_time": {
                        "type": ["string", "number"],
                        "description": "The time to wait for: ISO 8601 with Z or an offset, such as 2026-03-13T15:33:20.5Z, or"
                        " Unix seconds. Not together with seconds.",
                    },
                    "seconds": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": MAX_WAIT_SECONDS,
                        "description": "How long to wait from now, 0 to 3600 seconds, instead of corrected_time. Many programs"
                        " end a call after a minute.",
                    },
                    "max_wait_seconds": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": MAX_WAIT_SECONDS,
                        "description": "How long to wait at most, 0 to 3600 seconds. Default: 50 for corrected_time; what it"
                        " takes for seconds.",
                    },
                },
                "additionalProperties": False,
            },
            tools.wait_until,
            idempotent=False,
        ),
        Tool(
            "compare_timestamps",
            "Order of two timestamps",
            "Which of two events certainly happened first, from readings of the same or of different machines. Give two results"
            " of get_time. before and after are certain; overlapping means that the order cannot be known from these readings:"
            " say so instead of guessing. gap_seconds certainly lay between them; wait_seconds is how much later the later one"
            " would have had to be for certainty. Works also while the current time is not known.",
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


def host_zone(epoch_ns: int) -> tzinfo:
    """The time zone of this machine, by its name if it has one, else its offset at an instant."""
    name = os.environ.get("TZ")
    if name is None:
        name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    try:
        return _named_zone(name.lstrip(":"))
    except (ValueError, OSError, KeyError):
        pass  # none, a rule such as CET-1CEST, or a file of its own: the C library knows what it means
    offset = datetime.fromtimestamp(epoch_ns // _NANOS).astimezone().utcoffset()
    return timezone(offset or timedelta())


def _zone(name: Any, argument: str) -> Optional[tzinfo]:
    if name is None or (isinstance(name, str) and not name.strip()):
        return None
    try:
        if not isinstance(name, str):
            raise ValueError
        return _offset(name.strip()) or _named_zone(name.strip())
    except (ValueError, OSError, KeyError):  # of which ZoneInfoNotFoundError is one
        raise BadInput(
            f"{argument} {_shown(name)} is unknown: give an IANA name such as Europe/Berlin, an offset such as +05:30, or none"
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


def _local_time(value: Any) -> Optional[Tuple[datetime, int]]:
    """Date and time without an offset, and its nanoseconds; None if it is anything else."""
    match = _LOCAL.match(value.strip()) if isinstance(value, str) else None
    try:
        return _parts_of(match) if match else None
    except ValueError:
        return None


def _parts_of(match: Match[str]) -> Tuple[datetime, int]:
    """Date and time of day to the second, and the nanoseconds."""
    date, clock, seconds, fraction = match.groups()[:4]
    return datetime.fromisoformat(f"{date}T{clock}:{seconds or '00'}"), int((fraction or "0").ljust(9, "0"))


def _instant_of(local: Tuple[datetime, int], zone: tzinfo) -> Tuple[int, Json]:
    """Of a local time, ns, and what is to be said of it: one that a change of the clocks skips or repeats is taken by the offset
    before the change."""
    time_of_day, nanos = local
    first, second = (_wall_ns(time_of_day.replace(tzinfo=zone, fold=fold)) + nanos for fold in (0, 1))
    if first == second:
        return first, {}
    shown = time_of_day.isoformat(timespec="minutes" if time_of_day.second == 0 else "seconds")
    if first > second:  # the offset before a gap is the smaller one
        taken = _civil(first, zone)["local_time_iso"]
        remark = f"{shown} does not exist in {_zone_name(zone)}: clocks skip it; taken as {taken}"
        return first, {"clock_change": "gap", "remark": remark}
    remark = (
        f"{shown} happens twice in {_zone_name(zone)}: at {fmt.iso(first)} (offset {_civil(first, zone)['utc_offset']}) and at"
        f" {fmt.iso(second)} (offset {_civil(second, zone)['utc_offset']}); the first was taken, give the time with its offset"
        " for the second"
    )
    return first, {"clock_change": "overlap", "other_utc": fmt.iso(second), "remark": remark}


def _wall_ns(moment: datetime) -> int:
    """Of a date and time with a zone, whole seconds."""
    return (moment - _EPOCH) // timedelta(seconds=1) * _NANOS


def _civil(epoch_ns: int, zone: tzinfo) -> Json:
    """What clocks on the wall of a zone show at an instant; the words are English whatever the locale."""
    seconds, nanos = divmod(epoch_ns, _NANOS)
    local = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)
    offset = _offset_text(local.utcoffset() or timedelta())
    weekday = _WEEKDAYS[local.weekday()]
    return {
        "timezone": _zone_name(zone),
        "local_time_iso": f"{local.replace(tzinfo=None).isoformat(timespec='seconds')}.{nanos:09d}{offset}",
        "utc_offset": offset,
        "weekday": weekday,
        "date_in_words": f"{weekday}, {local.day} {_MONTHS[local.month - 1]} {local.year}",
    }


def _zone_name(zone: tzinfo) -> str:
    name = str(getattr(zone, "key", ""))
    if name:
        return name
    offset = _offset_text(zone.utcoffset(None) or timedelta())
    return "UTC" if offset == "+00:00" else offset


def _offset_text(offset: timedelta) -> str:
    seconds = abs(offset) // timedelta(seconds=1)
    text = f"{'-' if offset < timedelta() else '+'}{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return text + (f":{seconds % 60:02d}" if seconds % 60 else "")


def _epoch_ns(value: Any, name: str) -> int:
    """Of Unix seconds or ISO 8601, exact to the nanosecond where the text is."""
    return _moment(value, name, "")[0]


def _moment(value: Any, name: str, alternative: str) -> Tuple[int, tzinfo]:
    """The same, with the offset that it was given in.

    :param alternative: what else the caller takes
    """
    try:
        if isinstance(value, str):
            match = _ISO.match(value)
            if not match:
                raise ValueError
            local = _parts_of(match)
            offset = _offset(match[5]) or timezone.utc
            return _wall_ns(local[0].replace(tzinfo=offset)) + local[1], offset
        if not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) < 2**33:
            return math.floor(value) * _NANOS + round((value - math.floor(value)) * 1e9), timezone.utc
    except (ValueError, OverflowError):
        pass  # said below
    raise BadInput(
        f"{name} is {_shown(value)}: give ISO 8601 with Z or an offset (2030-01-31T12:00:00Z), or Unix seconds{alternative}"
    )


def _epoch_in_range(epoch_ns: int, name: str) -> None:
    if not -(2**63) <= epoch_ns < 2**63:
        raise BadInput(f"{name} is outside the years 1677 to 2262")


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
