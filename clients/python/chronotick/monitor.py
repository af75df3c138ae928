# SPDX-License-Identifier: Apache-2.0
"""Watches the time: full screen on a terminal, one line a reading in a pipe; as the chronotick program does."""

from __future__ import annotations

import signal
import sys
import time
from typing import Callable, Optional

from . import format as fmt
from .errors import ChronoTickError
from .reader import Reader
from .reading import OK, Reading, exit_code

# Shorter would only burn CPU: the writer publishes 1000 times a second at most.
MIN_INTERVAL = 0.001
MAX_INTERVAL = 86_400.0

_ENTER_SCREEN = "\033[?1049h\033[?25l"
_LEAVE_SCREEN = "\033[?25h\033[?1049l"
_HOME = "\033[H"
_CLEAR_LINE = "\033[K"
_CLEAR_BELOW = "\033[J"


def watch(path: str, interval: float, count: int) -> int:
    """Shows ``count`` readings, for ever if that is 0; returns the exit code of the last."""
    if not sys.stdout.isatty():
        print("# time offset ±1σ bound drift confidence source state")
        return _loop(path, interval, count, _print)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # not without giving the screen back
    sys.stdout.write(_ENTER_SCREEN)
    try:
        return _loop(path, interval, count, _draw)
    finally:
        sys.stdout.write(_LEAVE_SCREEN)
        sys.stdout.flush()


_Show = Callable[[str, float, Optional[Reading], Optional[str]], None]


def _loop(path: str, interval: float, count: int, show: _Show) -> int:
    reader: Optional[Reader] = None
    code, last_pid, done = OK, 0, 0
    due = time.monotonic()
    while True:
        try:
            if reader is None:
                reader = Reader(path)
            reading = Reading(reader)
            code, pid = reading.exit_code, reading.record.writer_pid
            taken_over = last_pid not in (0, pid)
            last_pid = pid
            show(path, interval, reading, f"another daemon has taken over (process {pid})" if taken_over else reading.remark)
        except ChronoTickError as e:
            code, reader = exit_code(e), None
            show(path, interval, None, str(e))
        sys.stdout.flush()
        done += 1
        if done == count:
            return code
        due += interval
        now = time.monotonic()
        if now - due > 1:  # does not try to make up for a suspend
            due = now
        time.sleep(max(0.0, due - now))


def _print(_: str, __: float, reading: Optional[Reading], remark: Optional[str]) -> None:
    if remark:
        print(f"# {remark}")
    if reading and reading.now:
        record, now = reading.record, reading.now
        print(
            f"{fmt.unix_seconds(now.estimate_ns)} s  {fmt.offset(reading.offset)}  ±{fmt.duration(reading.uncertainty)}"
            f"  ±{fmt.duration(now.bound_ns * 1e-9)}  {fmt.ppm(record.drift_rate)}  {fmt.percent(record.confidence, 1)}"
            f"  {record.source.name}  {reading.state}"
        )


def _draw(path: str, interval: float, reading: Optional[Reading], remark: Optional[str]) -> None:
    lines = [f"{_HOME}ChronoTick  {path}, every {fmt.duration(interval)}", ""]
    if reading is None:
        lines += [str(remark), "", "Waiting for it. Ctrl-C ends."]
    else:
        record, now = reading.record, reading.now
        lines += [
            f"State:          {reading.state}",
            f"Corrected Time: {fmt.iso(now.estimate_ns) if now else 'none'}",
            f"System Time:    {fmt.iso(reading.system_ns)}",
            f"Offset:         {fmt.offset(reading.offset)}",
            f"Uncertainty:    ±{fmt.duration(reading.uncertainty)} (1σ)",
            f"Bound:          {'±' + fmt.duration(now.bound_ns * 1e-9) if now else 'none'}",
            f"Drift Rate:     {fmt.ppm(record.drift_rate)}",
            f"Confidence:     {fmt.percent(record.confidence, 1)}",
            f"Source:         {record.source.name}",
            f"Measurements:   {fmt.grouped(record.measurement_count)}",
            f"Record Age:     {fmt.duration(reading.age)}",
            "",
            remark or "Ctrl-C ends.",
        ]
    sys.stdout.write("".join(line + _CLEAR_LINE + "\n" for line in lines) + _CLEAR_BELOW)
