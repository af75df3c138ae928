# SPDX-License-Identifier: Apache-2.0
"""Why there is no time. Each message is one line that names the segment, the cause and the remedy."""


class ChronoTickError(RuntimeError):
    """No time can be given; the subclass says for which of the causes. Readers never return sentinels instead."""


class NoSegmentError(ChronoTickError):
    """There is no segment of that name, or it may not be read."""


class IncompatibleSegmentError(ChronoTickError):
    """Not a segment this client understands: wrong size, magic or version, or values that no clock has."""


class UntrustedSegmentError(ChronoTickError):
    """The file is not one that only root, this user or a trusted one can have written: of another user, writable by others, or
    behind a symbolic link."""


class ClockDomainError(ChronoTickError):
    """The segment is of another boot or of another time namespace: its clocks are not the ones that are read here."""


class NotReadyError(ChronoTickError):
    """Never written, or the daemon does not know the time yet. Passes by itself: try again later."""


class ExpiredError(ChronoTickError):
    """The record is past its use although its writer lives: the writer is stopped or has lost its servers."""


class DeadWriterError(ChronoTickError):
    """There is no valid record and the process that should write it is gone."""


class ContentionError(ChronoTickError):
    """No consistent record could be had: the writer stopped in the middle of a write."""
