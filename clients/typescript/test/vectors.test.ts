// SPDX-License-Identifier: Apache-2.0

// The vectors that the readers in Java, Python and C are tested with too.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  ChronoTickError,
  ClockDomainError,
  ContentionError,
  DeadWriterError,
  ExpiredError,
  IncompatibleSegmentError,
  NotReadyError,
  Reader,
} from "../src/index.js";
import { FIELDS, SEGMENT_SIZE, VirtualHost, temporaryDirectory } from "./support.js";

interface Vector {
  readonly [key: string]: string | number | undefined;
}

const STATES = new Map<unknown, string>([
  [ExpiredError, "expired"],
  [DeadWriterError, "dead_writer"],
  [NotReadyError, "not_ready"],
  [IncompatibleSegmentError, "incompatible"],
  [ClockDomainError, "clock_domain"],
  [ContentionError, "contention"],
]);

const ALIVE = 1;
const file = join(temporaryDirectory(), "segment");

/** What happened, and the result if it went well. */
function stateOf<T>(call: () => T): [string | undefined, T | undefined] {
  try {
    return ["ok", call()];
  } catch (e) {
    assert(e instanceof ChronoTickError && !e.message.includes("\n"), e as Error);
    return [STATES.get(e.constructor), undefined];
  }
}

/** JSON's numbers would lose digits of what is read as a bigint. */
function integer(line: string, key: string): bigint {
  return BigInt(new RegExp(`"${key}": (-?\\d+)`).exec(line)![1]!);
}

/** What the vector says of the reader's machine; what it does not say is as the page has it. */
function hostOf(vector: Vector, line: string, segment: Buffer): VirtualHost {
  const boot = vector["host_boot_id"] as string | undefined;
  return new VirtualHost(integer(line, "at_monotonic_ns"), {
    alive: segment.readUInt32LE(84) === ALIVE,
    boot: boot?.replaceAll("-", "") ?? segment.toString("hex", 152, 168),
    namespace: "host_time_namespace" in vector ? integer(line, "host_time_namespace") : segment.readBigUInt64LE(504),
    lead: "host_boottime_lead_ns" in vector ? integer(line, "host_boottime_lead_ns") : segment.readBigInt64LE(3584),
  });
}

function near(found: number, expected: number, tolerance: number): void {
  assert(Math.abs(found - expected) <= tolerance, `${found} is not ${expected} ± ${tolerance}`);
}

const lines = readFileSync(new URL("../../../test-vectors/vectors.jsonl", import.meta.url), "utf8").trimEnd().split("\n");
assert(lines.length > 60);

for (const line of lines) {
  const vector = JSON.parse(line) as Vector;
  test(vector["name"] as string, () => {
    const segment = Buffer.alloc(SEGMENT_SIZE);
    segment.write(vector["hex"] as string, "hex");
    writeFileSync(file, segment.subarray(0, vector["size"] as number));
    const readers: Reader[] = [];
    const attached = () => {
      const reader = new Reader(file, hostOf(vector, line, segment));
      readers.push(reader);
      return reader;
    };
    try {
      const [readState, record] = stateOf(() => attached().read());
      assert.equal(readState, vector["read"]);
      const [nowState, now] = stateOf(() => attached().now());
      assert.equal(nowState, vector["now"]);
      if (record) {
        for (const field of Object.keys(FIELDS)) {
          const name = field === "source" ? "sourceNumber" : field.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
          const found = record[name as keyof typeof record] as number | bigint;
          const expected = typeof found === "bigint" ? integer(line, field) : Number(String(vector[field]).replace("inf", "Infinity"));
          assert(Object.is(found, expected) || found === expected, `${field} is ${found} and not ${expected}`);
        }
      }
      if (now && record) {
        const [earliest, latest] = [integer(line, "earliest_ns"), integer(line, "latest_ns")];
        near(Number(now.estimateNs - integer(line, "estimate_ns")), 0, 1);
        assert(earliest - 3n <= now.earliestNs && now.earliestNs <= earliest);
        assert(latest <= now.latestNs && now.latestNs <= latest + 3n);
        assert.equal(now.latestNs - now.estimateNs, now.boundNs);
        assert.equal(now.estimateNs - now.earliestNs, now.boundNs);
        const uncertainty = vector["uncertainty_ns"] as number;
        near(now.uncertaintyNs, uncertainty, 1e-9 * uncertainty);
        assert.equal(now.source, record.source);
        assert.equal(now.confidence, record.confidence);
        assert(now.validForNs >= 0n);
        // The second reading comes from the line that the first left.
        const reader = attached();
        assert.deepEqual(reader.now(), reader.now());
        const system = vector["system_time"] as number;
        const correction = vector["correction_at_system_time"] as number;
        near(record.correctionAt(system), correction, 1e-12 * Math.abs(correction));
        near(record.correctedTimeAt(system), vector["corrected_time_at_system_time"] as number, 5e-7);
        const later = vector["uncertainty_at_horizon"] as number;
        near(record.timeUncertainty(vector["horizon"] as number), later, 1e-12 * later);
      }
    } finally {
      readers.forEach((reader) => reader.close());
    }
  });
}
