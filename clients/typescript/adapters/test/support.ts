// SPDX-License-Identifier: Apache-2.0

// A segment that the tools read by its usual name.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { TestSegment, temporaryDirectory } from "../../test/support.js";

const path = join(temporaryDirectory(), "segment");
process.env["CHRONOTICK_SHM"] = path;

/** As of a daemon that runs. */
export function daemonRuns(): void {
  new TestSegment(path).put(168, "d", 0.001).write().close();
}

/** Nobody publishes the time. */
export function daemonIsGone(): void {
  rmSync(path, { force: true });
}

/** Whether this text is a reading of the segment. */
export function isReading(text: string): boolean {
  const reading = JSON.parse(text) as Record<string, unknown>;
  return Math.abs((reading["corrected_time"] as number) - Date.now() / 1000) < 600 && reading["utc_offset"] === "+05:30";
}
