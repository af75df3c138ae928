// SPDX-License-Identifier: Apache-2.0

// What a read costs beside a running writer, and whether any record is torn. Arguments: reads, segment (or $CHRONOTICK_SHM). Ends
// with exit code 1 if there was a torn record, time went back, or most reads were refused.
import { type CorrectionRecord, ExpiredError, Reader } from "../src/index.js";

const reads = Number(process.argv[2] ?? 1_000_000);
const reader = new Reader(process.argv[3]);
const first = reader.readValid();
const begin = first.totalCorrections;

/**
 * The counter goes up by one where the sequence goes up by two, and both clocks' anchors move together (by slewing alone not by half
 * a millisecond in a run, where two records lie a millisecond apart): so a mixture of two records shows.
 */
function isTorn(record: CorrectionRecord): boolean {
  const records = (record.totalCorrections - first.totalCorrections) >>> 0;
  const sequence = (record.sequenceNumber - first.sequenceNumber) >>> 0;
  const passed = Number(record.monotonicNs - first.monotonicNs) * 1e-9;
  return sequence !== (2 * records) >>> 0 || Math.abs(record.systemTimestamp - first.systemTimestamp - passed) > 0.5e-3;
}

const BATCH = 100;

/** Nanoseconds a call: the median of batches too short to lose the CPU in, so that what else the machine does counts for little. */
function cost(calls: number, call: () => unknown): number {
  const batches: number[] = [];
  for (let done = 0; done < calls; done += BATCH) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) {
      call();
    }
    batches.push(Number(process.hrtime.bigint() - start) / BATCH);
  }
  return batches.sort((a, b) => a - b)[batches.length >> 1]!;
}

let torn = 0;
let back = 0;
let refused = 0;
let last = reader.now();

/** A writer that has no CPU for seconds leaves an expired record, which is refused: as it should be. */
function unlessExpired(call: () => void): () => void {
  return () => {
    try {
      call();
    } catch (e) {
      if (!(e instanceof ExpiredError)) {
        throw e;
      }
      refused++;
    }
  };
}

const check = () => {
  torn += isTorn(reader.read()) ? 1 : 0;
};
const step = unlessExpired(() => {
  const now = reader.now();
  back += now.latestNs <= last.earliestNs ? 1 : 0;
  last = now;
});
cost(reads / 10, step); // for the compiler
cost(reads / 10, check);
const lines: [string, number][] = [
  ["process.hrtime.bigint(), for comparison", cost(reads / 10, () => process.hrtime.bigint())],
  ["now(), the time with its interval", cost(reads, step)],
  ["read(), the whole record, checked", cost(reads, check)],
];
for (const [name, nanos] of lines) {
  console.log(`${name}: ${nanos.toFixed(0)} ns`);
}
const records = (reader.read().totalCorrections - begin) >>> 0;
if (refused > 0) {
  console.log(`${refused} refused for an expired record`);
}
console.log(`${reads} reads each while ${records} records were written: ${torn} torn, ${back} backwards`);
// A run that was refused more often than not has shown nothing.
process.exitCode = torn + back > 0 || refused > reads / 2 ? 1 : 0;
