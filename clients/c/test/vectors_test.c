// SPDX-License-Identifier: Apache-2.0
// The vectors that the Java and the Python reader are tested with too.
// cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -I.. vectors_test.c -lm -o vectors_test && ./vectors_test vectors.jsonl DIRECTORY
// The same as C++: c++ -x c++ -std=c++17 ...
#ifndef _GNU_SOURCE  // which C++ compilers define
#define _POSIX_C_SOURCE 200809L
#endif
#define CHRONOTICK_VIRTUAL_HOST
#include "chronotick.h"

#include <inttypes.h>
#include <math.h>

static const char *const STATES[] = {"ok",          "no_segment", "incompatible", "not_ready",   "expired",
                                     "dead_writer", "contention", "untrusted",    "clock_domain"};
static char line[1 << 16];
static char path[256];
static int failures;

static void fail(const char *what) {
    const char *name = strstr(line, "\"name\": ") + 9;
    fprintf(stderr, "%.*s: %s\n", (int)strcspn(name, "\""), name, what);
    failures++;
}

// The text after "key": in the line; without the quotation mark of a string. NULL if there is none.
static const char *value(const char *key) {
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\": ", key);
    const char *at = strstr(line, pattern);
    if (!at) return NULL;
    at += strlen(pattern);
    return *at == '"' ? at + 1 : at;
}

static int64_t whole(const char *key) {
    const char *text = value(key);
    if (!text) {
        fail(key);
        return 0;
    }
    return strtoll(text, NULL, 10);
}

static double number(const char *key) {
    const char *text = value(key);
    if (!text) {
        fail(key);
        return NAN;
    }
    return strtod(text, NULL);
}

// What the vector says of the reader's machine; what it does not say is as the page has it.
static void from_page(unsigned offset, size_t size, void *into) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, (long)offset, SEEK_SET) || fread(into, 1, size, file) != size) memset(into, 0, size);
    if (file) fclose(file);
}

static void chronotick_host_boot_id(uint64_t id[2]) {
    unsigned char bytes[16] = {0};
    const char *text = value("host_boot_id");
    if (!text) {
        from_page(152, sizeof bytes, bytes);
    } else {
        unsigned byte;
        for (size_t i = 0; i < sizeof bytes && sscanf(text, "%2x", &byte) == 1; i++) {
            bytes[i] = (unsigned char)byte;
            text += text[2] == '-' ? 3 : 2;
        }
    }
    memcpy(id, bytes, sizeof bytes);
}

static uint64_t chronotick_host_time_namespace(void) {
    uint64_t inode;
    if (value("host_time_namespace")) return (uint64_t)whole("host_time_namespace");
    from_page(504, sizeof inode, &inode);
    return inode;
}

static bool chronotick_host_boottime_lead_ns(int64_t *lead) {
    if (value("host_boottime_lead_ns")) {
        *lead = whole("host_boottime_lead_ns");
    } else {
        from_page(3584, sizeof *lead, lead);
    }
    return true;
}

static void expect_state(const char *key, chronotick_status status, const chronotick *c) {
    const char *expected = value(key);
    size_t length = strcspn(expected, "\"");
    if (strlen(STATES[status]) != length || strncmp(expected, STATES[status], length) != 0) {
        fail(key);
        fprintf(stderr, "  found %s: %s\n", STATES[status], status ? chronotick_message(c) : "");
    }
    if (status && (!*chronotick_message(c) || strchr(chronotick_message(c), '\n'))) fail("the message is not one line");
}

static void expect_same(const char *key, double found) {
    double expected = number(key);
    if (!(found == expected || (isnan(found) && isnan(expected)))) fail(key);
}

static void expect_near(const char *key, double found, double relative) {
    double expected = number(key);
    if (!(fabs(found - expected) <= relative * fabs(expected))) fail(key);
}

static void write_file(void) {
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(2);
    }
    int64_t size = whole("size"), written = 0;
    unsigned byte;
    for (const char *hex = value("hex"); sscanf(hex, "%2x", &byte) == 1; hex += 2, written++) fputc((int)byte, file);
    for (; written < size; written++) fputc(0, file);
    fclose(file);
}

static void check_record(const chronotick_record *r) {
    expect_same("corrected_timestamp", r->corrected_timestamp);
    expect_same("system_timestamp", r->system_timestamp);
    expect_same("offset_correction", r->offset_correction);
    expect_same("drift_rate", r->drift_rate);
    expect_same("offset_uncertainty", r->offset_uncertainty);
    expect_same("drift_uncertainty", r->drift_uncertainty);
    expect_same("prediction_time", r->prediction_time);
    expect_same("valid_until", r->valid_until);
    expect_same("confidence", r->confidence);
    expect_same("sequence_number", r->sequence_number);
    expect_same("flags", r->flags);
    expect_same("source", r->source);
    expect_same("measurement_count", r->measurement_count);
    expect_same("writer_pid", r->writer_pid);
    expect_same("last_ntp_sync", r->last_ntp_sync);
    expect_same("daemon_uptime", r->daemon_uptime);
    expect_same("total_corrections", r->total_corrections);
    expect_same("layout_version", r->layout_version);
    expect_same("average_latency_ms", r->average_latency_ms);
    expect_same("max_error", r->max_error);
    if (r->monotonic_ns != whole("monotonic_ns")) fail("monotonic_ns");
}

static void check_interval(const chronotick_interval *now) {
    if (llabs(now->estimate_ns - whole("estimate_ns")) > 1) fail("estimate_ns");
    int64_t earliest = whole("earliest_ns"), latest = whole("latest_ns");
    if (now->earliest_ns > earliest || now->earliest_ns < earliest - 3) fail("earliest_ns");
    if (now->latest_ns < latest || now->latest_ns > latest + 3) fail("latest_ns");
}

static void check(void) {
    chronotick c;
    chronotick_record record;
    chronotick_interval now;
    write_file();
    chronotick_status status = chronotick_open(&c, path);
    if (!status) status = chronotick_read(&c, &record);
    expect_state("read", status, &c);
    bool read = !status;
    if (read) check_record(&record);
    chronotick_close(&c);

    status = chronotick_open(&c, path);
    if (!status) status = chronotick_at(&c, whole("at_monotonic_ns"), &now);
    expect_state("now", status, &c);
    if (!status) {
        check_interval(&now);
        double since = record.system_timestamp - record.prediction_time +
                       (double)(whole("at_monotonic_ns") - record.monotonic_ns) * 1e-9;
        expect_near("uncertainty_ns", 1e9 * sqrt(chronotick_variance(&record, since)), 1e-9);
        expect_near("uncertainty_at_horizon", sqrt(chronotick_variance(&record, number("horizon"))), 1e-12);
        expect_near("correction_at_system_time", chronotick_correction_at(&record, number("system_time")), 1e-12);
    }
    chronotick_close(&c);
}

int main(int argc, char **argv) {
    FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: vectors_test vectors.jsonl DIRECTORY\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/segment", argv[2]);
    int count = 0;
    for (; fgets(line, sizeof line, file); count++) check();
    fclose(file);
    chronotick c;
    unlink(path);
    if (chronotick_open(&c, path) != CHRONOTICK_NO_SEGMENT) fail("a file that is not there");
    printf("%d vectors, %d failures\n", count, failures);
    return failures != 0 || count == 0;
}
