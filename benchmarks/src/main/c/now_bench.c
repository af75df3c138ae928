// SPDX-License-Identifier: Apache-2.0
// now() as an interval by the C client, and a bare clock read, in ns: medians of many batches, taken in turns.
// cc -O2 -std=gnu11 -I ../../../../clients/c now_bench.c -o now_bench && ./now_bench SEGMENT
#include "chronotick.h"

enum { BATCH = 200000, BATCHES = 101 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    static chronotick c;
    if (chronotick_open(&c, argc > 1 ? argv[1] : NULL)) {
        fprintf(stderr, "now_bench: %s\n", chronotick_message(&c));
        return 3;
    }
    double full[BATCHES], bare[BATCHES];
    volatile int64_t sink = 0;
    for (int i = 0; i < 2 * BATCHES; i++) {  // the first half warms up
        int64_t begin = chronotick_monotonic_ns();
        for (int k = 0; k < BATCH; k++) {
            chronotick_interval t;
            if (chronotick_now(&c, &t)) {
                fprintf(stderr, "now_bench: %s\n", chronotick_message(&c));
                return 4;
            }
            sink += t.latest_ns;
        }
        int64_t middle = chronotick_monotonic_ns();
        for (int k = 0; k < BATCH; k++) sink += chronotick_monotonic_ns();
        int64_t end = chronotick_monotonic_ns();
        full[i % BATCHES] = (double)(middle - begin) / BATCH;
        bare[i % BATCHES] = (double)(end - middle) / BATCH;
    }
    qsort(full, BATCHES, sizeof *full, ascending);
    qsort(bare, BATCHES, sizeof *bare, ascending);
    printf("%.2f %.2f\n", full[BATCHES / 2], bare[BATCHES / 2]);
    return 0;
}
