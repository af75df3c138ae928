// SPDX-License-Identifier: Apache-2.0
// now() as an interval from the shared record, and a bare clock read, in ns: medians of many batches.
// cc -O2 -std=gnu11 now_bench.c -o now_bench && ./now_bench SEGMENT
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 200000, BATCHES = 101 };

typedef struct {
    int64_t earliest, estimate, latest;
} interval;

static int64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double f64(const volatile char *at) {
    double v;
    memcpy(&v, (const char *)at, sizeof v);
    return v;
}

static float f32(const volatile char *at) {
    float v;
    memcpy(&v, (const char *)at, sizeof v);
    return v;
}

// Returns 0 when the record is valid now.
static int now(const char *m, double max_drift, interval *out) {
    const _Atomic uint32_t *sequence = (const _Atomic uint32_t *)(m + 68);
    double system, offset, drift, origin, until;
    float bound;
    uint32_t flags;
    int64_t anchor;
    for (;;) {
        uint32_t before = atomic_load_explicit(sequence, memory_order_acquire);
        if (before & 1) continue;
        system = f64(m + 8);
        offset = f64(m + 16);
        drift = f64(m + 24);
        origin = f64(m + 48);
        until = f64(m + 56);
        memcpy(&flags, m + 72, sizeof flags);
        bound = f32(m + 116);
        memcpy(&anchor, m + 120, sizeof anchor);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(sequence, memory_order_relaxed) == before) break;
    }
    int64_t elapsed = monotonic_ns() - anchor;
    if (!(flags & 1) || elapsed < -4000000 || elapsed * 1e-9 > until - system) return -1;
    double whole = floor(system);
    int64_t anchor_ns = (int64_t)whole * 1000000000LL + llrint((system - whole) * 1e9);
    double correction = (offset + drift * (system - origin)) * 1e9;
    out->estimate = anchor_ns + elapsed + (int64_t)(correction + elapsed * drift);
    int64_t half = (int64_t)(bound * 1e9 + max_drift * elapsed) + 1;
    out->earliest = out->estimate - half;
    out->latest = out->estimate + half;
    return 0;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    const char *m = fd < 0 ? MAP_FAILED : mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (m == MAP_FAILED) {
        fprintf(stderr, "now_bench: no segment\n");
        return 3;
    }
    double max_drift = f64(m + 176);
    double full[BATCHES], bare[BATCHES];
    volatile int64_t sink = 0;
    for (int i = 0; i < 2 * BATCHES; i++) {
        int64_t begin = monotonic_ns();
        for (int k = 0; k < BATCH; k++) {
            interval t;
            if (now(m, max_drift, &t)) return 4;
            sink += t.latest;
        }
        int64_t middle = monotonic_ns();
        for (int k = 0; k < BATCH; k++) sink += monotonic_ns();
        int64_t end = monotonic_ns();
        full[i % BATCHES] = (middle - begin) / (double)BATCH;
        bare[i % BATCHES] = (end - middle) / (double)BATCH;
    }
    qsort(full, BATCHES, sizeof *full, ascending);
    qsort(bare, BATCHES, sizeof *bare, ascending);
    printf("%.2f %.2f\n", full[BATCHES / 2], bare[BATCHES / 2]);
    return 0;
}
