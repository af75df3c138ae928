// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { Reader } from "../src/index.js";
import { BadInputError, type Json, chronotickTools } from "../src/tools.js";
import { ANCHOR, HOLDOVER, READY, TestSegment, VALID, WARMUP_COMPLETE, temporaryDirectory, thrownBy } from "./support.js";

const path = join(temporaryDirectory(), "segment");

beforeEach(() => rmSync(path, { force: true }));

/** Calls it as a model does; what it returns is JSON. */
function call(name: string, input: Json = {}): Record<string, unknown> {
  const tool = chronotickTools("all", () => new Reader(path)).find((one) => one.name === name)!;
  const result = tool.call(input) as Record<string, unknown>;
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  assert((result["call_latency_ms"] as number) >= 0);
  delete result["call_latency_ms"];
  return result;
}

test("get_time", () => {
  new TestSegment(path).write({ system_timestamp: ANCHOR, offset_correction: 0.25 });
  const result = call("get_time");
  assert.deepEqual(
    Object.keys(result),
    ("synchronized corrected_time system_time offset_correction drift_rate offset_uncertainty drift_uncertainty time_uncertainty confidence source" +
      " prediction_time valid_until is_valid is_ntp_ready is_models_ready corrected_time_iso earliest latest max_error utc_date" +
      " local_time_iso utc_offset local_date host_timezone").split(" "),
  );
  assert.match(String(result["corrected_time_iso"]), /^2025-03-13T15:33:2\d\.\d{9}Z$/);
  assert(String(result["earliest"]) < String(result["corrected_time_iso"]));
  assert(String(result["corrected_time_iso"]) < String(result["latest"]));
  assert(Math.abs((result["corrected_time"] as number) - Date.parse(String(result["corrected_time_iso"])) / 1000) < 0.002);
  assert.equal(result["source"], "CPU_MODEL");
  assert.equal(result["offset_correction"], 0.25);
  assert.equal(result["synchronized"], true);
  assert.equal(result["utc_date"], "Thursday, 13 March 2025");
});

test("get_time has the two parts of its uncertainty where the daemon says them", () => {
  new TestSegment(path).put(3600, "d", 3e-6).put(3608, "d", 4e-6).write();
  const result = call("get_time");
  assert.deepEqual([result["statistical_uncertainty"], result["systematic_uncertainty"]], [3e-6, 4e-6]);
});

test("without a zone the local time is the machine's own, and marked so", () => {
  new TestSegment(path).write({ system_timestamp: ANCHOR });
  const own = process.env["TZ"];
  try {
    process.env["TZ"] = "Pacific/Kiritimati"; // 14 h ahead
    for (const zone of [undefined, null, " "]) {
      const result = call("get_time", { timezone: zone });
      assert.deepEqual([result["host_timezone"], result["utc_offset"]], ["Pacific/Kiritimati", "+14:00"]);
      assert.match(String(result["local_time_iso"]), /^2025-03-14T05:33:2\d\.\d{9}\+14:00$/);
      assert.equal(result["local_date"], "Friday, 14 March 2025");
    }
  } finally {
    delete process.env["TZ"];
    if (own !== undefined) {
      process.env["TZ"] = own;
    }
  }
});

test("where there is no time, the system clock's, marked as such", () => {
  const result = call("get_time", { timezone: "UTC" });
  assert.deepEqual([result["synchronized"], result["is_valid"], result["source"]], [false, false, "SYSTEM_CLOCK"]);
  assert(!("earliest" in result) && !("max_error" in result) && !("time_uncertainty" in result));
  assert.match(String(result["message"]), /^NOT SYNCHRONIZED, .*: no segment at .*start one with: chronotick daemon/);
});

test("a time zone is a name in any case or an offset", () => {
  new TestSegment(path).write({ system_timestamp: ANCHOR });
  for (const [name, offset, hour] of [
    ["asia/KOLKATA", "+05:30", "21:03"],
    ["Europe/Berlin", "+01:00", "16:33"],
    ["America/St_Johns", "-02:30", "13:03"],
    [" utc ", "+00:00", "15:33"],
    ["z", "+00:00", "15:33"],
    ["+05:30", "+05:30", "21:03"],
    ["-0330", "-03:30", "12:03"],
    ["+5", "+05:00", "20:33"],
    ["-18:00", "-18:00", "21:33"],
  ]) {
    const result = call("get_time", { timezone: name });
    assert(!("host_timezone" in result));
    assert.equal(result["utc_offset"], offset, name);
    assert.match(String(result["local_time_iso"]), new RegExp(`T${hour}:2\\d\\.\\d{9}\\${offset}$`), name);
  }
});

