# SPDX-License-Identifier: Apache-2.0
"""Watches the time: full screen on a terminal, one line a reading in a pipe; as the chronotick program does."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Callable, Optional, Sequence

from . import format as fmt
from .errors import ChronoTickError
from .reader import Reader
from .reading import OK, Reading, exit_code

# Shorter would only burn CPU: the writer publishes 1000 times a second at most.
MIN_INTERVAL = 0.001
MAX_INTERVAL = 86_400.0

# A line in a pipe: titles, usual widths, and what is left out where there is no room for all.
_TITLES = ("# time", "offset", "±1σ", "bound", "drift", "confidence", "source", "state")
_WIDTHS = (22, 11, 11, 11, 12, 10, 9, 12)
_SPARE = ("drift", "confidence", "source")
_ALL = sum(_WIDTHS) + 2 * (len(_WIDTHS) - 1)

_ENTER_SCREEN = "\033[?1049h\033[?25l"
_LEAVE_SCREEN = "\033[?25h\033[?1049l"
_HOME = "\033[H"
_CLEAR_LINE = "\033[K"
_CLEAR_BELOW = "\033[J"


def watch(path: str, interval: float, count: int, wide: bool = False) -> int:
    """Shows ``count`` readings, for ever if that is 0; returns the exit code of the last."""
    if not sys.stdout.isatty():
        every = wide or _ALL <= _screen_width()
        if not every:
            print(f"# Not shown for want of room: {', '.join(_SPARE)}; --wide shows all.")
        print(_line(every, _TITLES))
        return _loop(path, interval, count, _print_all if every else _print_some)
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


def _screen_width() -> int:
    """What COLUMNS says, else 80; narrower than 40 is taken for nonsense."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isascii() and columns.isdigit() and int(columns) >= 40 else 80


def _line(every: bool, cells: Sequence[str]) -> str:
    shown = []
    for title, width, cell in zip(_TITLES, _WIDTHS, cells):
        if every or title not in _SPARE:
            shown.append(cell.ljust(width) if title in ("# time", "source", "state") else cell.rjust(width))
    return "  ".join(shown).rstrip()


def _print_all(_: str, __: float, reading: Optional[Reading], remark: Optional[str]) -> None:
    _print(True, reading, remark)


def _print_some(_: str, __: float, reading: Optional[Reading], remark: Optional[str]) -> None:
    _print(False, reading, remark)


def _print(every: bool, reading: Optional[Reading], remark: Optional[str]) -> None:
    if remark:
        print(f"# {remark}")
    if reading and reading.now:
        record, now = reading.record, reading.now
        cells = (
            f"{fmt.unix_seconds(now.estimate_ns)} s",
            fmt.offset(reading.offset),
            f"±{fmt.duration(reading.uncertainty)}",
            f"±{fmt.duration(now.bound_ns * 1e-9)}",
            fmt.ppm(record.drift_rate),
            fmt.percent(record.confidence, 1),
            record.source.name,
            reading.state,
        )
        print(_line(every, cells))


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
