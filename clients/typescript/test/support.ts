// SPDX-License-Identifier: Apache-2.0

// Segments for tests: the writer's half of the contract, in a real file.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Host } from "../src/host.js";

delete process.env["CHRONOTICK_TRUST_UID"]; // whoever runs the tests may have set it

export const SECOND = 1_000_000_000n;
export const SEGMENT_SIZE = 4096;
export const VALID = 1;
export const WARMUP_COMPLETE = 8;
export const HOLDOVER = 16;
export const READY = 15;
/** As in test-vectors/generate.py. */
export const ANCHOR = 1_741_880_000.5;
export const MONOTONIC = 123_456_789_012_345n;
export const MAX_DRIFT = 2 ** -14;
export const OTHER_BOOT = "16fd27068baf433b82eb8c7fada847da";

/** The fields of the record by the names of docs/shared-memory.md: offset and type. */
export const FIELDS = {
  corrected_timestamp: [0, "d"],
  system_timestamp: [8, "d"],
  offset_correction: [16, "d"],
  drift_rate: [24, "d"],
  offset_uncertainty: [32, "d"],
  drift_uncertainty: [40, "d"],
  prediction_time: [48, "d"],
  valid_until: [56, "d"],
  confidence: [64, "f"],
  flags: [72, "I"],
  source: [76, "I"],
  measurement_count: [80, "I"],
  writer_pid: [84, "I"],
  last_ntp_sync: [88, "d"],
  daemon_uptime: [96, "d"],
  total_corrections: [104, "I"],
  layout_version: [108, "I"],
  average_latency_ms: [112, "f"],
  max_error: [116, "f"],
  monotonic_ns: [120, "q"],
  sequence_number: [68, "I"],
} as const;

export type Kind = "d" | "f" | "I" | "q" | "Q" | "B" | "s";
type Fields = Partial<Record<keyof typeof FIELDS, number | bigint>>;

/** A directory of its own for a test file, removed at its end. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "chronotick-test-"));
  after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A value as the segment holds it. */
export function encoded(kind: Kind, value: number | bigint | string | Buffer): Buffer {
  if (kind === "s") {
    return Buffer.from(value as string);
  }
  const b = Buffer.alloc({ d: 8, f: 4, I: 4, q: 8, Q: 8, B: 1 }[kind]);
  switch (kind) {
    case "d":
      b.writeDoubleLE(Number(value));
      break;
    case "f":
      b.writeFloatLE(Number(value));
      break;
    case "I":
      b.writeUInt32LE(Number(value));
      break;
    case "q":
      b.writeBigInt64LE(BigInt(value as bigint));
      break;
    case "Q":
      b.writeBigUInt64LE(BigInt(value as bigint));
      break;
    case "B":
      b.writeUInt8(Number(value));
      break;
  }
  return b;
}

/** A segment file that a test writes. */
export class TestSegment {
  sequence = 0;
  readonly #descriptor: number;

  constructor(readonly path: string) {
    writeFileSync(path, Buffer.alloc(SEGMENT_SIZE), { mode: 0o644 });
    this.#descriptor = openSync(path, "r+");
    this.page();
  }

  /** What a reader of the record needs of the page; nothing is known of the clock domain. */
  page(): this {
    return this.put(128, "s", "CHRONOTK").put(136, "I", 1).put(140, "I", 2).put(168, "d", 100).put(176, "d", MAX_DRIFT);
  }

  put(at: number, kind: Kind, value: number | bigint | string | Buffer): this {
    writeSync(this.#descriptor, encoded(kind, value), 0, null, at);
    return this;
  }

  /** Publishes a record anchored now, valid for 100 s, by this process, and what is to be different. */
  write(changed: Fields = {}): this {
    this.sequence += 2;
    const system = Number(changed.system_timestamp ?? Math.floor(Date.now() / 1000) + 0.5);
    const values: Fields = {
      corrected_timestamp: system + Number(changed.offset_correction ?? 0),
      system_timestamp: system,
      offset_correction: 0,
      drift_rate: 0,
      offset_uncertainty: 0,
      drift_uncertainty: 0,
      prediction_time: system,
      valid_until: system + 100,
      confidence: 1,
      flags: READY,
      source: 2,
      measurement_count: 40,
      writer_pid: process.pid,
      last_ntp_sync: system - 2,
      daemon_uptime: 60,
      total_corrections: 6000,
      layout_version: 2,
      average_latency_ms: 0.125,
      max_error: 2 ** -10,
      monotonic_ns: process.hrtime.bigint(),
      sequence_number: this.sequence,
      ...changed,
    };
    for (const [name, [at, kind]] of Object.entries(FIELDS)) {
      this.put(at, kind, values[name as keyof typeof FIELDS]!);
    }
    return this;
  }

  bytes(): Buffer {
    return readFileSync(this.path);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Time that passes only when a test or a sleep says so, on a machine of which nothing is known but what a test says. */
export class VirtualHost implements Host {
  time: bigint;
  alive = true;
  boot = "";
  namespace = 0n;
  lead: bigint | undefined = 0n;
  otherClock: string | undefined;
  /** How much later the clock is at each look, ns. */
  step = 0n;
  sleeps = 0;
  blocks = 0;

  constructor(now: bigint, known: Partial<Pick<VirtualHost, "alive" | "boot" | "namespace" | "lead" | "otherClock">> = {}) {
    this.time = now;
    Object.assign(this, known);
  }

  monotonicNs(): bigint {
    this.time += this.step;
    return this.time;
  }

  block(nanos: number): void {
    this.time += BigInt(nanos);
    this.blocks++;
  }

  async sleep(nanos: number): Promise<void> {
    this.time += BigInt(Math.trunc(nanos));
    this.sleeps++;
  }

  async turn(): Promise<void> {
    this.time += 1000n;
  }

  isAlive(): boolean {
    return this.alive;
  }

  bootId(): string {
    return this.boot;
  }

  timeNamespace(): bigint {
    return this.namespace;
  }

  boottimeLeadNs(): bigint | undefined {
    return this.lead;
  }
}

/** What it threw; fails if it did not, or if the message is more than a line. */
export function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (e) {
    if (!(e instanceof Error) || e.message.includes("\n")) {
      throw new Error("not an error of one line", { cause: e });
    }
    return e;
  }
  throw new Error("nothing was thrown");
}
