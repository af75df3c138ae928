// SPDX-License-Identifier: Apache-2.0
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { ChronoTickError, ClockDomainError, IncompatibleSegmentError, NoSegmentError, UntrustedSegmentError } from "./errors.js";
import type { Host } from "./host.js";
import { MAGIC, PAGE_VERSION } from "./page.js";
import { SEGMENT_SIZE } from "./record.js";

const DEFAULT_NAME = "chronotick_shm";
const SHM_VARIABLE = "CHRONOTICK_SHM";
const TRUST_VARIABLE = "CHRONOTICK_TRUST_UID";

/** The record and what a reader of it needs of the page. */
export const HEAD_SIZE = 512;
export const SEQUENCE_AT = 68;
export const PAGE_SEQUENCE_AT = 140;
const WRITER_PID_AT = 84;
const MAGIC_AT = 128;
const PAGE_VERSION_AT = 136;
const BOOT_ID_AT = 152;
const UPDATE_FREQUENCY_AT = 168;
const MAX_DRIFT_AT = 176;
const TIME_NAMESPACE_AT = 504;
const BOOTTIME_LEAD_AT = 3584;

/** Two periods without a record are ordinary scheduling, the third should have come; at high rates, an ordinary pause. */
const STALE_PERIODS = 2.5;
const MIN_STALE_NS = 50_000_000;

const OPEN_FLAGS =
  constants.O_RDONLY |
  // Windows has none of these.
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOCTTY ?? 0);

/** Where the daemon publishes unless told otherwise: $CHRONOTICK_SHM, a name or a path, else chronotick_shm. */
export function defaultSegment(): string {
  const configured = process.env[SHM_VARIABLE] ?? "";
  return resolve(configured.trim() === "" ? DEFAULT_NAME : configured);
}

/**
 * The file that a segment's name or path stands for. Anything with a separator is a path; a bare name is a file in /dev/shm, or in
 * the temporary directory on macOS and Windows, which have no such place.
 *
 * @throws RangeError if it is blank
 */
export function resolve(nameOrPath: string): string {
  if (nameOrPath.trim() === "") {
    throw new RangeError("the name of the segment is empty");
  }
  if (nameOrPath.includes("/") || nameOrPath.includes(sep)) {
    return nameOrPath;
  }
  const hasDevShm = process.platform !== "darwin" && process.platform !== "win32";
  return join(hasDevShm ? "/dev/shm" : tmpdir(), nameOrPath);
}

/** How to start a daemon that writes to this path. */
export function start(path: string): string {
  return `start one with: chronotick daemon${path === defaultSegment() ? "" : ` --shm ${path}`}`;
}

/** What came of an attempt to copy. */
export type Copy = "whole" | "torn" | "short";

/**
 * One open segment file, read by pread(2): a copy out of the very pages that the daemon has mapped. A file that is cut short gives
 * fewer bytes, where a mapping would end the process.
 */
export class Segment {
  /** Device and inode. */
  readonly identity: string;
  /** The newest copy of the file's first bytes. */
  readonly head = Buffer.alloc(HEAD_SIZE);
  /** The record's sequence at which the clock domain was last looked at. */
  checked = -1;

  readonly #path: string;
  readonly #descriptor: number;
  readonly #bootId: string;
  readonly #timeNamespace: bigint;
  readonly #word = Buffer.alloc(8);
  #domain: string | undefined;

