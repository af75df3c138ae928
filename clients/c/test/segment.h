// SPDX-License-Identifier: Apache-2.0
// The writer's half of the contract, in a real file, for tests. Included after chronotick.h.
#ifndef SEGMENT_H
#define SEGMENT_H

static int checks, failures;

// One check of a test; where says which of many.
static inline void expect(bool holds, const char *what, const char *where) {
    checks++;
    if (holds) return;
    failures++;
    fprintf(stderr, "failed: %s (%s)\n", what, where);
}

typedef struct segment {
    char path[200];
    unsigned char *bytes;
    uint32_t sequence;
} segment;

static inline void segment_put(segment *s, size_t offset, const void *value, size_t size) {
    memcpy(s->bytes + offset, value, size);
}
static inline void segment_put_u32(segment *s, size_t offset, uint32_t value) { segment_put(s, offset, &value, sizeof value); }
static inline void segment_put_i64(segment *s, size_t offset, int64_t value) { segment_put(s, offset, &value, sizeof value); }
static inline void segment_put_double(segment *s, size_t offset, double value) { segment_put(s, offset, &value, sizeof value); }
static inline void segment_put_float(segment *s, size_t offset, float value) { segment_put(s, offset, &value, sizeof value); }

// A new file of zeros, mode 0644.
static inline void segment_create(segment *s, const char *directory, const char *name) {
    snprintf(s->path, sizeof s->path, "%s/%s", directory, name);
    unlink(s->path);
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (fd < 0 || fchmod(fd, 0644) != 0 || ftruncate(fd, CHRONOTICK_SEGMENT_SIZE) != 0) {
        perror(s->path);
        exit(2);
    }
    s->bytes = (unsigned char *)mmap(NULL, CHRONOTICK_SEGMENT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    s->sequence = 0;
    close(fd);
    if (s->bytes == (unsigned char *)MAP_FAILED) {
        perror(s->path);
        exit(2);
    }
}

static inline void segment_discard(segment *s) {
    munmap(s->bytes, CHRONOTICK_SEGMENT_SIZE);
    unlink(s->path);
}

// A page of 100 records a second, of which nothing is known about the clock domain.
static inline void segment_write_page(segment *s) {
    memset(s->bytes + 128, 0, CHRONOTICK_SEGMENT_SIZE - 128);
    segment_put_u32(s, 136, CHRONOTICK_PAGE_VERSION);
    segment_put_double(s, 168, 100);
    segment_put_double(s, 176, 0x1p-14);
    segment_put(s, 128, "CHRONOTK", 8);
}

// A good record by this process, so many ns old and valid for 1000 s.
static inline void segment_write_record(segment *s, int64_t age_ns) {
    const double anchor = 1741880000.5;
    s->sequence += 2;
    segment_put_double(s, 0, anchor);
    segment_put_double(s, 8, anchor);
    segment_put_double(s, 16, 0.25);
    segment_put_double(s, 24, 12e-6);
    segment_put_double(s, 32, 1e-6);
    segment_put_double(s, 40, 1e-8);
    segment_put_double(s, 48, anchor);
    segment_put_double(s, 56, anchor + 1000);
    segment_put_float(s, 64, 1);
    segment_put_u32(s, 68, s->sequence);
    segment_put_u32(s, 72, CHRONOTICK_VALID | CHRONOTICK_NTP_READY | CHRONOTICK_MODELS_READY | CHRONOTICK_WARMUP_COMPLETE);
    segment_put_u32(s, 76, 4);
    segment_put_u32(s, 84, (uint32_t)getpid());
    segment_put_u32(s, 108, CHRONOTICK_LAYOUT_VERSION);
    segment_put_float(s, 116, 0x1p-10f);
    segment_put_i64(s, 120, chronotick_monotonic_ns() - age_ns);
}

#endif
