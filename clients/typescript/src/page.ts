// SPDX-License-Identifier: Apache-2.0
import { IncompatibleSegmentError, NotReadyError } from "./errors.js";

// The status page: bytes 128 to 4095 of the segment, for people and tools.

export const MAGIC = Buffer.from("CHRONOTK");
export const PAGE_VERSION = 1;

const MAX_SOURCES = 16;
const SOURCES_AT = 512;
const SOURCE_SIZE = 192;
const DROP_REASONS = 10;

const STATES = ["unreachable", "candidate", "selected", "falseticker", "unauthenticated", "denied", "smearing"] as const;
const NTS_STATES = ["", "exchanging", "authenticated", "unproven", "failed"] as const;

/** One server. Times in seconds. */
export interface SourceRow {
  readonly name: string;
  readonly stratum: number;
  /** Which of the last eight requests were answered, the newest in bit 0. */
  readonly reach: number;
  readonly state: (typeof STATES)[number];
  readonly kernelStamps: boolean;
  readonly leap: number;
  readonly poll: number;
  /** Since the newest accepted exchange when the page was written; NaN if there was none. */
  readonly age: number;
  /** Server minus published time. */
  readonly offset: number;
  readonly sd: number;
  readonly delay: number;
  readonly jitter: number;
  readonly rootDistance: number;
  readonly sent: number;
  readonly accepted: number;
  /** Malformed, wrong mode, bogus origin, duplicate, late, unsynchronized, stratum, kiss, nonsense, unauthenticated. */
  readonly drops: readonly number[];
  /** How its authentication is doing (RFC 8915); empty where it is not to be. */
  readonly nts: (typeof NTS_STATES)[number];
  readonly ntsCookies: number;
  /** Why the newest key exchange brought nothing, a number of docs/shared-memory.md; 0 if it did not fail. */
  readonly ntsFailure: number;
  /** Since the newest key exchange that succeeded, when the page was written; NaN if there was none. */
  readonly ntsAge: number;
}

/** How the daemon is doing. Times in seconds unless the name says otherwise. */
export interface StatusPage {
  readonly startTime: number;
  /** 32 hexadecimal digits; empty where the daemon's host has none. */
  readonly bootId: string;
  readonly updateFrequency: number;
  readonly maxDrift: number;
  readonly warmupProgress: number;
  readonly leapState: number;
  readonly tickOverruns: bigint;
  readonly weightShortTerm: number;
  readonly weightLongTerm: number;
  readonly latencyP50Ns: number;
  readonly latencyP99Ns: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly clockSteps: number;
  readonly pageMonotonicNs: bigint;
  readonly waitingFor: string;
  readonly cpuAffinity: string;
  readonly daemonVersion: string;
  /** How the daemon's learned models are doing, in words; empty when none is configured. */
  readonly learnedModels: string;
  /** Inode of the daemon's; 0 if it is not known. */
  readonly timeNamespace: bigint;
  /** The part of the record's offsetUncertainty that measurements scatter by; 0 where the daemon does not say. */
  readonly statisticalUncertainty: number;
  /** Its part that no measurement shows: what an asymmetry of the paths may hide. */
  readonly systematicUncertainty: number;
  readonly sources: readonly SourceRow[];
}

/**
 * Of a whole segment's bytes.
 *
 * @throws NotReadyError if the page has not been written yet
 * @throws IncompatibleSegmentError if it holds what no daemon of this version writes
 */
export function parsePage(path: string, b: Buffer): StatusPage {
  if (b.readBigUInt64LE(128) === 0n) {
    throw new NotReadyError(`${path} has no status yet: its daemon is starting, or died doing so`);
  }
  const count = b.readUInt32LE(416);
  if (!b.subarray(128, 136).equals(MAGIC) || b.readUInt32LE(136) !== PAGE_VERSION || count > MAX_SOURCES) {
    throw nonsense(path, "magic, version or source count");
  }
  return {
    startTime: b.readDoubleLE(144),
    bootId: b.subarray(152, 168).some((byte) => byte !== 0) ? b.toString("hex", 152, 168) : "",
    updateFrequency: b.readDoubleLE(168),
    maxDrift: b.readDoubleLE(176),
    warmupProgress: b.readFloatLE(184),
    leapState: b.readUInt32LE(188),
    tickOverruns: b.readBigUInt64LE(192),
    weightShortTerm: b.readFloatLE(200),
    weightLongTerm: b.readFloatLE(204),
    latencyP50Ns: b.readDoubleLE(208),
    latencyP99Ns: b.readDoubleLE(216),
    residentBytes: whole(path, b.readDoubleLE(224)),
    cpuSeconds: b.readDoubleLE(232),
    clockSteps: whole(path, b.readDoubleLE(240)),
    pageMonotonicNs: b.readBigInt64LE(248),
    waitingFor: text(b, 256, 64),
    cpuAffinity: text(b, 320, 64),
    daemonVersion: text(b, 384, 32),
    learnedModels: text(b, 424, 80),
    timeNamespace: b.readBigUInt64LE(504),
    statisticalUncertainty: b.readDoubleLE(3600),
    systematicUncertainty: b.readDoubleLE(3608),
    sources: Array.from({ length: count }, (_, i) => row(path, b, SOURCES_AT + i * SOURCE_SIZE)),
  };
}

/** Whether the page says the two parts of the uncertainty. */
export function isUncertaintyDivided(page: StatusPage): boolean {
  const { statisticalUncertainty, systematicUncertainty } = page;
  return (
    statisticalUncertainty > 0 &&
    statisticalUncertainty < Infinity &&
    systematicUncertainty >= 0 &&
    systematicUncertainty < Infinity
  );
}

function row(path: string, b: Buffer, at: number): SourceRow {
  const state = STATES[b.readUInt8(at + 66)];
  const nts = NTS_STATES[b.readUInt8(at + 69)];
  if (state === undefined) {
    throw nonsense(path, "state of a source");
  }
  if (nts === undefined) {
    throw nonsense(path, "authentication of a source");
  }
  return {
    name: text(b, at, 64),
    stratum: b.readUInt8(at + 64),
    reach: b.readUInt8(at + 65),
    state,
    kernelStamps: b.readUInt8(at + 67) !== 0,
    leap: b.readUInt8(at + 68),
    poll: b.readFloatLE(at + 72),
    age: b.readFloatLE(at + 76),
    offset: b.readDoubleLE(at + 80),
    sd: b.readDoubleLE(at + 88),
    delay: b.readDoubleLE(at + 96),
    jitter: b.readDoubleLE(at + 104),
    rootDistance: b.readDoubleLE(at + 112),
    sent: b.readUInt32LE(at + 120),
    accepted: b.readUInt32LE(at + 124),
    drops: Array.from({ length: DROP_REASONS }, (_, i) => b.readUInt32LE(at + 128 + 4 * i)),
    nts,
    ntsCookies: b.readUInt8(at + 70),
    ntsFailure: b.readUInt8(at + 71),
    ntsAge: b.readFloatLE(at + 168),
  };
}

/** Of a count that the page holds as a double. */
function whole(path: string, value: number): number {
  if (!Number.isFinite(value)) {
    throw nonsense(path, "count");
  }
  return Math.trunc(value);
}

function text(b: Buffer, at: number, size: number): string {
  const field = b.subarray(at, at + size);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? size : end);
}

function nonsense(path: string, what: string): IncompatibleSegmentError {
  return new IncompatibleSegmentError(
    `${path} has a status page with an unknown ${what}: use a client and a daemon of the same release`,
  );
}
