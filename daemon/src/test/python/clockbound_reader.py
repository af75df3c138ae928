# SPDX-License-Identifier: Apache-2.0
"""Reads ClockBound's segment, from the description of its layout alone.

    clockbound_reader.py SEGMENT COUNT MONO0 RATE

The system clock of the test runs away from the truth by RATE of CLOCK_MONOTONIC since MONO0, ns. Reads COUNT times, and on until it
has met COUNT / 1000 states of the segment, however seldom the writer has its turn. Prints how often there was a time, how often a
write was under way, how often the time was unknown, and how many states there were. Ends with 1 at the first statement that does not
hold.
"""

import mmap
import struct
import sys
import time

LAYOUT = struct.Struct("=IIIHHqqqqqQIiB")  # 73 of 80 bytes


def main():
    path, count, mono0, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    with open(path, "rb") as file:
        view = mmap.mmap(file.fileno(), 80, prot=mmap.PROT_READ)
    times = writes = unknown = 0
    last_generation = 0
    generations = 0
    clock = time.clock_gettime_ns
    reads = 0
    while reads < count or generations <= count // 1000:
        reads += 1
        generation = struct.unpack_from("=H", view, 14)[0]
        fields = LAYOUT.unpack_from(view, 0)
        if fields[4] != generation or struct.unpack_from("=H", view, 14)[0] != generation or generation & 1:
            writes += 1
            continue
        if fields[0] != 0x414D5A4E or fields[1] != 0x43420200 or fields[2] != 80 or fields[3] != 2 or generation == 0:
            sys.exit(f"not a segment: {fields}")
        if generation != last_generation:
            generations += 1
            last_generation = generation
        as_of = fields[5] * 10**9 + fields[6]
        void_after = fields[7] * 10**9 + fields[8]
        bound, drift, status = fields[9], fields[11], fields[12]
        now = clock(time.CLOCK_MONOTONIC)
        coarse = clock(6)
        if as_of > coarse + 1_000:
            sys.exit(f"from the future: {as_of} at {coarse}")
        if status not in (1, 2):
            unknown += 1
            continue
        if coarse > void_after:
            sys.exit("past its validity")
        truth = abs(rate * (now - mono0))
        stated = bound + drift * (coarse - as_of) / 1e9
        if truth > stated:
            sys.exit(f"off by {truth} ns, stated {stated} ns, age {coarse - as_of} ns, generation {generation}")
        times += 1
    print(times, writes, unknown, generations)


main()
