// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readlinkSync } from "node:fs";
import { setImmediate as immediate, setTimeout as timeout } from "node:timers/promises";

/** What a reader asks of its machine beside the segment. Tests put virtual time in its place. */
export interface Host {
  /** The monotonic clock of this process, ns. */
  monotonicNs(): bigint;
  /** Why that is not the clock that daemons write as monotonic_ns; undefined where it is. */
  readonly otherClock: string | undefined;
  /** Blocks for about so long. */
  block(nanos: number): void;
  /** Sleeps about so long, other work of this process meanwhile; may end early. Rejects when the signal is aborted. */
  sleep(nanos: number, signal: AbortSignal | undefined): Promise<void>;
  /** Lets other work of this process have one turn. */
  turn(): Promise<void>;
  /** Whether the process exists and has not become a zombie. */
  isAlive(pid: number): boolean;
  /** The kernel's boot id, 32 hexadecimal digits; empty where it shows none. */
  bootId(): string;
  /** Inode of this process' time namespace; 0 where there is none. */
  timeNamespace(): bigint;
  /** CLOCK_BOOTTIME - CLOCK_MONOTONIC, ns: never too large, and at most 11 ms too small. Undefined where it cannot be told. */
  boottimeLeadNs(): bigint | undefined;
}

/** The two clocks are read within this time of each other, ns, or it is tried again. */
const TIGHT_NS = 1_000_000n;
const MAX_READS = 5;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** The machine itself. */
export const realHost: Host = {
  // libuv reads CLOCK_MONOTONIC on Linux and the performance counter on Windows, as Java's System.nanoTime does.
  monotonicNs: () => process.hrtime.bigint(),

  otherClock:
    process.platform === "darwin"
      ? "Node's monotonic clock goes on while a Mac sleeps and the daemon's does not: read the time there with the client for" +
        " Java, Python or C"
      : undefined,

  block(nanos) {
    Atomics.wait(sleeper, 0, 0, nanos / 1e6);
  },

  async sleep(nanos, signal) {
    await timeout(Math.floor(nanos / 1e6), undefined, signal ? { signal } : undefined);
  },

  async turn() {
    await immediate();
  },

  isAlive(pid) {
    try {
      process.kill(pid, 0);
    } catch (e) {
      return (e as NodeJS.ErrnoException).code === "EPERM"; // else there is none, or the number cannot be a process'
    }
    try {
      // proc(5): pid (comm) state ...; comm may itself hold parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      return !/^ [ZXx]/.test(stat.slice(stat.lastIndexOf(")") + 1));
    } catch {
      return true; // no /proc on this system, or gone between the two looks: the next look will tell
    }
  },

  bootId() {
    try {
      return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().replaceAll("-", "");
    } catch {
      return "";
    }
  },

  timeNamespace() {
    try {
      // namespaces(7): the link reads "time:[4026531834]".
      return BigInt(/\[(\d+)\]/.exec(readlinkSync("/proc/self/ns/time"))?.[1] ?? 0);
    } catch {
      return 0n;
    }
  },

  boottimeLeadNs() {
    // Node has no other way to that clock. proc(5): uptime is CLOCK_BOOTTIME in seconds, cut to hundredths; cut, and read before
    // the other clock is: so the difference is never too large.
    let before = process.hrtime.bigint();
    for (let i = 0; ; i++) {
      let uptime: RegExpExecArray | null;
      try {
        uptime = /^(\d+)\.(\d\d) /.exec(readFileSync("/proc/uptime", "latin1"));
      } catch {
        return undefined;
      }
      if (!uptime) {
        return undefined;
      }
      const after = process.hrtime.bigint();
      if (after - before <= TIGHT_NS || i === MAX_READS) {
        return BigInt(uptime[1]!) * 1_000_000_000n + BigInt(uptime[2]!) * 10_000_000n - after;
      }
      before = after;
    }
  },
};
