# SPDX-License-Identifier: Apache-2.0
"""``python -m chronotick``, or chronotick-py where the package is installed: read, monitor, status, json, benchmark, with the
labels and exit codes of the chronotick program."""

from __future__ import annotations

import argparse
import json
import math
import os
import stat
import sys
import time
from typing import Any, Dict, List, NoReturn, Optional, Sequence

from . import __version__
from . import format as fmt
from .errors import ChronoTickError, DeadWriterError, NoSegmentError, NotReadyError
from .monitor import MAX_INTERVAL, MIN_INTERVAL, watch
from .page import StatusPage
from .reader import Reader, default_segment, resolve
from .reading import NO_DAEMON, NOT_MET, NOT_RUNNING, OK, READY, USAGE, WARMING_UP, Reading, exit_code

_LEAP = ("none", "a second is inserted", "a second is deleted", "not synchronized", "smeared by the servers")
_BATCH = 20
_EXIT_CODES = "exit code: 0 the time is good, 1 the daemon is warming up, 3 no daemon, 4 the record is expired"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _error(f"{message} (see: {self.prog} --help)")
        raise SystemExit(USAGE)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs one command and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # whatever the locale says: units are spelt in it
    options = _parser().parse_args(arguments)
    try:
        path = default_segment() if options.shm is None else resolve(options.shm)
        return options.command(path, options)
    except ChronoTickError as e:
        _error(str(e))
        return exit_code(e)
    except ValueError as e:
        _error(f"--shm: {e}")
        return USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return OK
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    program = os.path.basename(sys.argv[0])
    if program == "__main__.py":
        program = "python -m chronotick"
    parser = _Parser(
        prog=program,
        description="Read the corrected time from a ChronoTick daemon's shared memory.",
        epilog=f"examples:\n  {program} read\n  {program} json --pretty --shm lab2",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chronotick {__version__} (Python {sys.version.split()[0]})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    read = commands.add_parser("read", help="read the corrected time once", epilog=_EXIT_CODES)
    read.add_argument("--json", action="store_true", help="print one JSON object instead")
    read.set_defaults(command=lambda path, options: (_json if options.json else _read)(path, options), pretty=False)
    monitor = commands.add_parser(
        "monitor",
        help="watch the time and its uncertainty",
        description="Redraws the screen on a terminal; in a pipe prints one line a reading. Goes on when the daemon is"
        " restarted. Ctrl-C ends it.",
    )
    monitor.add_argument(
        "-i",
        "--interval",
        metavar="SECONDS",
        type=float,
        default=1.0,
        help="time between readings, 0.001 to 86400 s (default: 1)",
    )
    monitor.add_argument(
        "-n", "--count", metavar="N", type=int, default=0, help="stop after so many readings; 0 never (default: 0)"
    )
    monitor.add_argument("--wide", action="store_true", help="in a pipe, print all columns, whatever the width of the screen")
    monitor.set_defaults(command=_monitor)
    status = commands.add_parser(
        "status", help="show how the daemon is doing", epilog="exit code: 0 READY, 3 NOT RUNNING, 1 anything else"
    )
    status.set_defaults(command=_status)
    as_json = commands.add_parser("json", help="read the corrected time once, as JSON", epilog=_EXIT_CODES)
    as_json.add_argument("--pretty", action="store_true", help="one field a line")
    as_json.set_defaults(command=_json)
    benchmark = commands.add_parser("benchmark", help="measure how long reading the time takes from Python")
    benchmark.add_argument("-n", "--iterations", type=int, default=100_000, help="reads to time (default: %(default)s)")
    benchmark.set_defaults(command=_benchmark)
    for command in (read, monitor, status, as_json, benchmark):
        command.add_argument(
            "--shm", metavar="NAME|PATH", help="segment to use (default: $CHRONOTICK_SHM, else chronotick_shm)"
        )
    return parser


def _error(message: str) -> None:
    sys.stdout.flush()
    print(f"chronotick: {message}", file=sys.stderr)


def _line(label: str, value: str) -> None:
    print(f"{label + ':':<17}{value}")


def _remark(reading: Reading) -> None:
    if reading.remark:
        _error(reading.remark)


def _time(epoch_ns: int) -> str:
    return f"{fmt.unix_seconds(epoch_ns)} s   {fmt.iso(epoch_ns)}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _read(path: str, _: argparse.Namespace) -> int:
    with Reader(path) as reader:
        reading = Reading(reader)
        record, now = reading.record, reading.now
        _line("Corrected Time", _time(now.estimate_ns) if now else "none")
        _line("System Time", _time(reading.system_ns))
        _line("Offset", fmt.offset(reading.offset))
        _line("Drift Rate", fmt.ppm(record.drift_rate))
        _line("Uncertainty", f"±{fmt.duration(reading.uncertainty)} (1σ)")
        page = reader.status()
        if page.is_uncertainty_divided:
            _line("  Statistical", f"±{fmt.duration(page.statistical_uncertainty)}")
            _line("  Systematic", f"±{fmt.duration(page.systematic_uncertainty)}")
        if now:
            _line("Bound", f"±{fmt.duration(now.bound_ns * 1e-9)}")
            _line("Earliest", _time(now.earliest_ns))
            _line("Latest", _time(now.latest_ns))
        else:
            _line("Bound", "none")
        _line("Confidence", fmt.percent(record.confidence, 1))
        _line("Source", record.source.name)
        _line("Valid", _yes(now is not None))
        _line("NTP Ready", _yes(record.is_ntp_ready))
        _line("Models Ready", _yes(record.is_models_ready))
        if reading.is_stale:
            _line("Record Age", fmt.duration(reading.age))
        _remark(reading)
        return reading.exit_code


def _monitor(path: str, options: argparse.Namespace) -> int:
    if not MIN_INTERVAL <= options.interval <= MAX_INTERVAL:
        _error(f"--interval {options.interval:g} is out of range: give 0.001 to 86400 seconds")
        return USAGE
    if options.count < 0:
        _error(f"--count {options.count} is out of range: give 0 (never stop) or more")
        return USAGE
    return watch(path, options.interval, options.count, options.wide)


def _status(path: str, _: argparse.Namespace) -> int:
    try:
        with Reader(path) as reader:
            reading = Reading(reader)
            _print_status(path, reading, reader.status())
            _remark(reading)
            return OK if reading.state == READY else NO_DAEMON if reading.state == NOT_RUNNING else NOT_MET
    except (NoSegmentError, DeadWriterError) as e:
        _line("State", NOT_RUNNING)
        _error(str(e))
        return NO_DAEMON
    except NotReadyError as e:
        _line("State", WARMING_UP)
        _error(str(e))
        return NOT_MET


def _print_status(path: str, reading: Reading, page: StatusPage) -> None:
    record = reading.record
    state = reading.state
    if state == WARMING_UP:
        state += f" {fmt.percent(page.warmup_progress, 0)}"
        state += f", waiting for {page.waiting_for}" if page.waiting_for else ""
    _line("State", state)
    if reading.is_stale:
        _line("Record Age", fmt.duration(reading.age))
    _line("Offset", f"{fmt.offset(reading.offset)} ±{fmt.duration(reading.uncertainty)} (1σ)")
    if page.is_uncertainty_divided:
        parts = (fmt.duration(page.statistical_uncertainty), fmt.duration(page.systematic_uncertainty))
        _line("Uncertainty", f"statistical ±{parts[0]}, systematic ±{parts[1]}")
    if reading.now:
        _line("Bound", f"±{fmt.duration(reading.now.bound_ns * 1e-9)}")
    _line("Drift Rate", fmt.ppm(record.drift_rate))
    _line("Confidence", fmt.percent(record.confidence, 1))
    weights = f" (short-term {fmt.percent(page.weight_short_term, 0)}, long-term {fmt.percent(page.weight_long_term, 0)})"
    _line("Source", record.source.name + (weights if page.weight_short_term or page.weight_long_term else ""))
    if page.learned_models:
        _line("Learned Models", page.learned_models)
    _line("Servers", _servers(page))
    _line("Leap Second", _LEAP[page.leap_state] if page.leap_state < len(_LEAP) else "-")
    _line("Authenticated", _yes(record.is_authenticated))
    _line("Measurements", fmt.grouped(record.measurement_count))
    _line("Corrections", fmt.grouped(record.total_corrections))
    since = max(0.0, reading.system_ns * 1e-9 - record.last_ntp_sync)
    _line("Last NTP", "never" if record.last_ntp_sync == 0 else f"{fmt.age(since)} ago")
    _line("Uptime", fmt.age(record.daemon_uptime))
    _line("Update Rate", f"{fmt.fixed(page.update_frequency, 0)} Hz")
    _line(
        "Writer Latency",
        f"mean {fmt.duration(record.average_latency_ms * 1e-3)}, p50 {fmt.duration(page.latency_p50_ns * 1e-9)},"
        f" p99 {fmt.duration(page.latency_p99_ns * 1e-9)}",
    )
    _line("Missed Ticks", fmt.grouped(page.tick_overruns))
    _line("Clock Steps", fmt.grouped(page.clock_steps) + (" (one just now)" if record.is_clock_stepped else ""))
    _line("Memory", f"{fmt.fixed(page.resident_bytes / 1e6, 1)} MB" if page.resident_bytes else "-")
    cpu = f"{fmt.fixed(page.cpu_seconds, 2)} s"
    if record.daemon_uptime > 0:
        cpu = f"{fmt.percent(page.cpu_seconds / record.daemon_uptime, 2)} of one core since its start ({cpu})"
    _line("CPU", cpu)
    _line("CPU Affinity", page.cpu_affinity or "any")
    _line("Process", str(record.writer_pid) + (f", version {page.daemon_version}" if page.daemon_version else ""))
    try:
        mode = f" ({stat.filemode(os.stat(path).st_mode)[1:]})"
    except OSError:
        mode = ""  # gone meanwhile
    _line("Segment", path + mode)


def _servers(page: StatusPage) -> str:
    states = [row.state for row in page.sources]
    falsetickers, unreachable = states.count("falseticker"), states.count("unreachable")
    text = f"{states.count('selected')} of {len(states)} selected"
    if falsetickers:
        text += f", {falsetickers} falseticker{'' if falsetickers == 1 else 's'}"
    return text + (f", {unreachable} unreachable" if unreachable else "")


def _json(path: str, options: argparse.Namespace) -> int:
    with Reader(path) as reader:
        reading = Reading(reader)
        print(json.dumps(_fields(reading, reader.status()), indent=2 if options.pretty else None, allow_nan=False))
        _remark(reading)
        return reading.exit_code


def _fields(reading: Reading, page: StatusPage) -> Dict[str, Any]:
    """The fields of `chronotick json --schema`, in that order."""
    record, now = reading.record, reading.now
    fields: Dict[str, Any] = {}
    for name, value in (
        ("corrected_time", now and now.estimate_ns),
        ("earliest", now and now.earliest_ns),
        ("latest", now and now.latest_ns),
    ):
        fields[name] = None if value is None else value / 1e9
        fields[f"{name}_ns"] = None if value is None else str(value)
        if name == "corrected_time":
            fields["time_uncertainty"] = None if now is None else reading.uncertainty
    known = now is not None and page.is_uncertainty_divided
    fields.update(
        statistical_uncertainty=page.statistical_uncertainty if known else None,
        systematic_uncertainty=page.systematic_uncertainty if known else None,
        is_valid=now is not None,
        is_ntp_ready=record.is_ntp_ready,
        is_models_ready=record.is_models_ready,
        is_warmup_complete=record.is_warmup_complete,
        is_holdover=record.is_holdover,
        is_clock_stepped=record.is_clock_stepped,
        is_leap_pending=record.is_leap_pending,
        is_authenticated=record.is_authenticated,
        is_expired=reading.is_expired,
        is_writer_alive=reading.is_writer_alive,
        record_age=reading.age,
    )
    for name, value in zip(record._fields, record):
        # JSON has neither infinities nor NaN.
        fields[name] = None if isinstance(value, float) and not math.isfinite(value) else value
    return {("source" if k == "source_number" else k): (record.source.name if k == "source_number" else v)
            for k, v in fields.items()}  # fmt: skip


def _benchmark(path: str, options: argparse.Namespace) -> int:
    if options.iterations < _BATCH:
        _error(f"--iterations {options.iterations} is too few: give {_BATCH} or more")
        return USAGE
    with Reader(path) as reader:
        reader.now()
        for title, call in (
            ("now(), the time with its interval", reader.now),
            ("read(), the whole record", reader.read),
            ("time.time_ns(), for comparison", time.time_ns),
        ):
            times = _measure(call, options.iterations)
            print(f"{title}: {fmt.grouped(len(times) * _BATCH)} calls")
            print(f"  p50:         {_nanos(times[len(times) // 2])}")
            print(f"  p99:         {_nanos(times[len(times) * 99 // 100])}")
            print(f"  Max:         {_nanos(times[-1])}")
            print(f"  Throughput:  {fmt.grouped(round(1e9 * len(times) / sum(times)))} a second")
            if call == reader.now:
                print(f"  Rating:      {_rating(times[len(times) // 2])}")
    return OK


def _measure(call: Any, iterations: int) -> List[float]:
    """Times of one call, ns, sorted; calls are timed in batches, for one takes about as long as looking at the clock."""
    clock = time.perf_counter_ns
    times = []
    for _ in range(iterations // _BATCH):
        start = clock()
        for _ in range(_BATCH):
            call()
        times.append((clock() - start) / _BATCH)
    return sorted(times)


def _nanos(nanos: float) -> str:
    return f"{nanos:.1f} ns" if nanos < 1000 else fmt.duration(nanos * 1e-9)


def _rating(nanos: float) -> str:
    """The scale of the quick reference."""
    if nanos < 500:
        return "⭐⭐⭐ EXCELLENT (below 500 ns)"
    if nanos < 1_000:
        return "⭐⭐ GOOD (below 1 µs)"
    return "⭐ ACCEPTABLE (below 10 µs)" if nanos < 10_000 else "⚠️ CHECK LOAD (10 µs or more)"
