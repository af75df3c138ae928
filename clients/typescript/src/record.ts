// SPDX-License-Identifier: Apache-2.0
import { IncompatibleSegmentError } from "./errors.js";

// The 128 bytes of the correction record and what follows from them. Layout and arithmetic are those of docs/shared-memory.md. A
// number that holds Unix seconds has steps of 238 ns, so times are bigints of nanoseconds here, and numbers only where the record
// itself has them.

export const SEGMENT_SIZE = 4096;
export const LAYOUT_VERSION = 2;

const FLAG_VALID = 0x01;
const FLAG_NTP_READY = 0x02;
const FLAG_MODELS_READY = 0x04;
const FLAG_WARMUP_COMPLETE = 0x08;
const FLAG_HOLDOVER = 0x10;
const FLAG_CLOCK_STEPPED = 0x20;
const FLAG_LEAP_PENDING = 0x40;
const FLAG_AUTHENTICATED = 0x80;

// What a clock can have. Crystals are within 1e-4 and kernels slew within 5e-4, so beyond a hundredth it is none; one NTP era of
// seconds, 8.5 years of error and 23 days of validity keep every product below exact.
const MAX_SECONDS = 2 ** 32;
const MAX_DRIFT_RATE = 0.01;
const MAX_ERROR_SECONDS = 2 ** 28;
const MAX_VALIDITY_SECONDS = 2e6;

/** How far in the future an anchor may lie: the writer may move it to a representable time. More is another boot's record. */
export const MAX_AHEAD_NS = 4_000_000n;

/** What a correction rests on. */
export type Source = "NO_DATA" | "NTP" | "CPU_MODEL" | "GPU_MODEL" | "FUSION";

const SOURCES: readonly Source[] = ["NO_DATA", "NTP", "CPU_MODEL", "GPU_MODEL", "FUSION"];

/**
 * A consistent snapshot. Times are Unix seconds of the system clock unless the name says otherwise. It does not judge: a snapshot
 * may be invalid or expired, see {@link isValid} and {@link isExpiredAt}.
 */
export class CorrectionRecord {
  /** Best estimate of UTC at the anchor, to 238 ns; for people. Compute from the anchor instead. */
  readonly correctedTimestamp: number;
  /** The anchor: CLOCK_REALTIME, exact. */
  readonly systemTimestamp: number;
  /** Seconds to add to the system clock at predictionTime; positive when it is behind. */
  readonly offsetCorrection: number;
  /** How the offset grows, s/s. */
  readonly driftRate: number;
  /** One standard deviation of the offset at predictionTime, s. */
  readonly offsetUncertainty: number;
  /** One standard deviation of the drift, s/s. */
  readonly driftUncertainty: number;
  /** Origin of the correction line. */
  readonly predictionTime: number;
  /** After this the record is expired. */
  readonly validUntil: number;
  /** Share of recent forecasts that fell inside their own 95 % interval, scaled and aged: 0..1. */
  readonly confidence: number;
  readonly sequenceNumber: number;
  readonly flags: number;
  readonly sourceNumber: number;
  readonly measurementCount: number;
  readonly writerPid: number;
  readonly lastNtpSync: number;
  readonly daemonUptime: number;
  readonly totalCorrections: number;
  readonly layoutVersion: number;
  readonly averageLatencyMs: number;
  /** Hard bound on the error at the anchor, s. */
  readonly maxError: number;
  /** The anchor on the monotonic clock, comparable with process.hrtime.bigint(). */
  readonly monotonicNs: bigint;

  /** Of the segment's first 128 bytes. */
  constructor(b: Buffer) {
    this.correctedTimestamp = b.readDoubleLE(0);
    this.systemTimestamp = b.readDoubleLE(8);
    this.offsetCorrection = b.readDoubleLE(16);
    this.driftRate = b.readDoubleLE(24);
    this.offsetUncertainty = b.readDoubleLE(32);
    this.driftUncertainty = b.readDoubleLE(40);
    this.predictionTime = b.readDoubleLE(48);
    this.validUntil = b.readDoubleLE(56);
    this.confidence = b.readFloatLE(64);
    this.sequenceNumber = b.readUInt32LE(68);
    this.flags = b.readUInt32LE(72);
    this.sourceNumber = b.readUInt32LE(76);
    this.measurementCount = b.readUInt32LE(80);
    this.writerPid = b.readUInt32LE(84);
    this.lastNtpSync = b.readDoubleLE(88);
    this.daemonUptime = b.readDoubleLE(96);
    this.totalCorrections = b.readUInt32LE(104);
    this.layoutVersion = b.readUInt32LE(108);
    this.averageLatencyMs = b.readFloatLE(112);
    this.maxError = b.readFloatLE(116);
    this.monotonicNs = b.readBigInt64LE(120);
  }

