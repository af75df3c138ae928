// SPDX-License-Identifier: Apache-2.0

// What an agent can ask, as the Java library's tools of the same names: each takes and returns JSON values. The adapters beside
// this give them to a framework.
import {
  ChronoTickError,
  DeadWriterError,
  ExpiredError,
  NoSegmentError,
  NotReadyError,
} from "./errors.js";
import { type SourceRow, type StatusPage, isUncertaintyDivided } from "./page.js";
import { Reader, type TimeInterval } from "./reader.js";
import type { CorrectionRecord } from "./record.js";

/** What was asked makes no sense; the message says what does. */
export class BadInputError extends Error {
  override get name(): string {
    return "BadInputError";
  }
}

/** A JSON object. */
export type Json = { readonly [key: string]: unknown };

/** How an operation is offered to a model. */
export interface Tool {
  readonly name: "get_time" | "get_daemon_status";
  readonly title: string;
  readonly description: string;
  /** JSON Schema 2020-12 of the arguments. */
  readonly inputSchema: {
    readonly type: "object";
    readonly properties: { readonly [name: string]: { readonly type: "string"; readonly description: string } };
    readonly required: readonly string[];
    readonly additionalProperties: false;
  };
  /**
   * @throws BadInputError if the arguments make no sense
   * @throws ChronoTickError if the status is of another version
   */
  readonly call: (input: Json) => Json;
}

/** Which tools: both, or one of them. */
export type Choice = "all" | "time" | "status";

const TIME_DESCRIPTION =
  "The current date, weekday and time, measured against time servers, with its uncertainty. Call it whenever you need to " +
  "know what time or date it is now, to stamp an event, or to measure how long something took (call it twice). Gives UTC, " +
  "and the local time of the timezone you name, else of the machine that runs this tool. time_uncertainty is how far " +
  "corrected_time is probably off (one standard deviation); earliest and latest are hard limits that the true UTC " +
  "certainly lies between. To order events of different machines keep whole results for compare_timestamps.";

const TIMEZONE_DESCRIPTION =
  "Time zone to show the time in as well: an IANA name such as Europe/Berlin, in any case, or a fixed offset such as " +
  "+05:30. Leave it out unless the user has named one or it is known: then the local time is that of the machine that " +
  "runs this tool, and marked so.";

const STATUS_DESCRIPTION =
  "How the daemon is doing, the background program that measures the time for the other tools: ready, warming up, " +
  "holdover (no server answers, it goes on from what it has learned), expired or not running; its time servers, counts " +
  "and confidence. Call it when another tool fails, or when the user asks how trustworthy the time is; you need not call " +
  "it before every get_time.";

/**
 * The tools, on one reader that is attached at the first call and kept: they may be offered before the daemon runs, and work as soon
 * as it does.
 *
 * @param reader where to get the reader; without it, one attached to the default segment
 */
export function chronotickTools(choice: Choice = "all", reader: () => Reader = kept()): readonly Tool[] {
  const tools: readonly Tool[] = [
    {
      name: "get_time",
      title: "Current time",
      description: TIME_DESCRIPTION,
      inputSchema: {
        type: "object",
        properties: { timezone: { type: "string", description: TIMEZONE_DESCRIPTION } },
        required: [],
        additionalProperties: false,
      },
      call: (input) => getTime(reader, input),
    },
    {
      name: "get_daemon_status",
      title: "Time daemon status",
      description: STATUS_DESCRIPTION,
      inputSchema: { type: "object", properties: {}, required: [], additionalProperties: false },
      call: (input) => getDaemonStatus(reader, input),
    },
  ];
  switch (choice) {
    case "all":
      return tools;
    case "time":
      return tools.slice(0, 1);
    case "status":
      return tools.slice(1);
  }
}

function kept(): () => Reader {
  let reader: Reader | undefined;
  return () => (reader ??= new Reader());
}

function getTime(readerOf: () => Reader, input: Json): Json {
  const begin = process.hrtime.bigint();
  requireKnown(input, ["timezone"]);
  const named = zone("timezone", input["timezone"]);
  let record: CorrectionRecord;
  let now: TimeInterval;
  let page: StatusPage;
  try {
    const reader = readerOf();
    record = reader.readValid();
    now = reader.now();
    page = reader.status();
  } catch (e) {
    if (e instanceof ChronoTickError) {
      return ended(begin, systemClock(e, named));
    }
    throw e;
  }
  const systemTime = Date.now() / 1000;
  return ended(begin, {
    synchronized: true,
    corrected_time: Number(now.estimateNs) / 1e9,
    system_time: systemTime,
    offset_correction: record.correctionAt(systemTime),
    drift_rate: record.driftRate,
    offset_uncertainty: record.offsetUncertainty,
    drift_uncertainty: record.driftUncertainty,
    time_uncertainty: now.uncertaintyNs / 1e9,
    ...(isUncertaintyDivided(page) && {
      statistical_uncertainty: page.statisticalUncertainty,
      systematic_uncertainty: page.systematicUncertainty,
    }),
    confidence: record.confidence,
    source: record.source,
    prediction_time: record.predictionTime,
    valid_until: record.validUntil,
    is_valid: record.isValid,
    is_ntp_ready: record.isNtpReady,
    is_models_ready: record.isModelsReady,
    corrected_time_iso: iso(now.estimateNs),
    earliest: iso(now.earliestNs),
    latest: iso(now.latestNs),
    max_error: Number(now.boundNs) / 1e9,
    ...dates(now.estimateNs, named),
  });
}

