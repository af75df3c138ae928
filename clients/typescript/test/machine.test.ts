// SPDX-License-Identifier: Apache-2.0

// Whom and which clocks a reader believes, with real users, files, processes and namespaces.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ClockDomainError, ExpiredError, NotReadyError, Reader, UntrustedSegmentError } from "../src/index.js";
import { realHost } from "../src/host.js";
import {
  ANCHOR,
  MONOTONIC,
  OTHER_BOOT,
  READY,
  SECOND,
  TestSegment,
  VirtualHost,
  WARMUP_COMPLETE,
  temporaryDirectory,
  thrownBy,
} from "./support.js";

const NOBODY = 65534;
const SOMEBODY = 54321;
const asRoot = { skip: process.geteuid?.() === 0 ? false : "only root can be several users" };
const forAnHour = { valid_until: Math.floor(Date.now() / 1000) + 3600 };

const directory = temporaryDirectory();
const path = join(directory, "segment");
const good = join(directory, "good");
chmodSync(directory, 0o1777); // as /dev/shm: anybody may make a file, and nobody remove another's

beforeEach(() => {
  rmSync(path, { recursive: true, force: true });
  rmSync(good, { force: true });
  new TestSegment(good).write(forAnHour);
});

/** Reads it in a process that begins with these words; what it printed. */
function readBy(words: string[], segment: string, environment: Record<string, string> = {}): string {
  const program = fileURLToPath(new URL("say.js", import.meta.url));
  const command = [...words, process.execPath, program, segment];
  const result = spawnSync(command[0]!, command.slice(1), { env: { ...process.env, ...environment }, encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr || String(result.error));
  return result.stdout + result.stderr;
}

function user(uid: number): string[] {
  return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
}

function squat(uid: number): void {
  copyFileSync(good, path);
  chownSync(path, uid, uid);
}

test("refuses a segment that another user made first", asRoot, () => {
  squat(NOBODY);
  const error = thrownBy(() => new Reader(path));
  assert(error instanceof UntrustedSegmentError);
  assert.match(
    error.message,
    /segment belongs to user 65534, who is neither root nor you \(user 0\): .* CHRONOTICK_TRUST_UID=65534$/,
  );
  assert.match(readBy(user(SOMEBODY), path), /^chronotick: .* belongs to user 65534/);
  assert.match(readBy(user(NOBODY), path), /^\d+\n$/, "it is one's own");
  assert.match(readBy(user(SOMEBODY), good), /^\d+\n$/, "it is root's");
});

test("believes whom it is told to", asRoot, () => {
  squat(NOBODY);
  const believe = { CHRONOTICK_TRUST_UID: String(NOBODY) };
  assert.match(readBy([], path, believe), /^\d+\n$/);
  assert.match(readBy(user(SOMEBODY), path, believe), /^\d+\n$/);
  assert.match(readBy(user(SOMEBODY), good, believe), /^\d+\n$/);
  assert.match(readBy([], path, { CHRONOTICK_TRUST_UID: "" }), /^chronotick: .* belongs to user 65534/);
  assert.match(readBy([], path, { CHRONOTICK_TRUST_UID: "54321" }), /^chronotick: .* belongs to user 65534/);
});

test("says what is wrong with the trusted user", () => {
  for (const text of ["nobody", "-1", "4294967295", "4294967296", "1 ", "0x1", "1_0", "١", "9".repeat(5000), "1\n2", "1\n"]) {
    process.env["CHRONOTICK_TRUST_UID"] = text;
    try {
      const error = thrownBy(() => new Reader(good));
      assert(error instanceof UntrustedSegmentError);
      assert.match(error.message, /^CHRONOTICK_TRUST_UID is .* and has to be the/);
    } finally {
      delete process.env["CHRONOTICK_TRUST_UID"];
    }
  }
});

test("refuses a segment that others can write to", () => {
  for (const mode of [0o666, 0o664, 0o646, 0o622, 0o777]) {
    chmodSync(good, mode);
    const error = thrownBy(() => new Reader(good));
    assert(error instanceof UntrustedSegmentError);
    assert.match(error.message, new RegExp(`has mode 0${mode.toString(8)}, .*: remove it and restart the daemon`));
  }
  for (const mode of [0o644, 0o600, 0o444, 0o400]) {
    chmodSync(good, mode);
    new Reader(good).now();
  }
});

test("says that it may not read", asRoot, () => {
  chmodSync(good, 0o600);
  assert.match(readBy(user(SOMEBODY), good), /^chronotick: permission denied on .*: make it readable \(chmod 644\)/);
});

test("refuses symbolic links", () => {
  symlinkSync(good, path);
  assert.match(thrownBy(() => new Reader(path)).message, /is a symbolic link, .*: name the file itself/);
  unlinkSync(path);
  symlinkSync("nowhere", path);
  assert.throws(() => new Reader(path), UntrustedSegmentError);
  // The way to it may lead over links: those belong to whoever chose it.
  rmSync(join(directory, "way"), { force: true });
  symlinkSync(directory, join(directory, "way"));
  new Reader(join(directory, "way", "good")).now();
});

for (const trap of ["foreign", "writable", "link", "link to the same"]) {
  test(`looks again when the name leads to another file: ${trap}`, asRoot, () => {
    const segment = new TestSegment(path).write(forAnHour);
    const reader = new Reader(path);
    reader.now();
    renameSync(path, join(directory, "moved"));
    if (trap === "link to the same") {
      symlinkSync(join(directory, "moved"), path);
    } else if (trap === "link") {
      symlinkSync(good, path);
    } else {
      squat(trap === "foreign" ? NOBODY : 0);
      chmodSync(path, trap === "foreign" ? 0o644 : 0o666);
    }
    reader.now(); // of the daemon that is still believed
    segment.put(72, "I", WARMUP_COMPLETE).put(68, "I", 100);
    assert.throws(() => reader.now(), UntrustedSegmentError);
  });
}

test("refuses a segment of another boot", () => {
  const segment = new TestSegment(path).write();
  const bootId = realHost.bootId();
  segment.put(152, "Q", Buffer.from(bootId, "hex").readBigUInt64LE(0));
  segment.put(160, "Q", Buffer.from(bootId, "hex").readBigUInt64LE(8));
  new Reader(path).now();
  assert.equal(new Reader(path).status().bootId, bootId);
  segment.put(152, "Q", Buffer.from(OTHER_BOOT, "hex").readBigUInt64LE(0));
  const error = thrownBy(() => new Reader(path));
  assert(error instanceof ClockDomainError);
  assert.match(error.message, /another boot .* .boot id 16fd2706-8baf-433b-[0-9a-f-]{17}, here [0-9a-f-]{36}.: start one with/);
});

test("refuses a segment of another time namespace", asRoot, () => {
  const here = realHost.timeNamespace();
  assert.equal(here, statSync("/proc/self/ns/time", { bigint: true }).ino);
  const segment = new TestSegment(path).write(forAnHour).put(504, "Q", here);
  const shifted = ["unshare", "--time", "--monotonic", "3", "--fork"];
  assert.match(
    readBy(shifted, path),
    new RegExp(`^chronotick: .* was written in time namespace ${here} and this process is in \\d+, .*: run a daemon here`),
  );
  new Reader(path).now();
  // The daemon lives in the other one, and it is this reader that is outside.
  segment.put(504, "Q", here + 1n);
  assert.throws(() => new Reader(path), ClockDomainError);
});

test("looks at the clock domain once the page is written", () => {
  for (const call of ["now", "read", "readValid", "status"] as const) {
    const segment = new TestSegment(path).put(128, "Q", 0n);
    const reader = new Reader(path, new VirtualHost(process.hrtime.bigint(), { boot: "1".repeat(32) }));
    assert.throws(() => reader[call](), NotReadyError);
    segment.write();
    if (call === "now" || call === "readValid") {
      assert.match(thrownBy(() => reader[call]()).message, /has a record but no page yet/);
    }
    segment.put(152, "Q", 5n).put(128, "s", "CHRONOTK");
    assert.throws(() => reader[call](), ClockDomainError);
  }
});

test("notices that a daemon of another domain has taken the file over", () => {
  const host = new VirtualHost(process.hrtime.bigint(), { namespace: 4n });
  const segment = new TestSegment(path).put(504, "Q", 4n).write();
  const reader = new Reader(path, host);
  host.time = process.hrtime.bigint();
  reader.now();
  segment.put(504, "Q", 5n).write();
  host.time = process.hrtime.bigint();
  assert.throws(() => reader.now(), ClockDomainError);
  assert.throws(() => reader.read(), ClockDomainError);
  unlinkSync(path);
  new TestSegment(path).write({ offset_correction: 3 });
  host.time = process.hrtime.bigint();
  assert.equal(reader.readValid().offsetCorrection, 3, "the next one is of this domain");
});

test("refuses a stale record from before a suspend", () => {
  const lead = realHost.boottimeLeadNs()!;
  // 100 s are no age for one record in 1000 s, but 2 s are at 100 Hz.
  const segment = new TestSegment(path).write({ monotonic_ns: process.hrtime.bigint() - 2n * SECOND });
  segment.put(3584, "q", lead - 20n * SECOND).put(3592, "I", 1);
  const error = thrownBy(() => new Reader(path).now());
  assert(error instanceof ExpiredError);
  assert.match(error.message, /expired \(\d+\.\d{3} s old\): the machine was suspended since, and its writer \(process \d+\) has not/);
  assert.throws(() => new Reader(path).readValid(), ExpiredError);
  segment.put(3584, "q", lead);
  new Reader(path).now();
  segment.put(3584, "q", lead - 20n * SECOND).put(3592, "I", 0);
  new Reader(path).now();
});

test("no suspend is missed between two looks", () => {
  const host = new VirtualHost(MONOTONIC);
  const segment = new TestSegment(path).put(3584, "q", 0n).put(3592, "I", 1);
  segment.write({ system_timestamp: ANCHOR, monotonic_ns: MONOTONIC });
  const reader = new Reader(path, host);
  host.time += SECOND;
  reader.now();
  host.lead = 5n * SECOND; // and the monotonic clock stood still
  for (let i = 0; i < 3; i++) {
    assert.throws(() => reader.now(), ExpiredError);
    assert.throws(() => reader.readValid(), ExpiredError);
  }
  // The first tick after the resume.
  segment.put(3584, "q", 5n * SECOND).write({ system_timestamp: ANCHOR + 1, monotonic_ns: host.time });
  reader.now();
});

test("a boot clock of somebody else tells nothing", () => {
  const segment = new TestSegment(path).put(3584, "q", 5n * SECOND).put(3592, "I", 1);
  segment.write({ system_timestamp: ANCHOR, monotonic_ns: MONOTONIC });
  for (const lead of [undefined, 4n * SECOND - 1n]) {
    const host = new VirtualHost(MONOTONIC + SECOND);
    host.lead = lead;
    const error = thrownBy(() => new Reader(path, host).now());
    assert(error instanceof ExpiredError);
    assert.match(error.message, /whether the machine was suspended since cannot be told without the kernel's own/);
  }
});

test("knows the living from the dead", () => {
  assert(realHost.isAlive(process.pid));
  assert(realHost.isAlive(1));
  assert(!realHost.isAlive(1 << 30));
  assert(!realHost.isAlive(0xffffffff));
  new TestSegment(path).write({ writer_pid: 1 << 30, flags: READY & ~1 });
  assert.match(thrownBy(() => new Reader(path).now()).message, /its writer \(process 1073741824\) is gone; start one with/);
});
