// SPDX-License-Identifier: Apache-2.0
import {
  ChronoTickError,
  ClockDomainError,
  ContentionError,
  DeadWriterError,
  ExpiredError,
  IncompatibleSegmentError,
  NotReadyError,
} from "./errors.js";
import { type Host, realHost } from "./host.js";
import { type StatusPage, parsePage } from "./page.js";
import {
  CorrectionRecord,
  LAYOUT_VERSION,
  MAX_AHEAD_NS,
  SEGMENT_SIZE,
  type Source,
  isPlausibleMaxDrift,
} from "./record.js";
import { PAGE_SEQUENCE_AT, SEQUENCE_AT, Segment, defaultSegment, resolve, start } from "./segment.js";

/** Between two looks at the file system while a record is stale but still valid. */
const LOOKUP_INTERVAL_NS = 100_000_000n;
/**
 * CLOCK_BOOTTIME ahead of CLOCK_MONOTONIC by so much more than the daemon saw: the machine was suspended since. It can be read here
 * to 10 ms only, and all readers are to agree.
 */
const SUSPEND_NS = 30_000_000n;
/** That clock never falls back: further behind than a look at it can take, it is another one. */
const LARGEST_LAG_NS = 1_000_000_000n;
/** A write takes about a microsecond: this many looks outlast it. After that the writer has lost its CPU. */
const SPINS = 20;
const CONTENTION_PATIENCE_NS = 20_000_000n;
const CONTENTION_SLEEP_NS = 50_000;
/** The longest sleep between two looks at the record, so that a changed correction moves the deadline of a wait. */
const MAX_SLEEP_NS = 100_000_000;
/** Node's timers are up to 1 ms late, and then some: before a deadline the wait turns the event loop, and at last spins. */
const TURNS_BEFORE_DEADLINE_NS = 2_000_000;
const SPIN_BEFORE_DEADLINE_NS = 200_000;

/** UTC at one moment, and how sure that is. Nanoseconds since the Unix epoch, without leap seconds. */
export interface TimeInterval {
  /** UTC is not before this. */
  readonly earliestNs: bigint;
  /** The best estimate. */
  readonly estimateNs: bigint;
  /** UTC is not after this. */
  readonly latestNs: bigint;
  /** The hard bound: half of the way from earliest to latest. */
  readonly boundNs: bigint;
  /** One standard deviation of the estimate, ns. Twice it covers 95 %; the interval holds whatever the model believes. */
  readonly uncertaintyNs: number;
  /** Share of recent forecasts that fell inside their own 95 % interval, scaled and aged: 0..1. */
  readonly confidence: number;
  /** What the time rests on. */
  readonly source: Source;
  /** For how long the record that this comes from may be used if no other follows, ns. */
  readonly validForNs: bigint;
}

/** What a record comes to, kept from one reading to the next. */
interface Line {
  readonly sequence: number;
  /** On the monotonic clock, ns. */
  readonly anchor: bigint;
  /** How long it may be used without another look, ns. */
  readonly fresh: bigint;
  readonly validity: bigint;
  /** UTC at the anchor in whole seconds, ns, and what is missing of it, ns. */
  readonly whole: bigint;
  readonly fraction: number;
  readonly drift: number;
  /** ns */
  readonly bound: number;
  readonly growth: number;
  /** ns, and its growth a nanosecond; the anchor's distance from the line's origin, ns. */
  readonly sd: number;
  readonly sdGrowth: number;
  readonly since: number;
  readonly confidence: number;
  readonly source: Source;
}

/**
 * Reads the time that a ChronoTick daemon on this machine publishes in shared memory. Attach once and keep the reader.
 *
 * **Cost.** {@link now} is one pread(2) of 8 bytes while the record is the same as at the last call, and four when it is not. Only
 * when the record has not advanced for two and a half of the daemon's periods (at least 50 ms) does it look at the file's name, at
 * most ten times a second, and at the boot clock.
 *
 * **Progress.** A reader that meets a write under way blocks until its end, at most about 20 ms, then throws ContentionError, or
 * DeadWriterError if nobody is there to end it. It never returns a torn record.
 *
 * **Restarts.** When a daemon has stopped and another has made a new segment under the same name, the reader moves to it.
 *
 * **Clocks.** The record is anchored on the monotonic clock, so a step of the system clock does not move the time read here. That
 * clock has to be the daemon's: a segment of another boot or time namespace is refused. It stands still while the machine is
 * suspended: a record from before that is refused once it is stale, and the daemon's first tick replaces it.
 *
 * **Trust.** The file has to be root's, of this process' user or of $CHRONOTICK_TRUST_UID, not writable by group or others, and no
 * symbolic link. (On Windows nothing is checked.)
 *
 * A reader belongs to one thread: each worker makes its own.
 */