  /** Opens the file that the path leads to now. */
  constructor(path: string, host: Host) {
    if (host.otherClock !== undefined) {
      throw new ClockDomainError(`${path} cannot be read here: ${host.otherClock}`);
    }
    let descriptor: number | undefined;
    try {
      requireSegmentFile(path, lstatSync(path, { bigint: true })); // before it is opened: opening a device may do something
      descriptor = openSync(path, OPEN_FLAGS);
      const opened = fstatSync(descriptor, { bigint: true });
      requireSegmentFile(path, opened); // this is the file that counts, whatever the name leads to by now
      this.#path = path;
      this.#descriptor = descriptor;
      this.identity = identityOf(opened);
      this.#bootId = host.bootId();
      this.#timeNamespace = host.timeNamespace();
      this.#read(this.head, 0);
      this.#requireKnownLayout();
      this.requireDomain();
    } catch (e) {
      if (descriptor !== undefined) {
        closeSync(descriptor);
      }
      throw translated(e, path, "the daemon is not running");
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /**
   * Whether the path still leads to this file.
   *
   * @throws NoSegmentError if it leads to none, or the file is not whole any more
   */
  isCurrent(): boolean {
    let found: BigIntStats;
    try {
      found = lstatSync(this.#path, { bigint: true });
    } catch (e) {
      throw translated(e, this.#path, "the daemon has stopped");
    }
    if (identityOf(found) !== this.identity) {
      return false;
    }
    if (found.size < SEGMENT_SIZE) {
      throw new NoSegmentError(
        `${this.#path} was cut short (${found.size} of ${SEGMENT_SIZE} bytes): a running daemon makes a new one within seconds;` +
          ` otherwise ${start(this.#path)}`,
      );
    }
    return true;
  }

  /**
   * The sequence number at an offset; -1 if the file has been cut short.
   *
   * Read as the aligned 8 bytes around it: four a kernel may copy byte by byte, and so out of two numbers.
   */
  sequence(at: number): number {
    return this.#read(this.#word, at - 4) === 8 ? this.#word.readUInt32LE(4) : -1;
  }

  /**
   * The reader's half of the seqlock, one attempt, with a pread for each of its three loads: an odd sequence is a write under way;
   * equal and even before and after means that none began or ended in between. The copy itself may well be torn: it is looked at
   * only afterwards.
   *
   * The loads stay in this order on every machine: for each pread of a file in /dev/shm Linux takes a reference to its page and
   * lets go of it, both by atomic operations with a result, which it defines to be full barriers.
   */
  tryCopy(sequenceAt: number, into: Buffer): Copy {
    const before = this.sequence(sequenceAt);
    if (before < 0) {
      return "short";
    }
    if ((before & 1) !== 0) {
      return "torn";
    }
    if (this.#read(into, 0) !== into.length) {
      return "short";
    }
    return this.sequence(sequenceAt) === before ? "whole" : "torn";
  }

  /** Of the newest copy: the process that wrote it. */
  writerPid(): number {
    return this.#read(this.#word, WRITER_PID_AT - 4) === 8 ? this.#word.readUInt32LE(4) : 0;
  }

  /** Of the newest copy: the growth of the bound, fixed before the first record is published. */
  maxDrift(): number {
    return this.head.readDoubleLE(MAX_DRIFT_AT);
  }

  /** Of the newest copy: the age, ns, at which another record should have come. */
  staleNs(): bigint {
    const nanos = (STALE_PERIODS * 1e9) / this.head.readDoubleLE(UPDATE_FREQUENCY_AT);
    // Also the answer to nonsense (zero, NaN, negative).
    return BigInt(nanos >= MIN_STALE_NS && nanos <= 1e12 ? Math.trunc(nanos) : MIN_STALE_NS);
  }

  /**
   * CLOCK_BOOTTIME - CLOCK_MONOTONIC as the daemon found it when it wrote the record, ns; undefined if it could not. Kept under the
   * record's sequence: only good while that is the same.
   */
  boottimeLeadNs(): bigint | undefined {
    const both = Buffer.alloc(16);
    return this.#read(both, BOOTTIME_LEAD_AT) === 16 && both.readUInt32LE(8) !== 0 ? both.readBigInt64LE(0) : undefined;
  }

  /** Whether it is known, by {@link requireDomain}, that this is a segment of the clocks that are read here. */
  isDomainKnown(): boolean {
    return this.#domain !== undefined;
  }

  /**
   * The monotonic clock of the newest copy has to be the one that is read here. Written once by each daemon, before its first
   * record; zeros are not known.
   */
  requireDomain(): void {
    if (this.head.readBigUInt64LE(MAGIC_AT) === 0n) {
      return; // not written yet: when it has been, a record follows, and this is asked again
    }
    const bootId = this.head.toString("hex", BOOT_ID_AT, BOOT_ID_AT + 16);
    const namespace = this.head.readBigUInt64LE(TIME_NAMESPACE_AT);
    const domain = `${bootId} ${namespace}`;
    if (domain === this.#domain) {
      return;
    }
    if (this.#bootId !== "" && /[^0]/.test(bootId) && bootId !== this.#bootId) {
      throw new ClockDomainError(
        `${this.#path} was written by another boot of this machine, or on another one` +
          ` (boot id ${uuid(bootId)}, here ${uuid(this.#bootId)}): ${start(this.#path)}`,
      );
    }
    if (this.#timeNamespace !== 0n && namespace !== 0n && namespace !== this.#timeNamespace) {
      throw new ClockDomainError(
        `${this.#path} was written in time namespace ${namespace} and this process is in ${this.#timeNamespace}, where the clocks` +
          " show something else: run a daemon here, on a segment of its own (chronotick daemon --shm NAME)",
      );
    }
    this.#domain = domain;
  }

  #requireKnownLayout(): void {
    if (this.head.readBigUInt64LE(MAGIC_AT) === 0n) {
      return; // its daemon is about to write it
    }
    if (!this.head.subarray(MAGIC_AT, MAGIC_AT + 8).equals(MAGIC)) {
      throw new IncompatibleSegmentError(
        `${this.#path} is not a ChronoTick segment (wrong magic); check the name, or use another with --shm`,
      );
    }
    const version = this.head.readUInt32LE(PAGE_VERSION_AT);
    if (version !== PAGE_VERSION) {
      throw new IncompatibleSegmentError(
        `${this.#path} has page version ${version}, this client reads ${PAGE_VERSION}:` +
          " use a client and a daemon of the same release",
      );
    }
  }

  #read(into: Buffer, at: number): number {
    return readSync(this.#descriptor, into, 0, into.length, at);
  }
}

/** What a segment's file has to be before anything in it is believed: its directory may be one where anybody can make a file. */
function requireSegmentFile(path: string, found: BigIntStats): void {
  if (found.isSymbolicLink()) {
    throw new UntrustedSegmentError(
      `${path} is a symbolic link, and whoever can change it decides about the time: name the file itself`,
    );
  }
  if (!found.isFile()) {
    // opening a pipe would wait for its writer
    throw new IncompatibleSegmentError(`${path} is not a file: give the segment's name or path`);
  }
  const trusted = trustedUser();
  const me = process.geteuid?.();
  if (me !== undefined) {
    // Windows has neither.
    const owner = Number(found.uid);
    if (owner !== 0 && owner !== me && owner !== trusted) {
      throw new UntrustedSegmentError(
        `${path} belongs to user ${owner}, who is neither root nor you (user ${me}): remove it, or trust that user with` +
          ` ${TRUST_VARIABLE}=${owner}`,
      );
    }
    const mode = Number(found.mode) & 0o7777;
    if ((mode & 0o022) !== 0) {
      throw new UntrustedSegmentError(
        `${path} has mode ${mode.toString(8).padStart(4, "0")}, so others than its owner (user ${owner}) may write to it:` +
          " remove it and restart the daemon",
      );
    }
  }
  if (found.size !== BigInt(SEGMENT_SIZE)) {
    throw new IncompatibleSegmentError(
      `${path} has ${found.size} bytes where a segment has ${SEGMENT_SIZE}: not a ChronoTick segment of this version;` +
        " check the name, or use another with --shm",
    );
  }
}

/** Whom to believe beside root and oneself; 0, who is believed anyway, if nobody is named. */
function trustedUser(): number {
  const text = process.env[TRUST_VARIABLE] ?? "";
  if (text === "") {
    return 0;
  }
  // Plain digits, and the last number stands for no user in chown(2).
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) >= 2 ** 32 - 1) {
    throw new UntrustedSegmentError(
      `${TRUST_VARIABLE} is ${JSON.stringify(text.slice(0, 40))} and has to be the number of a user, such as 1000`,
    );
  }
  return Number(text);
}

/** What an error of the file system means to whoever wants the time; others as they are. */
function translated(e: unknown, path: string, absent: string): unknown {
  const code = (e as NodeJS.ErrnoException).code;
  if (e instanceof ChronoTickError || code === undefined) {
    return e;
  }
  if (code === "ENOENT") {
    return new NoSegmentError(`no segment at ${path}: ${absent}; ${start(path)}`, { cause: e });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new NoSegmentError(`permission denied on ${path}: make it readable (chmod 644) or run as the daemon's user`, {
      cause: e,
    });
  }
  return new NoSegmentError(`cannot open ${path}: ${(e as Error).message}`, { cause: e });
}

function identityOf(found: BigIntStats): string {
  return `${found.dev}:${found.ino}`;
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
