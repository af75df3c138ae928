// SPDX-License-Identifier: Apache-2.0

/**
 * No time can be given; the subclass says for which of the causes. The message is one line that names the segment, the cause and
 * the remedy. Readers never return sentinels instead.
 */
export class ChronoTickError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** There is no segment of that name, or it may not be read. */
export class NoSegmentError extends ChronoTickError {}

/** Not a segment this client understands: wrong size, magic or version, or values that no clock has. */
export class IncompatibleSegmentError extends ChronoTickError {}

/**
 * The file is not one that only root, this user or a trusted one can have written: of another user, writable by others, or behind
 * a symbolic link.
 */
export class UntrustedSegmentError extends ChronoTickError {}

/** The segment is of another boot or of another time namespace: its clocks are not the ones that are read here. */
export class ClockDomainError extends ChronoTickError {}

/** Never written, or the daemon does not know the time yet. Passes by itself: try again later. */
export class NotReadyError extends ChronoTickError {}

/** The record is past its use although its writer lives: the writer is stopped or has lost its servers. */
export class ExpiredError extends ChronoTickError {}

/** There is no valid record and the process that should write it is gone. */
export class DeadWriterError extends ChronoTickError {}

/** No consistent record could be had: the writer stopped in the middle of a write. */
export class ContentionError extends ChronoTickError {}