export class Reader {
  /** The file that this reader was attached to. */
  readonly path: string;
  readonly #host: Host;
  readonly #page = Buffer.alloc(SEGMENT_SIZE);
  #segment: Segment | undefined;
  #line: Line | undefined;
  #lastLookup: bigint;

  /**
   * Attaches to a segment, which need not have been written yet.
   *
   * @param segment a name or a path, as for {@link resolve}; without it {@link defaultSegment}
   * @param host for tests
   * @throws NoSegmentError if there is no such file, or it may not be read
   * @throws UntrustedSegmentError if somebody can have written to it whom this process need not believe
   * @throws IncompatibleSegmentError if the file is not a segment of a version known here
   * @throws ClockDomainError if it is of another boot or time namespace; and on macOS, where Node does not read the daemon's clock
   */
  constructor(segment?: string, host: Host = realHost) {
    this.path = segment === undefined ? defaultSegment() : resolve(segment);
    this.#host = host;
    this.#segment = new Segment(this.path, host);
    this.#lastLookup = host.monotonicNs();
  }

  /** Lets go of the segment, and of nothing else: the segment stays for others. Later calls throw. */
  close(): void {
    this.#segment?.close();
    this.#segment = undefined;
    this.#line = undefined;
  }

  /**
   * UTC now: the interval that holds it and the best estimate. Immune to steps of the system clock.
   *
   * @throws NotReadyError if no record has been written or the daemon does not know the time yet
   * @throws ExpiredError if the record is past its use
   * @throws DeadWriterError if it is, and its writer is gone
   * @throws NoSegmentError if it is, and the segment is gone, or was cut short
   * @throws UntrustedSegmentError if it is, and the name has gone to a file of somebody who is not trusted
   * @throws IncompatibleSegmentError if the record holds what no daemon of this version writes
   * @throws ClockDomainError if the record is of another boot or time namespace
   * @throws ContentionError if no consistent record could be had in about 20 ms
   */
  now(): TimeInterval {
    const line = this.#line;
    if (line !== undefined) {
      const elapsed = this.#host.monotonicNs() - line.anchor;
      // An equal sequence means that the segment still holds the record that the line came from.
      if (elapsed >= 0n && elapsed <= line.fresh && this.#open().sequence(SEQUENCE_AT) === line.sequence) {
        return intervalAt(line, elapsed);
      }
    }
    const { record, maxDrift, elapsed, staleNs } = this.#usable();
    const kept = lineOf(record, maxDrift, staleNs);
    this.#line = kept;
    return intervalAt(kept, elapsed);
  }

  /**
   * A consistent snapshot of the record, whatever it says: validity and age are for the caller to judge.
   *
   * @throws NotReadyError if no record has ever been written
   * @throws IncompatibleSegmentError if the record is of another layout
   * @throws ContentionError if no consistent record could be had in about 20 ms
   * @throws DeadWriterError if that is because its writer died in the middle of a write
   */
  read(): CorrectionRecord {
    for (;;) {
      const record = this.#load();
      const segment = this.#open();
      const mono = this.#host.monotonicNs();
      const age = mono - record.monotonicNs;
      if (age < -MAX_AHEAD_NS || age > segment.staleNs()) {
        try {
          if (this.#follow(segment, mono, isUsable(record, mono))) {
            continue;
          }
        } catch (e) {
          if (!(e instanceof ChronoTickError) || !record.isWritten) {
            throw e;
          }
          // The segment is gone, but this is still what it said last.
        }
      }
      this.#requireWritten(record);
      return record;
    }
  }