/** The system clock as it is, where nobody has measured: no word on how far it may be off. */
function systemClock(why: ChronoTickError, named: Zone | undefined): Record<string, unknown> {
  const millis = Date.now();
  const epochNs = BigInt(millis) * 1_000_000n;
  return {
    synchronized: false,
    corrected_time: millis / 1000,
    system_time: millis / 1000,
    source: "SYSTEM_CLOCK",
    is_valid: false,
    is_ntp_ready: false,
    is_models_ready: false,
    corrected_time_iso: iso(epochNs),
    ...dates(epochNs, named),
    message: `NOT SYNCHRONIZED, the system clock as it is, which may be off by any amount: ${why.message}`,
  };
}

function getDaemonStatus(readerOf: () => Reader, input: Json): Json {
  const begin = process.hrtime.bigint();
  requireKnown(input, []);
  let reader: Reader;
  let record: CorrectionRecord;
  let page: StatusPage;
  try {
    reader = readerOf();
    record = reader.read();
    page = reader.status();
  } catch (e) {
    if (e instanceof NoSegmentError || e instanceof DeadWriterError) {
      return ended(begin, { status: "not_running", message: e.message });
    }
    if (e instanceof NotReadyError) {
      return ended(begin, { status: "warming_up", message: e.message });
    }
    throw e;
  }
  const systemTime = Date.now() / 1000;
  const { state, remark } = judge(reader, record, page.updateFrequency);
  return ended(begin, {
    status: state,
    warmup_complete: record.isWarmupComplete,
    warmup_progress: page.warmupProgress,
    measurement_count: record.measurementCount,
    total_corrections: record.totalCorrections,
    daemon_uptime: record.daemonUptime,
    last_ntp_sync: record.lastNtpSync,
    ...(record.lastNtpSync !== 0 && { seconds_since_ntp: Math.max(0, systemTime - record.lastNtpSync) }),
    ntp_ready: record.isNtpReady,
    models_ready: record.isModelsReady,
    memory_usage_mb: page.residentBytes / 1e6,
    cpu_affinity: page.cpuAffinity,
    average_latency_ms: record.averageLatencyMs,
    data_source: record.source,
    confidence: record.confidence,
    sources: page.sources.map(sourceOf),
    ...(remark && { message: remark }),
  });
}

type State = "ready" | "warming_up" | "holdover" | "expired" | "not_running";

/** One tick may be late and the next be coalesced; with the third something is wrong. */
const STALE_TICKS = 3;
/** Younger than this a record is fresh whatever the writer's rate, s. */
const SURELY_FRESH_SECONDS = 0.05;

/** How the daemon is doing, and what is wrong if anything is, in one line. */
function judge(reader: Reader, record: CorrectionRecord, frequency: number): { state: State; remark: string | undefined } {
  let refusal: ChronoTickError | undefined;
  let now: TimeInterval | undefined;
  try {
    now = reader.now();
  } catch (e) {
    if (!(e instanceof ChronoTickError)) {
      throw e;
    }
    refusal = e;
  }
  const mono = process.hrtime.bigint();
  const age = Number(mono - record.monotonicNs) * 1e-9;
  const stale = age > SURELY_FRESH_SECONDS && age > STALE_TICKS / (frequency || 1);
  const alive = !(stale || refusal) || reader.writerAlive();
  // The refusal knows of a suspend, which the record's own age does not show.
  const expired =
    refusal instanceof ExpiredError || (record.isValid ? record.isExpiredAt(mono) : record.isWarmupComplete);
  let remark = refusal?.message;
  if (now && !alive) {
    remark =
      `the daemon (process ${record.writerPid}) is gone; its last record is ${age.toFixed(3)} s old and expires in` +
      ` ${(Number(now.validForNs) * 1e-9).toFixed(3)} s; start it with: chronotick daemon`;
  } else if (now && stale) {
    remark =
      `the record is ${age.toFixed(3)} s old: the daemon (process ${record.writerPid}) is stopped or starved of CPU;` +
      " see: chronotick status";
  }
  if (!alive) {
    return { state: "not_running", remark };
  }
  if (expired) {
    return { state: "expired", remark };
  }
  if (!record.isValid || !record.isWarmupComplete) {
    return { state: "warming_up", remark };
  }
  return { state: record.isHoldover ? "holdover" : "ready", remark };
}