  /**
   * What the correction rests on.
   *
   * @throws IncompatibleSegmentError if the record holds a number that stands for none
   */
  get source(): Source {
    const source = SOURCES[this.sourceNumber];
    if (source === undefined) {
      throw new IncompatibleSegmentError(
        `the record's source is ${this.sourceNumber}, this client knows 0 to ${SOURCES.length - 1}:` +
          " use a client and a daemon of the same release",
      );
    }
    return source;
  }

  /** Sequence zero alone does not mean never written: after 2^31 records it comes by again. */
  get isWritten(): boolean {
    return this.sequenceNumber !== 0 || this.layoutVersion !== 0;
  }

  /** The daemon held it to be good when it wrote it. A dead daemon cannot take that back: judge by age too. */
  get isValid(): boolean {
    return (this.flags & FLAG_VALID) !== 0;
  }

  get isNtpReady(): boolean {
    return (this.flags & FLAG_NTP_READY) !== 0;
  }

  get isModelsReady(): boolean {
    return (this.flags & FLAG_MODELS_READY) !== 0;
  }

  get isWarmupComplete(): boolean {
    return (this.flags & FLAG_WARMUP_COMPLETE) !== 0;
  }

  /** No server answers; the forecast carries on and its uncertainty grows. */
  get isHoldover(): boolean {
    return (this.flags & FLAG_HOLDOVER) !== 0;
  }

  /** The system clock was stepped of late; the correction already allows for it. */
  get isClockStepped(): boolean {
    return (this.flags & FLAG_CLOCK_STEPPED) !== 0;
  }

  get isLeapPending(): boolean {
    return (this.flags & FLAG_LEAP_PENDING) !== 0;
  }

  get isAuthenticated(): boolean {
    return (this.flags & FLAG_AUTHENTICATED) !== 0;
  }

  /** Seconds to add to the system clock when it shows systemTime. */
  correctionAt(systemTime: number): number {
    return this.offsetCorrection + this.driftRate * (systemTime - this.predictionTime);
  }

  /**
   * UTC, Unix seconds, when the system clock shows systemTime; to 238 ns, as numbers go. Wrong for a while when the system clock
   * is stepped, which a reader's `now` is not.
   */
  correctedTimeAt(systemTime: number): number {
    return systemTime + this.correctionAt(systemTime);
  }

  /** One standard deviation of the correction, s, so many seconds from predictionTime: also of a future time. */
  timeUncertainty(seconds: number): number {
    return Math.hypot(this.offsetUncertainty, this.driftUncertainty * seconds);
  }

  /** Whether these are values that a clock can have; false for any NaN. */
  isPlausible(): boolean {
    return (
      this.systemTimestamp >= 0 &&
      this.systemTimestamp <= MAX_SECONDS &&
      Math.abs(this.offsetCorrection) <= MAX_SECONDS &&
      Math.abs(this.driftRate) <= MAX_DRIFT_RATE &&
      Math.abs(this.systemTimestamp - this.predictionTime) <= MAX_VALIDITY_SECONDS &&
      Math.abs(this.validUntil - this.systemTimestamp) <= MAX_VALIDITY_SECONDS &&
      this.offsetUncertainty >= 0 &&
      this.offsetUncertainty <= MAX_ERROR_SECONDS &&
      this.driftUncertainty >= 0 &&
      this.driftUncertainty <= 1 &&
      this.maxError >= 0 &&
      this.maxError <= MAX_ERROR_SECONDS
    );
  }

  /** From the anchor to the end of validity, ns; of a plausible record exact. */
  validityNs(): number {
    return Math.floor((this.validUntil - this.systemTimestamp) * 1e9);
  }

  /**
   * Whether the record may not be used at a reading of process.hrtime.bigint(): past its validity, from the future (a record of
   * another boot), or with values that no clock has.
   */
  isExpiredAt(monotonicNs: bigint): boolean {
    const age = monotonicNs - this.monotonicNs;
    return !this.isPlausible() || age < -MAX_AHEAD_NS || age > BigInt(this.validityNs());
  }
}

/** A bound that does not grow would be a lie: zero is not plausible. */
export function isPlausibleMaxDrift(maxDrift: number): boolean {
  return maxDrift > 0 && maxDrift <= MAX_DRIFT_RATE;
}
