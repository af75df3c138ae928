// SPDX-License-Identifier: Apache-2.0
// Segments full of what no daemon writes, on machines that show what none does: a reader has a sentence for each, and no step of
// its arithmetic leaves its type. Worth running with -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all.
#ifndef _GNU_SOURCE  // which C++ compilers define
#define _POSIX_C_SOURCE 200809L
#endif
#define CHRONOTICK_VIRTUAL_HOST
#include "chronotick.h"

#include <math.h>

#include "segment.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const double DOUBLES[] = {0,     -0.0,    1,       -1,      0.01,     -0.01,     1e-300, 5e-324,       2e6,
                                 -2e6,  1e9,     0x1p28,  0x1p31,  0x1p32,   -0x1p32,   0x1p53, 0x1p63,       -0x1p63,
                                 1e300, -1e300,  0x1p64,  1e-12,   INFINITY, -INFINITY, NAN,    1741880000.5, 1741880009.75};
static const float FLOATS[] = {0, -1, 1, 0x1p28f, 3e38f, INFINITY, -INFINITY, NAN};
static const uint32_t WORDS[] = {0, 1, 2, 4, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
static const int64_t LONGS[] = {0,         1,         -1,       1000000000, INT64_MAX, INT64_MAX - 1,
                                INT64_MIN, INT64_MIN + 1, 30000000, 30000001};
static const unsigned DOUBLES_AT[] = {0, 8, 16, 24, 32, 40, 48, 56, 88, 96, 144, 168, 176};
static const unsigned FLOATS_AT[] = {64, 112, 116};
static const unsigned WORDS_AT[] = {72, 76, 80, 84, 104, 108, 3592};
static const unsigned LONGS_AT[] = {120, 120, 120, 3584, 504};

static int64_t host_lead;
static uint64_t host_boot_id;

static void chronotick_host_boot_id(uint64_t id[2]) { id[0] = id[1] = host_boot_id; }
static uint64_t chronotick_host_time_namespace(void) { return host_boot_id; }
static bool chronotick_host_boottime_lead_ns(int64_t *lead) {
    *lead = host_lead;
    return true;
}

// Marsaglia's xorshift: the same numbers everywhere.
static uint32_t state = 2463534242;
static uint32_t below(size_t limit) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % (uint32_t)limit;
}

static void spoil(segment *s) {
    uint32_t kind = below(4), at = below(1 << 20), value = below(1 << 20);
    switch (kind) {
        case 0: segment_put_double(s, DOUBLES_AT[at % COUNT(DOUBLES_AT)], DOUBLES[value % COUNT(DOUBLES)]); break;
        case 1: segment_put_float(s, FLOATS_AT[at % COUNT(FLOATS_AT)], FLOATS[value % COUNT(FLOATS)]); break;
        case 2: segment_put_u32(s, WORDS_AT[at % COUNT(WORDS_AT)], WORDS[value % COUNT(WORDS)]); break;
        default: segment_put_i64(s, LONGS_AT[at % COUNT(LONGS_AT)], LONGS[value % COUNT(LONGS)]);
    }
}

static int good;

static void check(const chronotick *c, chronotick_status status, const chronotick_interval *now) {
    if (status == CHRONOTICK_OK) {
        good += now != NULL;
        bool ordered = !now || (now->earliest_ns < now->estimate_ns && now->estimate_ns < now->latest_ns);
        expect(ordered, "an interval", "of a garbage record");
    } else {
        const char *message = chronotick_message(c);
        expect(*message && !strchr(message, '\n') && strcmp(chronotick_text(status), "unknown") != 0, "one line", message);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: hostile_test DIRECTORY\n");
        return 2;
    }
    segment s;
    segment_create(&s, argv[1], "hostile");
    chronotick c;
    chronotick_interval now;
    chronotick_record record;
    segment_write_page(&s);
    expect(chronotick_minus(INT64_MAX, -1) == INT64_MAX && chronotick_minus(0, INT64_MIN) == INT64_MAX, "saturates", "above");
    expect(chronotick_minus(INT64_MIN, 1) == INT64_MIN && chronotick_minus(-2, INT64_MAX) == INT64_MIN, "saturates", "below");
    expect(chronotick_minus(INT64_MIN, -1) == -INT64_MAX && chronotick_minus(5, 7) == -2, "is exact", "between");
    chronotick_status status = chronotick_open(&c, s.path);
    for (int turn = 0; turn < 20000; turn++) {
        segment_write_page(&s);
        segment_write_record(&s, below(4) ? 0 : 1000000000);
        for (uint32_t some = 1 + (below(4) ? below(3) : below(20)); some; some--) spoil(&s);
        host_lead = LONGS[below(COUNT(LONGS))];
        if (turn % 5 == 0) {
            host_boot_id = (uint64_t)LONGS[below(COUNT(LONGS))];
            chronotick_close(&c);
            status = chronotick_open(&c, s.path);
            check(&c, status, NULL);
        }
        if (status != CHRONOTICK_OK) continue;
        for (int again = 0; again < 2; again++) {
            check(&c, chronotick_now(&c, &now), &now);
        }
        int64_t stamp = LONGS[below(COUNT(LONGS))];
        check(&c, chronotick_at(&c, stamp, &now), &now);
        check(&c, chronotick_at(&c, chronotick_monotonic_ns() - stamp / 4, &now), &now);
        check(&c, chronotick_now(&c, &now), &now);
        check(&c, chronotick_read(&c, &record), NULL);
    }
    chronotick_close(&c);
    segment_discard(&s);
    expect(good > 1000, "some fields do not matter", "all turns");
    printf("%d checks, %d failures\n", checks, failures);
    return failures != 0;
}
