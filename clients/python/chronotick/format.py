# SPDX-License-Identifier: Apache-2.0
"""Numbers for people, as the chronotick program shows them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def unix_seconds(epoch_ns: int) -> str:
    """Unix seconds with nine digits."""
    seconds, nanos = divmod(abs(epoch_ns), 1_000_000_000)
    return f"{'-' if epoch_ns < 0 else ''}{seconds}.{nanos:09d}"


def iso(epoch_ns: int) -> str:
    """ISO 8601 in UTC with nine digits."""
    seconds, nanos = divmod(epoch_ns, 1_000_000_000)
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}.{nanos:09d}Z"


def fixed(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return "-"
    text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


def duration(seconds: float) -> str:
    """A length of time in the unit in which it has one to three digits before the point."""
    if not math.isfinite(seconds):
        return "-"
    size = abs(seconds)
    # The limits are those at which three decimals would round up to a fourth digit.
    if size < 999.9995e-9:
        return fixed(seconds * 1e9, 0) + " ns"
    if size < 999.9995e-6:
        return fixed(seconds * 1e6, 3) + " µs"
    if size < 999.9995e-3:
        return fixed(seconds * 1e3, 3) + " ms"
    return fixed(seconds, 3) + " s"


def offset(seconds: float) -> str:
    """A duration that always shows its sign."""
    return ("+" if seconds >= 0 else "") + duration(seconds)


def ppm(rate: float) -> str:
    return "-" if math.isnan(rate) else ("+" if rate >= 0 else "") + fixed(rate * 1e6, 4) + " ppm"


def percent(share: float, decimals: int) -> str:
    return "-" if math.isnan(share) else fixed(share * 100, decimals) + " %"


def age(seconds: float) -> str:
    """A spell of operation."""
    if seconds < 60:
        return fixed(seconds, 1) + " s"
    if not seconds <= 1e12:
        return "-"
    whole = int(seconds)
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    text = f"{days} d " if days else ""
    return text + (f"{hours} h " if whole >= 3600 else "") + f"{minutes} min {whole % 60} s"


def from_now(seconds: float) -> str:
    """How far a time is from now: in 2 d 3 h, 5 min 7 s ago."""
    whole = math.floor(abs(seconds) + 0.5)
    if whole == 0:
        return "now"
    counts = ((whole // 86_400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s"))
    words = " ".join(f"{count} {unit}" for count, unit in counts if count)
    return f"in {words}" if seconds > 0 else f"{words} ago"


def grouped(value: int) -> str:
    """Whole number with a gap after each three digits from the right."""
    return f"{value:,}".replace(",", " ")
