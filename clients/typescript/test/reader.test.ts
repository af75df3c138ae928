// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  ClockDomainError,
  ContentionError,
  DeadWriterError,
  ExpiredError,
  IncompatibleSegmentError,
  NoSegmentError,
  NotReadyError,
  Reader,
  defaultSegment,
  resolve,
} from "../src/index.js";
import { SEQUENCE_AT, Segment } from "../src/segment.js";
import { ANCHOR, MAX_DRIFT, MONOTONIC, SECOND, TestSegment, VirtualHost, WARMUP_COMPLETE, temporaryDirectory, thrownBy } from "./support.js";

const directory = temporaryDirectory();
const path = join(directory, "segment");
const anchor = { system_timestamp: ANCHOR, monotonic_ns: MONOTONIC };

beforeEach(() => rmSync(path, { recursive: true, force: true }));

test("reads what was written", () => {
  new TestSegment(path).write({ offset_correction: 0.25, source: 4, confidence: 0.5 });
  const reader = new Reader(path);
  const [record, now] = [reader.read(), reader.now()];
  assert.equal(record.source, "FUSION");
  assert.equal(now.source, "FUSION");
  assert.equal(now.confidence, 0.5);
  assert(now.earliestNs < now.estimateNs && now.estimateNs < now.latestNs);
  assert(now.validForNs > 0n && now.validForNs <= 100n * SECOND);
  assert(record.isValid && record.isNtpReady && record.isModelsReady && record.isWarmupComplete);
  reader.close();
});

test("a step of the system clock does not move now", () => {
  const host = new VirtualHost(MONOTONIC);
  new TestSegment(path).write(anchor);
  const reader = new Reader(path, host);
  const before = reader.now().estimateNs;
  host.time += SECOND / 100n;
  const real = Date.now;
  Date.now = () => 0;
  try {
    assert.equal(reader.now().estimateNs, before + SECOND / 100n);
  } finally {
    Date.now = real;
  }
});

test("the bound grows with the time since the record, and a new record replaces it", () => {
  const host = new VirtualHost(MONOTONIC);
  const segment = new TestSegment(path).write(anchor);
  const reader = new Reader(path, host);
  const first = reader.now();
  host.time += SECOND;
  const later = reader.now();
  const growth = Number(later.boundNs - first.boundNs);
  assert(Math.abs(growth - 1e9 * MAX_DRIFT) <= 1, `${growth}`);
  assert.equal(first.validForNs - later.validForNs, SECOND);
  segment.write({ ...anchor, monotonic_ns: host.time, max_error: 2 ** -20 });
  assert(reader.now().boundNs < 1000n);
});

test("sees at once that a record is withdrawn", () => {
  const host = new VirtualHost(MONOTONIC);
  const segment = new TestSegment(path).write(anchor);
  const reader = new Reader(path, host);
  reader.now();
  segment.write({ ...anchor, flags: WARMUP_COMPLETE });
  assert(thrownBy(() => reader.now()) instanceof ExpiredError);
});

test("follows a daemon that was restarted", () => {
  const old = new TestSegment(path).write({ offset_correction: 1 });
  const reader = new Reader(path);
  assert.equal(reader.read().offsetCorrection, 1);
  unlinkSync(path);
  old.put(72, "I", 0).put(68, "I", 100); // what a daemon leaves that ended well: void
  const gone = thrownBy(() => reader.now());
  assert(gone instanceof NoSegmentError);
  assert.match(gone.message, /has stopped; start one with: chronotick daemon --shm/);
  new TestSegment(path).write({ offset_correction: 2 });
  assert.equal(reader.readValid().offsetCorrection, 2);
  assert(reader.now().estimateNs > 0n);
});

test("stays with a good record while the successor has none", () => {
  const host = new VirtualHost(MONOTONIC);
  new TestSegment(path).write({ ...anchor, offset_correction: 1 });
  const reader = new Reader(path, host);
  unlinkSync(path);
  new TestSegment(path);
  host.time += SECOND; // stale, but valid for 100 s
  assert.equal(reader.readValid().offsetCorrection, 1);
  assert.equal(reader.read().offsetCorrection, 1);
  unlinkSync(path);
  new TestSegment(path).write({ ...anchor, offset_correction: 2 });
  host.time += SECOND;
  assert.equal(reader.readValid().offsetCorrection, 2);
});

test("says that the file was cut short, and finds the next", () => {
  new TestSegment(path).write();
  const reader = new Reader(path);
  reader.now();
  truncateSync(path, 50);
  for (const call of [() => reader.now(), () => reader.read(), () => reader.status()]) {
    const error = thrownBy(call);
    assert(error instanceof NoSegmentError, error);
    assert.match(error.message, /was cut short \(50 of 4096 bytes\): a running daemon makes a new one/);
  }
  unlinkSync(path);
  new TestSegment(path).write({ offset_correction: 3 });
  assert.equal(reader.readValid().offsetCorrection, 3);
});

