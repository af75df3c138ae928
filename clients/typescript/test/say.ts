// SPDX-License-Identifier: Apache-2.0

// Prints the time of a segment, or why there is none, as the chronotick program says it. Argument: segment.
import { ChronoTickError, Reader } from "../src/index.js";

try {
  console.log(String(new Reader(process.argv[2]).now().estimateNs));
} catch (e) {
  if (!(e instanceof ChronoTickError)) {
    throw e;
  }
  console.error(`chronotick: ${e.message}`);
}
