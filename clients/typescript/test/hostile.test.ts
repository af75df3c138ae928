// SPDX-License-Identifier: Apache-2.0

// Segments full of what no daemon writes: a reader has a sentence for each, and nothing else happens.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ChronoTickError, Reader } from "../src/index.js";
import { ANCHOR, FIELDS, type Kind, MONOTONIC, TestSegment, temporaryDirectory } from "./support.js";

const VALUES: Record<Exclude<Kind, "B" | "s">, readonly (number | bigint)[]> = {
  d: [0, -0, 1, -1, 0.01, 1e-300, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, -(2 ** 63), 2 ** 64, 1e18, 1e300, -1e300, Infinity,
      -Infinity, NaN, ANCHOR, ANCHOR + 9.25, 1e9],
  f: [0, -1, 1, 2 ** 28, 3e38, Infinity, -Infinity, NaN],
  I: [0, 1, 2, 4, 0xff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff],
  q: [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), MONOTONIC],
  Q: [0n, 1n, 2n ** 63n, 2n ** 64n - 1n],
};
const PAGE: readonly (readonly [number, keyof typeof VALUES])[] = [
  [144, "d"], [168, "d"], [176, "d"], [184, "f"], [188, "I"], [192, "Q"], [200, "f"], [204, "f"], [208, "d"], [216, "d"],
  [224, "d"], [232, "d"], [240, "d"], [248, "q"], [416, "I"], [584, "f"], [592, "d"], [608, "d"], [624, "d"], [3584, "q"], [3592, "I"],
];
const TARGETS = [...Object.values(FIELDS).filter(([at]) => at !== 68), ...PAGE];

/** Park and Miller's: the same turns at every run. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

test("only errors of ours, each of one line", () => {
  const path = join(temporaryDirectory(), "segment");
  const segment = new TestSegment(path);
  const next = chance(10);
  const pick = <T>(all: readonly T[]): T => all[next(all.length)]!;
  let good = 0;
  for (let turn = 0; turn < 1500; turn++) {
    segment.page().put(416, "I", 1).put(512, "s", "\0".repeat(192)).put(3584, "s", "\0".repeat(12)).write();
    for (let i = pick([1, 1, 2, 3, 20]); i > 0; i--) {
      const [at, kind] = pick(TARGETS);
      segment.put(at, kind, pick(VALUES[kind]));
    }
    for (const at of [256, 320, 384, 424, 512]) {
      if (next(10) === 0) {
        segment.put(at, "Q", BigInt(next(2147483647)) * 4294967299n); // texts
      }
    }
    const reader = new Reader(path);
    for (const call of [() => reader.read(), () => reader.now(), () => reader.now(), () => reader.status(), () => reader.read().source]) {
      try {
        const result = call();
        if (typeof result === "object" && "earliestNs" in result) {
          assert(result.earliestNs < result.estimateNs && result.estimateNs < result.latestNs && result.uncertaintyNs >= 0);
          good++;
        }
      } catch (e) {
        assert(e instanceof ChronoTickError && !e.message.includes("\n"), new Error(`turn ${turn}`, { cause: e }));
      }
    }
    reader.close();
  }
  assert(good > 100, "some fields do not matter");
});
