# SPDX-License-Identifier: Apache-2.0
"""Corrected time with honest bounds, read from a ChronoTick daemon's shared memory.

>>> from chronotick import Reader
>>> with Reader() as reader:
...     earliest, estimate, latest, uncertainty = reader.now()
"""

import sys

if sys.byteorder != "little":
    raise ImportError("the chronotick package reads the segment's words in place, which needs a little-endian machine")

from .errors import (
    ChronoTickError,
    ClockDomainError,
    ContentionError,
    DeadWriterError,
    ExpiredError,
    IncompatibleSegmentError,
    NoSegmentError,
    NotReadyError,
    UntrustedSegmentError,
)
from .page import SourceRow, StatusPage
from .reader import Reader, default_segment, resolve
from .record import CorrectionRecord, Source, TimeInterval

__version__ = "0.2.0"

__all__ = [
    "ChronoTickError",
    "ClockDomainError",
    "ContentionError",
    "CorrectionRecord",
    "DeadWriterError",
    "ExpiredError",
    "IncompatibleSegmentError",
    "NoSegmentError",
    "NotReadyError",
    "Reader",
    "Source",
    "SourceRow",
    "StatusPage",
    "TimeInterval",
    "UntrustedSegmentError",
    "default_segment",
    "resolve",
]
