// SPDX-License-Identifier: Apache-2.0

// A writer whose fields all hold the same number, so that a mixture of two records shows; until its standard input ends. Argument: segment.
import { openSync, writeSync } from "node:fs";

const descriptor = openSync(process.argv[2]!, "r+");
const sequence = Buffer.alloc(4);
const double = Buffer.alloc(8);
const long = Buffer.alloc(8);
let number = 0;
let ended = false;
process.stdin.on("end", () => (ended = true)).resume();

function burst(): void {
  for (let i = 0; i < 1000; i++) {
    number++;
    sequence.writeUInt32LE((2 * number - 1) >>> 0);
    writeSync(descriptor, sequence, 0, 4, 68);
    double.writeDoubleLE(number);
    writeSync(descriptor, double, 0, 8, 0);
    writeSync(descriptor, double, 0, 8, 16);
    long.writeBigInt64LE(BigInt(number));
    writeSync(descriptor, long, 0, 8, 120);
    sequence.writeUInt32LE((2 * number) >>> 0);
    writeSync(descriptor, sequence, 0, 4, 68);
  }
  if (number === 1000) {
    process.stdout.write("ready\n");
  }
  if (!ended) {
    setImmediate(burst);
  }
}

burst();