  /**
   * A record that may be used now.
   *
   * @throws ChronoTickError as {@link now}
   */
  readValid(): CorrectionRecord {
    return this.#usable().record;
  }

  /**
   * Whether a time, ns since the Unix epoch, has certainly passed: not even the earliest time that it can be now is before or at it.
   *
   * @throws ChronoTickError as {@link now}
   */
  after(epochNs: bigint): boolean {
    return this.now().earliestNs > epochNs;
  }

  /**
   * Whether a time, ns since the Unix epoch, has certainly not come yet: not even the latest time that it can be now is at or after
   * it.
   *
   * @throws ChronoTickError as {@link now}
   */
  before(epochNs: bigint): boolean {
    return this.now().latestNs < epochNs;
  }

  /**
   * Waits until a time, ns since the Unix epoch, has certainly passed on every machine whose interval is honest (commit-wait): other
   * work goes on meanwhile, but for the last 0.2 ms, in which it spins. Follows the correction as it changes. Resolves to the reading
   * that ended the wait.
   *
   * @param options.signal rejects with its reason when it is aborted
   * @throws ChronoTickError as {@link now}, also when the record expires during the wait
   */
  async waitUntil(epochNs: bigint, options: { readonly signal?: AbortSignal } = {}): Promise<TimeInterval> {
    for (;;) {
      options.signal?.throwIfAborted();
      const now = this.now();
      const remaining = Number(epochNs - now.earliestNs);
      if (remaining < 0) {
        return now;
      }
      if (remaining > TURNS_BEFORE_DEADLINE_NS) {
        await this.#host.sleep(Math.min(remaining - TURNS_BEFORE_DEADLINE_NS, MAX_SLEEP_NS), options.signal);
      } else if (remaining > SPIN_BEFORE_DEADLINE_NS) {
        await this.#host.turn();
      }
    }
  }

  /**
   * The status page: for people and tools, some ten microseconds.
   *
   * @throws NotReadyError if the page has not been written yet
   * @throws IncompatibleSegmentError if it holds what no daemon of this version writes
   * @throws ClockDomainError if it is of another boot or time namespace
   * @throws ContentionError if no consistent page could be had in about 20 ms
   */
  status(): StatusPage {
    this.#follow(this.#open(), this.#host.monotonicNs(), true);
    const segment = this.#copy(PAGE_SEQUENCE_AT, () => this.#page);
    this.#page.copy(segment.head);
    segment.requireDomain();
    return parsePage(this.path, this.#page);
  }

  /**
   * Whether the process that wrote the record lives; false if it is not known. Only sensible where reader and writer see the same
   * process ids, not from another container. Nothing but the wording of errors depends on it.
   */
  writerAlive(): boolean {
    const pid = this.#open().writerPid();
    return pid !== 0 && this.#host.isAlive(pid);
  }

  #open(): Segment {
    if (this.#segment === undefined) {
      throw new Error(`the reader of ${this.path} is closed`);
    }
    return this.#segment;
  }