test("get_daemon_status in every state", () => {
  assert.equal(call("get_daemon_status")["status"], "not_running");
  assert.match(String(call("get_daemon_status")["message"]), /start one with: chronotick daemon/);
  const segment = new TestSegment(path);
  assert.equal(call("get_daemon_status")["status"], "warming_up");
  segment.put(168, "d", 0.001).put(320, "s", "0,1").write();
  const ready = call("get_daemon_status");
  assert.deepEqual([ready["status"], ready["cpu_affinity"], ready["sources"], ready["message"]], ["ready", "0,1", [], undefined]);
  segment.write({ flags: READY | HOLDOVER });
  assert.equal(call("get_daemon_status")["status"], "holdover");
  segment.write({ flags: VALID });
  assert.equal(call("get_daemon_status")["status"], "warming_up");
  segment.write({ flags: WARMUP_COMPLETE });
  const expired = call("get_daemon_status");
  assert.equal(expired["status"], "expired");
  assert.match(String(expired["message"]), /lost its servers/);
  segment.put(168, "d", 100).write({ writer_pid: 1 << 30, monotonic_ns: process.hrtime.bigint() - 1_000_000_000n });
  const gone = call("get_daemon_status");
  assert.equal(gone["status"], "not_running");
  assert.match(String(gone["message"]), /is gone; its last record is \d\.\d{3} s old and expires in \d\d\.\d{3} s; start it with/);
  segment.write({ monotonic_ns: process.hrtime.bigint() - 1_000_000_000n });
  assert.match(String(call("get_daemon_status")["message"]), /stopped or starved of CPU/);
});

test("sources that have not answered have no numbers", () => {
  const segment = new TestSegment(path).put(416, "I", 2).write();
  segment.put(512, "s", "a").put(512 + 66, "B", 2).put(512 + 76, "f", 1.5).put(512 + 80, "d", 0.25);
  segment.put(704, "s", "b").put(704 + 76, "f", NaN).put(704 + 80, "d", 0.25);
  assert.deepEqual(call("get_daemon_status")["sources"], [
    { name: "a", state: "selected", stratum: 0, reach: 0, offset: 0.25, delay: 0, jitter: 0, root_distance: 0, seconds_since_answer: 1.5 },
    { name: "b", state: "unreachable", stratum: 0, reach: 0 },
  ]);
});

test("bad input is explained", () => {
  new TestSegment(path).write();
  for (const [name, input, message] of [
    ["get_time", { timezone: "Mars/Olympus" }, /IANA/],
    ["get_time", { timezone: 5 }, /IANA/],
    ["get_time", { timezone: {} }, /IANA/],
    ["get_time", { timezone: "+18:01" }, /offset such as/],
    ["get_time", { timezone: "+05:75" }, /offset such as/],
    ["get_time", { timezone: "+5:30" }, /offset such as/],
    ["get_time", { timezone: "../../etc/passwd" }, /IANA/],
    ["get_time", { timezone: "x".repeat(1_000_000) }, /IANA/],
    ["get_time", { timezone: "a\nb" }, /IANA/],
    ["get_time", { zone: "UTC" }, /unknown field "zone": known are timezone/],
    ["get_daemon_status", { verbose: true }, /unknown field "verbose": there is none/],
  ] as const) {
    const error = thrownBy(() => call(name, input));
    assert(error instanceof BadInputError, error);
    assert.match(error.message, message);
    assert(error.message.length < 300);
  }
});

test("an offered tool works as soon as the daemon comes, by one reader", () => {
  process.env["CHRONOTICK_SHM"] = path;
  try {
    const [tool, ...others] = chronotickTools("time");
    assert.deepEqual([tool?.name, others], ["get_time", []]);
    assert.match(String(tool!.call({})["message"]), /no segment at/);
    const segment = new TestSegment(path);
    assert.match(String(tool!.call({})["message"]), /has never been written/);
    segment.write();
    assert.equal(tool!.call({})["is_valid"], true);
    process.env["CHRONOTICK_SHM"] = "/nowhere/at/all";
    assert.equal(tool!.call({})["is_valid"], true, "it keeps its reader");
    segment.put(168, "d", 0).write({ source: 9 });
    assert.match(String(tool!.call({})["message"]), /source is 9/);
    assert.deepEqual(chronotickTools("status").map((one) => one.name), ["get_daemon_status"]);
  } finally {
    delete process.env["CHRONOTICK_SHM"];
  }
});