test("keeps one descriptor however often it moves", () => {
  const first = new TestSegment(path).write();
  const reader = new Reader(path);
  reader.now();
  first.put(72, "I", 0).put(68, "I", 100).close();
  const before = openDescriptors();
  for (let i = 0; i < 5; i++) {
    unlinkSync(path);
    const next = new TestSegment(path).write({ flags: 0 });
    assert.throws(() => new Reader(join(directory, "none")), NoSegmentError);
    assert.throws(() => reader.now(), NotReadyError);
    next.close();
  }
  assert.equal(openDescriptors(), before);
  reader.close();
  assert.equal(openDescriptors(), before - 1);
});

function openDescriptors(): number {
  return Number(execFileSync("sh", ["-c", `ls -l /proc/${process.pid}/fd | grep -c ${directory}`], { encoding: "utf8" }));
}

test("never returns a torn record", { timeout: 120_000 }, async () => {
  const segment = new TestSegment(path);
  const writer = spawn(process.execPath, [fileURLToPath(new URL("flat-out.js", import.meta.url)), path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await once(writer.stdout!, "data");
    const reader = new Segment(path, new VirtualHost(0n));
    let [read, torn, unchecked] = [0, 0, 0];
    // Until the check has been seen to matter: enough copies that were torn, and enough that were taken.
    while (read < 20_000 || unchecked < 100) {
      unchecked += isTorn(segment.bytes()) ? 1 : 0;
      if (reader.tryCopy(SEQUENCE_AT, reader.head) === "whole") {
        read++;
        torn += isTorn(reader.head) ? 1 : 0;
      }
    }
    assert.equal(torn, 0);
    reader.close();
  } finally {
    await ended(writer);
  }
});

/** See flat-out.ts: all hold the same number. */
function isTorn(b: Buffer): boolean {
  return b.readDoubleLE(0) !== b.readDoubleLE(16) || b.readDoubleLE(0) !== Number(b.readBigInt64LE(120));
}

async function ended(writer: ChildProcess): Promise<void> {
  writer.stdin!.end();
  if (writer.exitCode === null) {
    await once(writer, "exit");
  }
}

test("waits for a write to end and then says so", () => {
  const host = new VirtualHost(MONOTONIC);
  new TestSegment(path).write({ sequence_number: 3 });
  const before = host.time;
  const contention = thrownBy(() => new Reader(path, host).now());
  assert(contention instanceof ContentionError);
  assert.match(contention.message, /no consistent record in .* for 20 ms: its writer .* continue or restart/);
  assert(host.time - before < 40_000_000n);
  assert(host.blocks > 100 && host.blocks < 1000);
  host.alive = false;
  const dead = thrownBy(() => new Reader(path, host).read());
  assert(dead instanceof DeadWriterError);
  assert.match(dead.message, /left in the middle of a write .* is gone; start one/);
});

test("waitUntil ends when the time has certainly passed", async () => {
  const host = new VirtualHost(MONOTONIC);
  host.step = 1000n;
  new TestSegment(path).write(anchor);
  const reader = new Reader(path, host);
  const target = reader.now().estimateNs + SECOND;
  assert(reader.before(target));
  const reached = await reader.waitUntil(target);
  assert(reached.earliestNs > target);
  assert(reached.earliestNs - target < 1_000_000n);
  assert(reader.after(target) && !reader.before(target));
  assert(host.sleeps >= 10, "it looks at the record now and then");
});

test("waitUntil on the machine's own clock, and cancelled", { timeout: 120_000 }, async () => {
  new TestSegment(path).write();
  const reader = new Reader(path);
  const target = reader.now().latestNs + 5_000_000n;
  assert((await reader.waitUntil(target)).earliestNs > target);
  const far = reader.now().latestNs + 50n * SECOND;
  const controller = new AbortController();
  const wait = reader.waitUntil(far, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(wait, { name: "AbortError" });
  await assert.rejects(reader.waitUntil(far, { signal: AbortSignal.abort(new Error("no need")) }), /no need/);
});

test("waitUntil ends with the error when the record expires", async () => {
  const host = new VirtualHost(MONOTONIC);
  new TestSegment(path).write(anchor);
  const reader = new Reader(path, host);
  await assert.rejects(reader.waitUntil(reader.now().estimateNs + 1000n * SECOND), ExpiredError);
});

test("says what is wrong with a file", () => {
  assert.match(thrownBy(() => new Reader(path)).message, /no segment at .*: the daemon is not running; start one with/);
  writeFileSync(path, "hello");
  const short = thrownBy(() => new Reader(path));
  assert(short instanceof IncompatibleSegmentError);
  assert.match(short.message, /has 5 bytes where a segment has 4096/);
  assert.match(thrownBy(() => new Reader(directory)).message, /is not a file/);
  unlinkSync(path);
  execFileSync("mkfifo", [path]);
  assert.match(thrownBy(() => new Reader(path)).message, /is not a file/);
  unlinkSync(path);
  new TestSegment(path);
  const unwritten = thrownBy(() => new Reader(path).now());
  assert(unwritten instanceof NotReadyError);
  assert.match(unwritten.message, /has never been written/);
  assert.equal(unwritten.name, "NotReadyError");
});

test("refuses after close", () => {
  new TestSegment(path).write();
  const reader = new Reader(path);
  reader.now();
  reader.close();
  reader.close();
  for (const call of [() => reader.now(), () => reader.read(), () => reader.status(), () => reader.writerAlive()]) {
    assert.match(thrownBy(call).message, /closed/);
  }
  assert(existsSync(path));
});

test("names and paths", () => {
  assert.equal(resolve("./x"), "./x");
  assert.match(resolve("x"), /.\/x$/);
  assert.throws(() => resolve(" "), RangeError);
  const configured = process.env["CHRONOTICK_SHM"];
  try {
    process.env["CHRONOTICK_SHM"] = "/somewhere/else";
    assert.equal(defaultSegment(), "/somewhere/else");
    process.env["CHRONOTICK_SHM"] = " ";
    assert.match(defaultSegment(), /\/chronotick_shm$/);
  } finally {
    delete process.env["CHRONOTICK_SHM"];
    if (configured !== undefined) {
      process.env["CHRONOTICK_SHM"] = configured;
    }
  }
});

test("reads the whole page", () => {
  const segment = new TestSegment(path).put(184, "f", 0.5).put(256, "s", "a first answer").put(320, "s", "0,1");
  segment.put(384, "s", "1.2.3").put(424, "s", "short: heard, 4 µs").put(504, "Q", 4026531834n).put(416, "I", 1);
  segment.put(512, "s", "ntp.example").put(576, "B", 2).put(577, "B", 255).put(578, "B", 2).put(579, "B", 1);
  segment.put(592, "d", 0.25).put(3600, "d", 3e-6).put(3608, "d", 4e-6);
  const page = new Reader(path, new VirtualHost(0n)).status();
  assert.deepEqual([page.warmupProgress, page.waitingFor, page.cpuAffinity], [0.5, "a first answer", "0,1"]);
  assert.deepEqual([page.daemonVersion, page.learnedModels, page.bootId], ["1.2.3", "short: heard, 4 µs", ""]);
  assert.deepEqual([page.timeNamespace, page.statisticalUncertainty, page.systematicUncertainty], [4026531834n, 3e-6, 4e-6]);
  const [row, ...more] = page.sources;
  assert.equal(more.length, 0);
  assert.deepEqual([row?.name, row?.stratum, row?.state, row?.kernelStamps, row?.offset], ["ntp.example", 2, "selected", true, 0.25]);
  segment.put(416, "I", 17);
  assert.match(thrownBy(() => new Reader(path, new VirtualHost(0n)).status()).message, /unknown magic, version or source count/);
});

test("an unknown source is not made up", () => {
  new TestSegment(path).write({ source: 9 });
  assert.match(thrownBy(() => new Reader(path).read().source).message, /source is 9, this client knows 0 to 4/);
  assert.throws(() => new Reader(path).now(), IncompatibleSegmentError);
});

test("a host whose clock is another gets no time", () => {
  new TestSegment(path).write(anchor);
  const error = thrownBy(() => new Reader(path, new VirtualHost(MONOTONIC, { otherClock: "it sleeps" })));
  assert(error instanceof ClockDomainError);
  assert.match(error.message, /cannot be read here: it sleeps/);
});

test("follows a name that led to a directory or a link in between", () => {
  const host = new VirtualHost(MONOTONIC);
  const segment = new TestSegment(path).write(anchor);
  const reader = new Reader(path, host);
  renameSync(path, join(directory, "moved"));
  mkdirSync(path);
  host.time += SECOND;
  reader.now(); // of the daemon that is still believed
  segment.write({ ...anchor, flags: WARMUP_COMPLETE });
  assert.match(thrownBy(() => reader.now()).message, /is not a file/);
  rmSync(path, { recursive: true });
  symlinkSync(join(directory, "moved"), path);
  assert.match(thrownBy(() => reader.now()).message, /is expired|symbolic link/);
  unlinkSync(path);
  new TestSegment(path).write({ ...anchor, monotonic_ns: host.time });
  reader.now();
});