  /** A record that may be used now, the growth of its bound, the time since its anchor, ns, and the age at which it is stale. */
  #usable(): { record: CorrectionRecord; maxDrift: number; elapsed: bigint; staleNs: bigint } {
    for (;;) {
      const record = this.#load();
      const segment = this.#open();
      const maxDrift = segment.maxDrift();
      const staleNs = segment.staleNs();
      // After the record: one that was published meanwhile is not from the future.
      const mono = this.#host.monotonicNs();
      const elapsed = mono - record.monotonicNs;
      let usable = segment.isDomainKnown() && isUsable(record, mono) && isPlausibleMaxDrift(maxDrift);
      if (!usable || elapsed > staleNs) {
        const suspend = usable ? this.#suspend(segment, record) : "";
        if (suspend === undefined) {
          continue; // another record has come
        }
        usable &&= suspend === "";
        if (this.#follow(segment, mono, usable)) {
          continue;
        }
        if (!usable) {
          this.#refuse(segment, record, maxDrift, mono, suspend);
        }
      }
      return { record, maxDrift, elapsed, staleNs };
    }
  }

  /**
   * What is wrong with a stale record because of a suspend, if anything; undefined if the segment has another record by now. Never
   * put off: a suspend leaves no other trace, and takes no time on the monotonic clock.
   */
  #suspend(segment: Segment, record: CorrectionRecord): string | undefined {
    const written = segment.boottimeLeadNs();
    if (segment.sequence(SEQUENCE_AT) !== record.sequenceNumber) {
      return undefined;
    }
    if (written === undefined) {
      return "";
    }
    const lead = this.#host.boottimeLeadNs();
    if (lead === undefined || lead - written < -LARGEST_LAG_NS) {
      return (
        "whether the machine was suspended since cannot be told without the kernel's own /proc/uptime; mount /proc, and not lxcfs" +
        " over it"
      );
    }
    if (lead - written <= SUSPEND_NS) {
      return "";
    }
    return (
      `the machine was suspended since, and its writer (process ${record.writerPid}) has not written another;` +
      " see: chronotick status"
    );
  }

  /** A consistent record of this reader's clock domain. */
  #load(): CorrectionRecord {
    for (;;) {
      const segment = this.#copy(SEQUENCE_AT, (from) => from.head);
      const record = new CorrectionRecord(segment.head);
      if (record.sequenceNumber !== segment.checked) {
        try {
          // Of each record: another daemon may have taken the file over, and wrote this first.
          segment.requireDomain();
        } catch (e) {
          if (e instanceof ClockDomainError && this.#follow(segment, this.#host.monotonicNs(), false)) {
            continue;
          }
          throw e;
        }
        if (segment.isDomainKnown()) {
          segment.checked = record.sequenceNumber;
        }
      }
      return record;
    }
  }

  /** A consistent copy of the segment's first bytes. Returns the segment, which may have changed by the wait for it. */
  #copy(sequenceAt: number, into: (segment: Segment) => Buffer): Segment {
    let deadline = 0n;
    for (let attempt = 0; ; attempt++) {
      const segment = this.#open();
      const copy = segment.tryCopy(sequenceAt, into(segment));
      if (copy === "whole") {
        return segment;
      }
      if (copy === "short") {
        this.#follow(segment, this.#host.monotonicNs(), false); // throws unless there is another
      } else {
        deadline = this.#pause(segment, attempt, deadline);
      }
    }
  }

  /** One step of waiting for a write to end: first spinning, then leaving the CPU to the writer, until patience ends. */
  #pause(segment: Segment, attempt: number, deadline: bigint): bigint {
    if (attempt < SPINS) {
      return deadline;
    }
    const mono = this.#host.monotonicNs();
    if (attempt === SPINS) {
      return mono + CONTENTION_PATIENCE_NS;
    }
    if (mono < deadline) {
      this.#host.block(CONTENTION_SLEEP_NS);
      return deadline;
    }
    if (this.#follow(segment, mono, false)) {
      return mono + CONTENTION_PATIENCE_NS;
    }
    const pid = segment.writerPid();
    if (!this.writerAlive()) {
      throw new DeadWriterError(
        `${this.path} was left in the middle of a write and its writer (process ${pid}) is gone; ${start(this.path)}`,
      );
    }
    throw new ContentionError(
      `no consistent record in ${this.path} for ${CONTENTION_PATIENCE_NS / 1_000_000n} ms: its writer (process ${pid})` +
        " stopped in the middle of a write; continue or restart it",
    );
  }

  /**
   * Looks whether the name leads to another segment by now, and moves to it if that is no loss.
   *
   * @param usable whether the record at hand is: then failures can wait, and looks are rationed
   * @returns whether this reader now has another segment than the given one
   */
  #follow(segment: Segment, mono: bigint, usable: boolean): boolean {
    if (usable && mono - this.#lastLookup < LOOKUP_INTERVAL_NS) {
      return false;
    }
    this.#lastLookup = mono;
    try {
      if (segment.isCurrent()) {
        return false;
      }
      const successor = new Segment(this.path, this.#host);
      if (usable) {
        const whole = successor.tryCopy(SEQUENCE_AT, successor.head) === "whole";
        if (!whole || !isUsable(new CorrectionRecord(successor.head), mono)) {
          successor.close();
          return false;
        }
      }
      segment.close();
      this.#line = undefined;
      this.#segment = successor;
      return true;
    } catch (e) {
      if (usable && e instanceof ChronoTickError) {
        return false;
      }
      throw e;
    }
  }

  /** Throws what is wrong with the record. */
  #refuse(segment: Segment, record: CorrectionRecord, maxDrift: number, mono: bigint, suspend: string): never {
    this.#requireWritten(record);
    if (!segment.isDomainKnown()) {
      throw new NotReadyError(
        `${this.path} has a record but no page yet: its daemon is starting, or died doing so; see: chronotick status`,
      );
    }
    const writer = `its writer (process ${record.writerPid})`;
    const age = `${(Number(mono - record.monotonicNs) * 1e-9).toFixed(3)} s old`;
    if (record.isValid && !(record.isPlausible() && isPlausibleMaxDrift(maxDrift))) {
      const values = Object.entries(record).map(([name, value]) => `${name} ${value}`);
      throw new IncompatibleSegmentError(
        `${this.path} holds values that no clock has (${values.join(", ")}, max_drift ${maxDrift}): something else writes to it;` +
          ` check the name, or ${start(this.path)}`,
      );
    }
    if (!this.writerAlive()) {
      throw new DeadWriterError(`the record in ${this.path} is ${age} and ${writer} is gone; ${start(this.path)}`);
    }
    if (!record.isValid && !record.isWarmupComplete) {
      throw new NotReadyError(
        `${this.path} has no valid time yet: ${writer} is measuring; see its progress with: chronotick status`,
      );
    }
    const why = suspend || `${writer} is stopped or has lost its servers; see: chronotick status`;
    throw new ExpiredError(`the record in ${this.path} is expired (${age}): ${why}`);
  }

  #requireWritten(record: CorrectionRecord): void {
    if (!record.isWritten) {
      throw new NotReadyError(
        `${this.path} has never been written: its daemon is starting, or died doing so; see: chronotick status`,
      );
    }
    if (record.layoutVersion !== LAYOUT_VERSION) {
      throw new IncompatibleSegmentError(
        `${this.path} has record layout ${record.layoutVersion}, this client reads ${LAYOUT_VERSION}:` +
          " use a client and a daemon of the same release",
      );
    }
  }
}

