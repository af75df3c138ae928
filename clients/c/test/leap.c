// SPDX-License-Identifier: Apache-2.0
// Reads through a leap second: leap SEGMENT. Says "ready" and takes UTC - raw, the raw clock at the leap second and its step, ns, from its
// input; 2 s after it, says how many readings there were before it and after it, and how many of them do not hold the POSIX time.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "chronotick.h"

static int64_t raw(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv) {
    chronotick c;
    chronotick_interval now;
    long long lead, leap, step;
    if (argc != 2 || chronotick_open(&c, argv[1]))
        return 1;
    puts("ready");
    fflush(stdout);
    if (scanf("%lld %lld %lld", &lead, &leap, &step) != 3)
        return 1;
    const struct timespec pause = {0, 200000};
    long before = 0, after = 0, outside = 0;
    for (int64_t end = 0; end < leap + 2000000000;) {
        nanosleep(&pause, NULL);
        int64_t begin = raw();
        int refused = chronotick_now(&c, &now) != CHRONOTICK_OK;
        end = raw();
        if (refused)
            continue;
        int64_t first = begin + lead + (begin < leap ? 0 : step), last = end + lead + (end < leap ? 0 : step);
        int64_t low = first < last ? first : last, high = first < last ? last : first;
        outside += now.earliest_ns > high || now.latest_ns < low;
        *(end < leap ? &before : &after) += 1;
    }
    printf("%ld before, %ld after, %ld outside\n", before, after, outside);
    return 0;
}