function sourceOf(row: SourceRow): Json {
  const { name, state, stratum, reach } = row;
  if (!Number.isFinite(row.age)) {
    return { name, state, stratum, reach }; // it has not answered
  }
  const values = {
    offset: row.offset,
    delay: row.delay,
    jitter: row.jitter,
    root_distance: row.rootDistance,
    seconds_since_answer: row.age,
  };
  return { name, state, stratum, reach, ...Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))) };
}

function requireKnown(input: Json, known: readonly string[]): void {
  for (const name of Object.keys(input)) {
    if (!known.includes(name)) {
      throw new BadInputError(
        `unknown field ${shown(name)}: ${known.length > 0 ? `known are ${known.join(", ")}` : "there is none"}`,
      );
    }
  }
}

function ended(begin: bigint, result: Record<string, unknown>): Json {
  for (const [name, value] of Object.entries(result)) {
    if (typeof value === "number" && !Number.isFinite(value)) {
      result[name] = null; // JSON has neither infinities nor NaN
    }
  }
  return { ...result, call_latency_ms: Number(process.hrtime.bigint() - begin) / 1e6 };
}

/** What was given, short enough for a message, on one line. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** ISO 8601 in UTC with nine digits. */
function iso(epochNs: bigint): string {
  return `${wall(epochNs)}Z`;
}

function wall(epochNs: bigint): string {
  const millis = epochNs / 1_000_000n;
  return new Date(Number(millis)).toISOString().slice(0, -1) + String(epochNs % 1_000_000n).padStart(6, "0");
}

interface Zone {
  readonly name: string;
  /** The offset from UTC, in minutes. */
  readonly offsetAt: (epochNs: bigint) => number;
}

/** In words, and in a zone: that which was named, else this machine's own. */
function dates(epochNs: bigint, named: Zone | undefined): Record<string, string> {
  const { name, offsetAt } = named ?? ianaZone(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const minutes = offsetAt(epochNs);
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  const local = epochNs + BigInt(minutes) * 60_000_000_000n;
  return {
    utc_date: inWords(epochNs),
    local_time_iso: wall(local) + offset,
    utc_offset: offset,
    local_date: inWords(local),
    ...(named === undefined && { host_timezone: name }),
  };
}

/** Weekday and date of a time without a zone. */
function inWords(epochNs: bigint): string {
  const date = new Date(Number(epochNs / 1_000_000n));
  const part = (options: Intl.DateTimeFormatOptions) => date.toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
  return `${part({ weekday: "long" })}, ${date.getUTCDate()} ${part({ month: "long" })} ${date.getUTCFullYear()}`;
}

/** The zone of that name or offset; undefined if none was given. */
function zone(field: string, given: unknown): Zone | undefined {
  if (given === undefined || given === null) {
    return undefined;
  }
  const name = typeof given === "string" ? given.trim() : undefined;
  if (name === "") {
    return undefined;
  }
  const unknown = new BadInputError(
    `${field} ${shown(given)} is unknown: give an IANA name such as Europe/Berlin, an offset such as +05:30, or none for UTC`,
  );
  if (name === undefined) {
    throw unknown;
  }
  if (/^[+-]/.test(name)) {
    // Hours alone, or hours and minutes of two digits each.
    const match = /^([+-])(?:(\d{2}):?(\d{2})|(\d{1,2}))$/.exec(name);
    const minutes = Number(match?.[3] ?? 0);
    const size = 60 * Number(match?.[2] ?? match?.[4]) + minutes;
    if (!match || minutes >= 60 || size > 18 * 60) {
      throw unknown; // as in java.time
    }
    return { name, offsetAt: () => (match[1] === "-" ? -size : size) };
  }
  try {
    return ianaZone(/^z$/i.test(name) ? "UTC" : name);
  } catch (e) {
    throw e instanceof RangeError ? unknown : e;
  }
}

/** @throws RangeError if there is none of that name */
function ianaZone(name: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  const offsetAt = (epochNs: bigint): number => {
    const text = format.formatToParts(Number(epochNs / 1_000_000n)).find((part) => part.type === "timeZoneName")?.value ?? "";
    const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(text);
    if (!match) {
      throw new Error(`an offset from UTC of the zone ${name} that is no offset: ${text}`);
    }
    const size = 60 * Number(match[2] ?? 0) + Number(match[3] ?? 0);
    return match[1] === "-" ? -size : size;
  };
  return { name, offsetAt };
}