function isUsable(record: CorrectionRecord, mono: bigint): boolean {
  return record.isValid && record.layoutVersion === LAYOUT_VERSION && !record.isExpiredAt(mono);
}

function lineOf(record: CorrectionRecord, maxDrift: number, staleNs: bigint): Line {
  // Whole seconds are exact as integers; what is left is small enough to be exact to a thousandth of a nanosecond.
  const { systemTimestamp: system, offsetCorrection: offset, driftRate: drift } = record;
  const wholeSystem = Math.trunc(system);
  const wholeOffset = Math.trunc(offset);
  const since = system - record.predictionTime;
  const validity = BigInt(record.validityNs());
  return {
    sequence: record.sequenceNumber,
    anchor: record.monotonicNs,
    fresh: validity < staleNs ? validity : staleNs,
    validity,
    whole: BigInt(wholeSystem + wholeOffset) * 1_000_000_000n,
    fraction: (system - wholeSystem + (offset - wholeOffset) + drift * since) * 1e9,
    drift,
    bound: record.maxError * 1e9,
    growth: maxDrift,
    sd: record.offsetUncertainty * 1e9,
    sdGrowth: record.driftUncertainty,
    since: since * 1e9,
    confidence: record.confidence,
    source: record.source,
  };
}

function intervalAt(line: Line, elapsed: bigint): TimeInterval {
  const nanos = Number(elapsed);
  const estimateNs = line.whole + elapsed + BigInt(Math.round(line.fraction + line.drift * nanos));
  // Rounded up; the extra nanosecond is for the rounding of the estimate.
  const boundNs = BigInt(Math.ceil(line.bound + line.growth * Math.abs(nanos)) + 1);
  return {
    earliestNs: estimateNs - boundNs,
    estimateNs,
    latestNs: estimateNs + boundNs,
    boundNs,
    uncertaintyNs: Math.hypot(line.sd, line.sdGrowth * (line.since + nanos)),
    confidence: line.confidence,
    source: line.source,
    validForNs: line.validity - elapsed,
  };
}
