// SPDX-License-Identifier: Apache-2.0

// The time, once: node dist/examples/now.js
import { Reader } from "chronotick";

const reader = new Reader();
const now = reader.now();
console.log(`${new Date(Number(now.estimateNs / 1_000_000n)).toISOString()} ± ${(now.uncertaintyNs / 1e3).toFixed(1)} µs`);
reader.close();
