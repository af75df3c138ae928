// SPDX-License-Identifier: Apache-2.0
//
// Corrected time with honest bounds, read from a ChronoTick daemon's shared memory. C11 and C++17 or later, by GCC or Clang, for
// Linux and macOS; nothing but libc.
//
//     chronotick clock;
//     chronotick_interval now;
//     if (chronotick_open(&clock, NULL) || chronotick_now(&clock, &now))
//         fprintf(stderr, "%s\n", chronotick_message(&clock));
//     else
//         printf("%" PRId64 " .. %" PRId64 "\n", now.earliest_ns, now.latest_ns);
//     chronotick_close(&clock);
//
// Thread safety: a handle belongs to one thread at a time; open one for each: a page of shared memory and a descriptor. Different handles
// need no locking, nor does the writer ever wait for a reader.
//
// Cost: chronotick_now is one read of the monotonic clock and some nanoseconds; no lock, no allocation, no system call. Only
// when the record has not advanced for two and a half of the daemon's periods (at least 50 ms) does it look at the file system,
// about ten times a second, and moves to the segment of a daemon that was restarted.
//
// Trust: a segment is read only if its file belongs to root, to the effective user of this process or to the one whose number
// the environment's CHRONOTICK_TRUST_UID holds, if neither group nor others may write to it, and if its name is no symbolic link.
// A program that runs with more rights than its caller (set-user-ID) takes neither that nor CHRONOTICK_SHM from the environment.
//
// Clocks: a segment of another boot or another time namespace is anchored on another clock, and refused. The monotonic clock
// stands still while the machine is suspended: a record that is stale is used only after a look at CLOCK_BOOTTIME, and refused if
// the machine was suspended since. A younger one is not looked at: after a resume it is wrong until the daemon's first tick. A
// handle that a child process inherits in another time namespace has to be opened anew there.
//
// A file that is cut short under its mapping, which only its owner can do and a daemon never does, means SIGBUS to whoever reads
// it. A handle that has not been used for 50 ms looks at the size of the file first, and returns CHRONOTICK_NO_SEGMENT or moves to
// the file that has replaced it. One that is read in a loop looks when the record is stale, which may be too late.
//
// The layout and the arithmetic are those of docs/shared-memory.md.
#ifndef CHRONOTICK_H
#define CHRONOTICK_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#if !defined CLOCK_MONOTONIC
#error "chronotick.h needs POSIX: compile with -std=gnu11, or define _POSIX_C_SOURCE as 200809L before the first include"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "chronotick.h reads the segment's words in place, which needs a little-endian machine"
#endif
#if !defined __GNUC__
#error "chronotick.h needs the __atomic builtins of GCC and Clang: C++ has no _Atomic, and C no std::atomic_ref"
#endif
// Atomics of these sizes have to work on memory that another process maps too, and on a page that may not be written.
#if __GCC_ATOMIC_INT_LOCK_FREE != 2 || __GCC_ATOMIC_LLONG_LOCK_FREE != 2
#error "chronotick.h needs lock-free atomics of 4 and 8 bytes"
#endif

// Why there is no time; 0 if there is.
typedef enum chronotick_status {
    CHRONOTICK_OK = 0,
    CHRONOTICK_NO_SEGMENT,    // no such file, or it may not be read
    CHRONOTICK_INCOMPATIBLE,  // wrong size, magic or version, or values that no clock has
    CHRONOTICK_NOT_READY,     // never written, or the daemon does not know the time yet: try again later
    CHRONOTICK_EXPIRED,       // past its use; the writer is stopped or has lost its servers
    CHRONOTICK_DEAD_WRITER,   // no valid record, and the process that should write it is gone
    CHRONOTICK_CONTENTION,    // the writer stopped in the middle of a write
    CHRONOTICK_UNTRUSTED,     // somebody can have written to the file whom this process need not believe
    CHRONOTICK_CLOCK_DOMAIN   // of another boot or another time namespace
} chronotick_status;

// UTC at one moment: the interval that holds it, and the best estimate. ns since the Unix epoch, without leap seconds.
typedef struct chronotick_interval {
    int64_t earliest_ns, estimate_ns, latest_ns;
} chronotick_interval;

enum {
    CHRONOTICK_VALID = 0x01,
    CHRONOTICK_NTP_READY = 0x02,
    CHRONOTICK_MODELS_READY = 0x04,
    CHRONOTICK_WARMUP_COMPLETE = 0x08,
    CHRONOTICK_HOLDOVER = 0x10,
    CHRONOTICK_CLOCK_STEPPED = 0x20,
    CHRONOTICK_LEAP_PENDING = 0x40,
    CHRONOTICK_AUTHENTICATED = 0x80
};

// A snapshot of the 128 bytes, in their order. Times are Unix seconds of CLOCK_REALTIME unless the name says otherwise.
typedef struct chronotick_record {
    double corrected_timestamp;  // best estimate of UTC at the anchor, to 238 ns; for people
    double system_timestamp;     // the anchor, exact
    double offset_correction;    // s to add to the system clock at prediction_time
    double drift_rate;           // how that grows, s/s
    double offset_uncertainty;   // one standard deviation at prediction_time, s
    double drift_uncertainty;    // one standard deviation, s/s
    double prediction_time;
    double valid_until;
    float confidence;  // 0..1
    uint32_t sequence_number;
    uint32_t flags;
    uint32_t source;  // NO_DATA 0, NTP 1, CPU_MODEL 2, GPU_MODEL 3, FUSION 4
    uint32_t measurement_count;
    uint32_t writer_pid;
    double last_ntp_sync;  // 0 if none
    double daemon_uptime;  // s
    uint32_t total_corrections;
    uint32_t layout_version;
    float average_latency_ms;
    float max_error;       // hard bound at the anchor, s
    int64_t monotonic_ns;  // the anchor on the monotonic clock
} chronotick_record;
#ifdef __cplusplus
static_assert(sizeof(chronotick_record) == 128, "the struct has the record's layout");
#else
_Static_assert(sizeof(chronotick_record) == 128, "the struct has the record's layout");
#endif

// A handle. Its fields are not for others.
typedef struct chronotick {
    uint32_t *map;  // only ever read, by atomic loads
    int fd;         // open while there is a map
    // The record's line, kept from one reading to the next.
    uint32_t sequence;
    int64_t anchor_ns, fresh_ns, whole_ns;
    double fraction_ns, drift, bound_ns, max_drift;
    int64_t stale_ns, last_lookup_ns, last_size_ns;
    uint64_t boot_id[2], time_namespace;  // of this machine, zeros if not known
    dev_t device;
    ino_t inode;
    char path[256];
    char message[768];
} chronotick;

// --- What there is to call --------------------------------------------------------------------------------------------

// Attaches to a segment, which need not have been written yet. A name is a file in /dev/shm ($TMPDIR on macOS), anything with
// a slash a path; NULL stands for $CHRONOTICK_SHM, else chronotick_shm. Do this once. Whatever it returns, chronotick_close
// and chronotick_message may follow.
static inline chronotick_status chronotick_open(chronotick *c, const char *name_or_path);

// UTC now. Immune to steps of the system clock.
static inline chronotick_status chronotick_now(chronotick *c, chronotick_interval *out);

// UTC at a reading of chronotick_monotonic_ns(): of a time stamp taken a while ago, within the record's validity.
static inline chronotick_status chronotick_at(chronotick *c, int64_t monotonic_ns, chronotick_interval *out);

// A consistent snapshot, whatever it says: validity and age are for the caller to judge.
static inline chronotick_status chronotick_read(chronotick *c, chronotick_record *out);

// Lets go of the segment and of nothing else. The handle may be opened again.
static inline void chronotick_close(chronotick *c);

// One line with cause and remedy of what the last call on this handle returned, if it was not CHRONOTICK_OK.
static inline const char *chronotick_message(const chronotick *c) { return c->message; }

// The status in a few words.
static inline const char *chronotick_text(chronotick_status status);

// The clock that the record is anchored on, ns.
static inline int64_t chronotick_monotonic_ns(void) {
#ifdef __APPLE__
    return (int64_t)clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
#endif
}

// Seconds to add to the system clock when it shows system_time, by that record.
static inline double chronotick_correction_at(const chronotick_record *r, double system_time) {
    return r->offset_correction + r->drift_rate * (system_time - r->prediction_time);
}

// Variance of that correction, s^2, so many seconds from prediction_time. Its square root is one standard deviation.
static inline double chronotick_variance(const chronotick_record *r, double horizon) {
    double from_drift = r->drift_uncertainty * horizon;
    return r->offset_uncertainty * r->offset_uncertainty + from_drift * from_drift;
}

// --- How it is done ---------------------------------------------------------------------------------------------------

enum {
    CHRONOTICK_SEGMENT_SIZE = 4096,
    CHRONOTICK_LAYOUT_VERSION = 2,
    CHRONOTICK_PAGE_VERSION = 1,
    CHRONOTICK_SPINS = 500  // looks: some ten microseconds, which outlast a write
};
// How far in the future an anchor may lie; more is a record of another boot.
#define CHRONOTICK_MAX_AHEAD_NS INT64_C(4000000)
// After the spins the writer has lost its CPU, and gets it back within a few slices of the scheduler.
#define CHRONOTICK_PATIENCE_NS INT64_C(20000000)
#define CHRONOTICK_LOOKUP_NS INT64_C(100000000)
#define CHRONOTICK_MIN_STALE_NS INT64_C(50000000)
// CLOCK_BOOTTIME ahead of CLOCK_MONOTONIC by so much more than the daemon saw: the machine was suspended since. Java can read it
// to 10 ms only, and all readers are to agree. It has to be seen so often: a thread that loses its CPU between the two sees it,
// too.
#define CHRONOTICK_SUSPEND_NS INT64_C(30000000)
#define CHRONOTICK_SUSPEND_LOOKS 5
// That clock never falls back: further behind than a look at it can take, it is another one.
#define CHRONOTICK_LARGEST_LAG_NS INT64_C(1000000000)

#define CHRONOTICK_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define CHRONOTICK_COLD __attribute__((cold, noinline, unused))
#define CHRONOTICK_PRINTF __attribute__((format(printf, 3, 4)))

// Fields are loaded as relaxed atomics, whole words: a plain load that races with the writer would be undefined in C and C++.
static inline uint64_t chronotick_word(const chronotick *c, unsigned offset) {
    return __atomic_load_n((uint64_t *)(void *)(c->map + offset / 4), __ATOMIC_RELAXED);
}

static inline uint32_t chronotick_half(const chronotick *c, unsigned offset) {
    return __atomic_load_n(c->map + offset / 4, __ATOMIC_RELAXED);
}

// Of the record; what is loaded after this is not older.
static inline uint32_t chronotick_sequence(const chronotick *c) { return __atomic_load_n(c->map + 68 / 4, __ATOMIC_ACQUIRE); }

// Of record and host, which may be anything: the difference, or what is nearest to it.
static inline int64_t chronotick_minus(int64_t a, int64_t b) {
    int64_t difference;
    return __builtin_sub_overflow(a, b, &difference) ? (b < 0 ? INT64_MAX : INT64_MIN) : difference;
}

static inline double chronotick_double(const chronotick *c, unsigned offset) {
    uint64_t bits = chronotick_word(c, offset);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static CHRONOTICK_COLD CHRONOTICK_PRINTF chronotick_status chronotick_fail(
    chronotick *c, chronotick_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof c->message, format, arguments);
    va_end(arguments);
    return status;
}

// The reader's half of the seqlock, one attempt. The acquire keeps the fields' loads behind the first load of the sequence, the
// fence keeps them before the second. Odd is a write under way; equal and even means that none began or ended in between.
static inline bool chronotick_try_load(const chronotick *c, chronotick_record *out) {
    uint64_t words[16];
    uint32_t before = chronotick_sequence(c);
    if (before & 1) return false;
    for (unsigned i = 0; i < 16; i++) words[i] = chronotick_word(c, 8 * i);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (chronotick_half(c, 68) != before) return false;
    memcpy(out, words, sizeof words);
    return true;
}

static inline bool chronotick_is_plausible(const chronotick_record *r) {
    // What a clock can have; false for any NaN. Keeps every step below free of overflow.
    double from_prediction = r->system_timestamp - r->prediction_time, validity = r->valid_until - r->system_timestamp;
    return r->system_timestamp >= 0 && r->system_timestamp <= 0x1p32 && r->offset_correction >= -0x1p32 &&
           r->offset_correction <= 0x1p32 && r->drift_rate >= -0.01 && r->drift_rate <= 0.01 && from_prediction >= -2e6 &&
           from_prediction <= 2e6 && validity >= -2e6 && validity <= 2e6 && r->offset_uncertainty >= 0 &&
           r->offset_uncertainty <= 0x1p28 && r->drift_uncertainty >= 0 && r->drift_uncertainty <= 1 &&
           r->max_error >= 0 && r->max_error <= 0x1p28f;
}

static inline int64_t chronotick_floor(double value) {
    int64_t whole = (int64_t)value;
    return whole - ((double)whole > value);
}

static inline int64_t chronotick_validity_ns(const chronotick_record *r) {
    return chronotick_floor((r->valid_until - r->system_timestamp) * 1e9);
}

static inline bool chronotick_is_usable(const chronotick_record *r, int64_t monotonic_ns) {
    if (!(r->flags & CHRONOTICK_VALID) || r->layout_version != CHRONOTICK_LAYOUT_VERSION || !chronotick_is_plausible(r))
        return false;
    int64_t age = chronotick_minus(monotonic_ns, r->monotonic_ns);
    return age >= -CHRONOTICK_MAX_AHEAD_NS && age <= chronotick_validity_ns(r);
}

// The point so long after the anchor on the line that the handle keeps. The extra nanosecond is for the estimate's rounding.
static inline void chronotick_point(const chronotick *c, int64_t elapsed, chronotick_interval *out) {
    int64_t size = elapsed < 0 ? -elapsed : elapsed;
    int64_t estimate = c->whole_ns + elapsed + chronotick_floor(c->fraction_ns + c->drift * (double)elapsed + 0.5);
    int64_t half = (int64_t)(c->bound_ns + c->max_drift * (double)size) + 2;
    out->earliest_ns = estimate - half;
    out->estimate_ns = estimate;
    out->latest_ns = estimate + half;
}

static inline void chronotick_set_line(chronotick *c, const chronotick_record *r, double max_drift) {
    // A double of Unix seconds has steps of 238 ns: whole seconds are multiplied as integers, only fractions as doubles.
    int64_t system = (int64_t)r->system_timestamp, offset = (int64_t)r->offset_correction;
    double fraction = (r->system_timestamp - (double)system) + (r->offset_correction - (double)offset);
    int64_t validity = chronotick_validity_ns(r);
    c->sequence = r->sequence_number;
    c->anchor_ns = r->monotonic_ns;
    c->fresh_ns = validity < c->stale_ns ? validity : c->stale_ns;
    c->whole_ns = (system + offset) * 1000000000;
    c->fraction_ns = (fraction + r->drift_rate * (r->system_timestamp - r->prediction_time)) * 1e9;
    c->drift = r->drift_rate;
    c->bound_ns = r->max_error * 1e9;
    c->max_drift = max_drift;
}

// NULL in a program that runs with more rights than whoever set the variable.
static CHRONOTICK_COLD const char *chronotick_environment(const char *name) {
#ifdef __linux__
    bool raised = getauxval(AT_SECURE) != 0;
#else
    bool raised = getuid() != geteuid() || getgid() != getegid();
#endif
    return raised ? NULL : getenv(name);
}

static CHRONOTICK_COLD void chronotick_default(char *into, size_t size, const char *name) {
    if (!name) name = chronotick_environment("CHRONOTICK_SHM");
    if (!name || !*name) name = "chronotick_shm";
    const char *directory = "";
    if (!strchr(name, '/')) {
#ifdef __APPLE__
        directory = getenv("TMPDIR");
        if (!directory || !*directory) directory = "/tmp";
#else
        directory = "/dev/shm";
#endif
    }
    size_t length = strlen(directory);
    const char *slash = length && directory[length - 1] != '/' ? "/" : "";
    if (snprintf(into, size, "%s%s%s", directory, slash, name) >= (int)size) *into = 0;
}

// How to start a daemon that writes to this path.
static CHRONOTICK_COLD const char *chronotick_start(const chronotick *c, char *text, size_t size) {
    char usual[sizeof c->path];
    chronotick_default(usual, sizeof usual, NULL);
    bool is_usual = strcmp(usual, c->path) == 0;
    snprintf(text, size, "start one with: chronotick daemon%s%s", is_usual ? "" : " --shm ", is_usual ? "" : c->path);
    return text;
}

#ifndef CHRONOTICK_VIRTUAL_HOST  // a test that defines it brings these three itself
// The kernel's boot id, a UUID's bytes in their order; zeros where there is none.
static CHRONOTICK_COLD void chronotick_host_boot_id(uint64_t id[2]) {
    unsigned char bytes[16] = {0};
    char text[36];
    const char *const hex = "0123456789abcdef";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    size_t length = file ? fread(text, 1, sizeof text, file) : 0, digits = 0;
    if (file) fclose(file);
    id[0] = id[1] = 0;
    for (const char *at = text; at < text + length; at++) {
        if (*at == '-') continue;
        const char *digit = *at ? strchr(hex, *at) : NULL;
        if (!digit || digits == 32) break;
        bytes[digits / 2] = (unsigned char)(bytes[digits / 2] * 16 + (digit - hex));
        digits++;
    }
    if (digits == 32) memcpy(id, bytes, sizeof bytes);
}

// Inode of the time namespace of this process; 0 where there is none.
static CHRONOTICK_COLD uint64_t chronotick_host_time_namespace(void) {
    struct stat found;
    return stat("/proc/self/ns/time", &found) == 0 ? (uint64_t)found.st_ino : 0;
}

// CLOCK_BOOTTIME - CLOCK_MONOTONIC, ns, which grows by what the machine is suspended; never too small. False where there is none.
static CHRONOTICK_COLD bool chronotick_host_boottime_lead_ns(int64_t *lead) {
#ifdef CLOCK_BOOTTIME
    struct timespec t;
    int64_t monotonic = chronotick_monotonic_ns();  // first: what passes between the two makes the difference larger
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) return false;
    *lead = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - monotonic;
    return true;
#else
    (void)lead;
    return false;
#endif
}
#else
static void chronotick_host_boot_id(uint64_t id[2]);
static uint64_t chronotick_host_time_namespace(void);
static bool chronotick_host_boottime_lead_ns(int64_t *lead);
#endif

// Whether the segment's monotonic clock is the one that is read here. Written once by each daemon, before its first record; zeros
// are not known. A magic of 0 is a page not yet written: when it has been, a record follows, and this is asked again.
static inline bool chronotick_is_same_domain(const chronotick *c) {
    uint64_t high = chronotick_word(c, 152), low = chronotick_word(c, 160), space = chronotick_word(c, 504);
    bool boot = (high == c->boot_id[0] && low == c->boot_id[1]) || !(high | low) || !(c->boot_id[0] | c->boot_id[1]);
    return (boot && (space == c->time_namespace || !space || !c->time_namespace)) || !chronotick_word(c, 128);
}

static CHRONOTICK_COLD const char *chronotick_uuid(uint64_t high, uint64_t low, char *text) {
    unsigned char bytes[16];
    memcpy(bytes, &high, 8);
    memcpy(bytes + 8, &low, 8);
    char *at = text;
    for (int i = 0; i < 16; i++) at += snprintf(at, 4, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    return text;
}

static CHRONOTICK_COLD chronotick_status chronotick_refuse_domain(chronotick *c) {
    char start[sizeof c->path + 64], there[37], here[37];
    chronotick_start(c, start, sizeof start);
    uint64_t high = chronotick_word(c, 152), low = chronotick_word(c, 160);
    if ((high | low) && (c->boot_id[0] | c->boot_id[1]) && (high != c->boot_id[0] || low != c->boot_id[1]))
        return chronotick_fail(c, CHRONOTICK_CLOCK_DOMAIN,
                               "%s was written by another boot of this machine, or on another one (boot id %s, here %s): %s",
                               c->path, chronotick_uuid(high, low, there), chronotick_uuid(c->boot_id[0], c->boot_id[1], here), start);
    return chronotick_fail(c, CHRONOTICK_CLOCK_DOMAIN,
                           "%s was written in time namespace %llu and this process is in %llu, where the clocks show something "
                           "else: run a daemon here, on a segment of its own (chronotick daemon --shm NAME)",
                           c->path, (unsigned long long)chronotick_word(c, 504), (unsigned long long)c->time_namespace);
}

// What a segment's file has to be before anything in it is believed: its directory may be one where anybody can make a file of
// that name.
static CHRONOTICK_COLD chronotick_status chronotick_check_file(chronotick *c, const struct stat *found) {
    if (S_ISLNK(found->st_mode))
        return chronotick_fail(c, CHRONOTICK_UNTRUSTED,
                               "%s is a symbolic link, and whoever can change it decides about the time: name the file itself",
                               c->path);
    if (!S_ISREG(found->st_mode))  // opening a pipe would wait for its writer
        return chronotick_fail(c, CHRONOTICK_INCOMPATIBLE, "%s is not a file: give the segment's name or path", c->path);
    const char *trusted = chronotick_environment("CHRONOTICK_TRUST_UID");
    unsigned long uid = 0;
    if (trusted && *trusted) {
        size_t digits = strspn(trusted, "0123456789");
        if (digits <= 10) uid = (unsigned long)strtoull(trusted, NULL, 10);
        // The last number stands for no user in chown(2).
        if (trusted[digits] || digits > 10 || uid >= UINT32_MAX) {
            char shown[41];
            size_t length = 0;
            for (; length < sizeof shown - 1 && trusted[length]; length++)
                shown[length] = trusted[length] >= ' ' && trusted[length] <= '~' ? trusted[length] : '?';
            shown[length] = 0;
            return chronotick_fail(c, CHRONOTICK_UNTRUSTED,
                                   "CHRONOTICK_TRUST_UID is '%s' and has to be the number of a user, such as 1000", shown);
        }
    }
    unsigned long owner = (unsigned long)found->st_uid, me = (unsigned long)geteuid();
    if (owner != 0 && owner != me && owner != uid)
        return chronotick_fail(c, CHRONOTICK_UNTRUSTED,
                               "%s belongs to user %lu, who is neither root nor you (user %lu): remove it, or trust that user with "
                               "CHRONOTICK_TRUST_UID=%lu",
                               c->path, owner, me, owner);
    if (found->st_mode & (S_IWGRP | S_IWOTH))
        return chronotick_fail(c, CHRONOTICK_UNTRUSTED,
                               "%s has mode %04o, so others than its owner (user %lu) may write to it: remove it and restart the "
                               "daemon",
                               c->path, (unsigned)found->st_mode & 07777, owner);
    if (found->st_size != CHRONOTICK_SEGMENT_SIZE)
        return chronotick_fail(c, CHRONOTICK_INCOMPATIBLE,
                               "%s has %lld bytes where a segment has %d: not a ChronoTick segment of this version; check the "
                               "name, or use another with --shm",
                               c->path, (long long)found->st_size, CHRONOTICK_SEGMENT_SIZE);
    return CHRONOTICK_OK;
}

static CHRONOTICK_COLD void chronotick_unmap(chronotick *c) {
    if (c->map) {
        munmap(c->map, CHRONOTICK_SEGMENT_SIZE);
        close(c->fd);
    }
    c->map = NULL;
}

// Whether what has been mapped is a page of this version, in this clock domain.
static CHRONOTICK_COLD chronotick_status chronotick_check_page(chronotick *c) {
    uint64_t magic = chronotick_word(c, 128);
    uint32_t version = chronotick_half(c, 136);
    if (magic == 0) return CHRONOTICK_OK;  // its daemon is about to write it
    if (magic != UINT64_C(0x4B544F4E4F524843))
        return chronotick_fail(c, CHRONOTICK_INCOMPATIBLE,
                               "%s is not a ChronoTick segment (wrong magic); check the name, or use another with --shm", c->path);
    if (version != CHRONOTICK_PAGE_VERSION)
        return chronotick_fail(c, CHRONOTICK_INCOMPATIBLE,
                               "%s has page version %u, this client reads %d: use a client and a daemon of the same release",
                               c->path, (unsigned)version, CHRONOTICK_PAGE_VERSION);
    return chronotick_is_same_domain(c) ? CHRONOTICK_OK : chronotick_refuse_domain(c);
}

// Maps the file that the path leads to now, into a handle that has none.
static CHRONOTICK_COLD chronotick_status chronotick_map(chronotick *c, const char *no_file) {
    char start[sizeof c->path + 64];
    struct stat found;
    void *map = MAP_FAILED;
    int fd = -1;
    if (lstat(c->path, &found) == 0) {  // before it is opened: opening a device may do something
        chronotick_status status = chronotick_check_file(c, &found);
        if (status != CHRONOTICK_OK) return status;
        fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    }
    if (fd >= 0 && fstat(fd, &found) == 0) {  // this is the file that counts, whatever the name leads to by now
        chronotick_status status = chronotick_check_file(c, &found);
        if (status != CHRONOTICK_OK) {
            close(fd);
            return status;
        }
        map = mmap(NULL, CHRONOTICK_SEGMENT_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    }
    if (map == MAP_FAILED) {
        int error = errno;
        if (fd >= 0) close(fd);
        if (error == ENOENT)
            return chronotick_fail(c, CHRONOTICK_NO_SEGMENT, "no segment at %s: the daemon %s; %s", c->path, no_file,
                                   chronotick_start(c, start, sizeof start));
        if (error == EACCES)
            return chronotick_fail(c, CHRONOTICK_NO_SEGMENT,
                                   "permission denied on %s: make it readable (chmod 644) or run as the daemon's user", c->path);
        return chronotick_fail(c, CHRONOTICK_NO_SEGMENT, "cannot map %s: %s", c->path, strerror(error));
    }
    c->map = (uint32_t *)map;
    c->fd = fd;
    c->device = found.st_dev;
    c->inode = found.st_ino;
    c->fresh_ns = -1;
    chronotick_host_boot_id(c->boot_id);
    c->time_namespace = chronotick_host_time_namespace();
    chronotick_status status = chronotick_check_page(c);
    if (status != CHRONOTICK_OK) chronotick_unmap(c);
    return status;
}

// Two periods without a record are ordinary scheduling, the third should have come; at high rates, an ordinary pause.
static CHRONOTICK_COLD void chronotick_refresh(chronotick *c) {
    double frequency = chronotick_double(c, 168), nanos = frequency > 0 ? 2.5e9 / frequency : 0;
    c->stale_ns = nanos >= (double)CHRONOTICK_MIN_STALE_NS && nanos <= 1e12 ? (int64_t)nanos : CHRONOTICK_MIN_STALE_NS;
}

// Looks whether the name leads to another segment by now, and moves to it if that is no loss: sets *moved. usable says whether
// the record at hand is, at that time: then failures can wait, and looks are rationed.
static CHRONOTICK_COLD chronotick_status chronotick_follow(chronotick *c, int64_t monotonic_ns, bool usable, bool *moved) {
    int64_t now = chronotick_monotonic_ns();
    *moved = false;
    if (usable && now - c->last_lookup_ns < CHRONOTICK_LOOKUP_NS) return CHRONOTICK_OK;
    c->last_lookup_ns = now;
    struct stat found;
    if (lstat(c->path, &found) == 0 && found.st_dev == c->device && found.st_ino == c->inode) {
        char start[sizeof c->path + 64];
        if (found.st_size < CHRONOTICK_SEGMENT_SIZE && !usable)
            return chronotick_fail(c, CHRONOTICK_NO_SEGMENT,
                                   "%s was cut short (%lld of %d bytes): a running daemon makes a new one within seconds; "
                                   "otherwise %s",
                                   c->path, (long long)found.st_size, CHRONOTICK_SEGMENT_SIZE,
                                   chronotick_start(c, start, sizeof start));
        if (found.st_size >= CHRONOTICK_SEGMENT_SIZE) chronotick_refresh(c);
        return CHRONOTICK_OK;
    }
    chronotick next = *c;
    next.map = NULL;
    chronotick_status status = chronotick_map(&next, "has stopped");
    if (status != CHRONOTICK_OK) {
        if (usable) return CHRONOTICK_OK;
        memcpy(c->message, next.message, sizeof c->message);
        return status;
    }
    chronotick_record first;
    if (usable && !(chronotick_try_load(&next, &first) && chronotick_is_usable(&first, monotonic_ns))) {
        chronotick_unmap(&next);
        return CHRONOTICK_OK;
    }
    chronotick_unmap(c);
    *c = next;
    chronotick_refresh(c);
    *moved = true;
    return CHRONOTICK_OK;
}

static CHRONOTICK_COLD bool chronotick_writer_alive(const chronotick *c) {
    uint32_t pid = chronotick_half(c, 84);  // outside the seqlock: it changes only when another daemon takes over
    if (pid == 0 || pid > INT32_MAX || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) return false;
    char name[32], stat_line[512];
    snprintf(name, sizeof name, "/proc/%u/stat", (unsigned)pid);
    FILE *file = fopen(name, "r");
    if (!file) return true;  // no /proc on this system, or gone between the two looks: the next look will tell
    size_t length = fread(stat_line, 1, sizeof stat_line - 1, file);
    fclose(file);
    stat_line[length] = 0;
    const char *state = strrchr(stat_line, ')');  // proc(5): pid (comm) state ...; comm may itself hold parentheses
    return !state || state[1] != ' ' || !strchr("ZXx", state[2]);
}

// Looks at the size of the file before memory is read that may be gone. Moves to the segment's successor, or says what the file is
// by now.
static CHRONOTICK_COLD chronotick_status chronotick_look_at_size(chronotick *c) {
    int64_t now = chronotick_monotonic_ns();
    struct stat found;
    if (fstat(c->fd, &found) != 0 || found.st_size < CHRONOTICK_SEGMENT_SIZE) {
        bool moved;
        c->fresh_ns = -1;
        chronotick_status status = chronotick_follow(c, now, false, &moved);
        if (status != CHRONOTICK_OK) return status;
    }
    c->last_size_ns = now;
    return CHRONOTICK_OK;
}

// The same, unless that was done less than 50 ms before the time that is asked for.
static inline chronotick_status chronotick_require_whole(chronotick *c, int64_t at) {
    if (!c->map) return chronotick_fail(c, CHRONOTICK_NO_SEGMENT, "the handle is not open");
    return chronotick_minus(at, c->last_size_ns) > CHRONOTICK_MIN_STALE_NS ? chronotick_look_at_size(c) : CHRONOTICK_OK;
}

// What is known of a suspend of the machine since a record was written.
typedef enum chronotick_suspend {
    CHRONOTICK_NO_SUSPEND,
    CHRONOTICK_SUSPENDED,
    CHRONOTICK_SUSPEND_UNKNOWN,
    CHRONOTICK_RECORD_GONE  // another one has taken its place
} chronotick_suspend;

// To be asked of every record that is stale, each time: a suspend leaves no other trace, and takes no time on the monotonic clock.
static CHRONOTICK_COLD chronotick_suspend chronotick_suspend_since(const chronotick *c, const chronotick_record *r) {
    int64_t written, lead;
    uint64_t bits = chronotick_word(c, 3584);  // both kept under the record's sequence
    bool known = chronotick_half(c, 3592) != 0;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (chronotick_half(c, 68) != r->sequence_number) return CHRONOTICK_RECORD_GONE;
    if (!known) return CHRONOTICK_NO_SUSPEND;
    memcpy(&written, &bits, sizeof written);
    for (int look = 0; look < CHRONOTICK_SUSPEND_LOOKS; look++) {
        if (!chronotick_host_boottime_lead_ns(&lead) || chronotick_minus(lead, written) < -CHRONOTICK_LARGEST_LAG_NS)
            return CHRONOTICK_SUSPEND_UNKNOWN;
        if (chronotick_minus(lead, written) <= CHRONOTICK_SUSPEND_NS) return CHRONOTICK_NO_SUSPEND;
    }
    return CHRONOTICK_SUSPENDED;
}

// Loads a consistent record, of another segment if this one turns out to be abandoned. First spins, then leaves the CPU to the
// writer, until patience ends.
static inline chronotick_status chronotick_load_any(chronotick *c, chronotick_record *out) {
    int64_t deadline = 0;
    char start[sizeof c->path + 64];
    for (unsigned attempt = 0; CHRONOTICK_UNLIKELY(!chronotick_try_load(c, out)); attempt++) {
        if (attempt < CHRONOTICK_SPINS) continue;
        int64_t now = chronotick_monotonic_ns();
        if (attempt == CHRONOTICK_SPINS) deadline = now + CHRONOTICK_PATIENCE_NS;
        if (now < deadline) {
            const struct timespec pause = {0, 50000};
            nanosleep(&pause, NULL);
            continue;
        }
        bool moved;
        chronotick_status status = chronotick_follow(c, now, false, &moved);
        if (status != CHRONOTICK_OK) return status;
        deadline = now + CHRONOTICK_PATIENCE_NS;
        if (moved) continue;
        unsigned pid = chronotick_half(c, 84);
        if (!chronotick_writer_alive(c))
            return chronotick_fail(c, CHRONOTICK_DEAD_WRITER,
                                   "%s was left in the middle of a write and its writer (process %u) is gone; %s", c->path, pid,
                                   chronotick_start(c, start, sizeof start));
        return chronotick_fail(c, CHRONOTICK_CONTENTION,
                               "no consistent record in %s for %d ms: its writer (process %u) stopped in the middle of a write; "
                               "continue or restart it",
                               c->path, (int)(CHRONOTICK_PATIENCE_NS / 1000000), pid);
    }
    return CHRONOTICK_OK;
}

// The same, and of this clock domain. Looked at after the record: another daemon may have taken the file over, and wrote it first.
static inline chronotick_status chronotick_load(chronotick *c, chronotick_record *out) {
    for (;;) {
        chronotick_status status = chronotick_load_any(c, out);
        if (status != CHRONOTICK_OK || !CHRONOTICK_UNLIKELY(!chronotick_is_same_domain(c))) return status;
        bool moved;
        status = chronotick_follow(c, chronotick_monotonic_ns(), false, &moved);
        if (status != CHRONOTICK_OK) return status;
        if (!moved) return chronotick_refuse_domain(c);
    }
}

static CHRONOTICK_COLD chronotick_status chronotick_require_written(chronotick *c, const chronotick_record *r) {
    // Sequence zero alone does not mean never written: after 2^31 records it comes by again.
    if (r->sequence_number == 0 && r->layout_version == 0)
        return chronotick_fail(c, CHRONOTICK_NOT_READY,
                               "%s has never been written: its daemon is starting, or died doing so; see: chronotick status",
                               c->path);
    if (r->layout_version != CHRONOTICK_LAYOUT_VERSION)
        return chronotick_fail(c, CHRONOTICK_INCOMPATIBLE,
                               "%s has record layout %u, this client reads %d: use a client and a daemon of the same release",
                               c->path, (unsigned)r->layout_version, CHRONOTICK_LAYOUT_VERSION);
    return CHRONOTICK_OK;
}

// Says what is wrong with the record.
static CHRONOTICK_COLD chronotick_status chronotick_refuse(
    chronotick *c, const chronotick_record *r, double max_drift, int64_t monotonic_ns, chronotick_suspend suspend) {
    chronotick_status status = chronotick_require_written(c, r);
    if (status != CHRONOTICK_OK) return status;
    if (!chronotick_word(c, 128))
        return chronotick_fail(c, CHRONOTICK_NOT_READY,
                               "%s has a record but no page yet: its daemon is starting, or died doing so; see: chronotick status",
                               c->path);
    char start[sizeof c->path + 64];
    chronotick_start(c, start, sizeof start);
    double age = ((double)monotonic_ns - (double)r->monotonic_ns) * 1e-9;
    unsigned pid = r->writer_pid;
    if ((r->flags & CHRONOTICK_VALID) && !(chronotick_is_plausible(r) && max_drift > 0 && max_drift <= 0.01))
        return chronotick_fail(c, CHRONOTICK_INCOMPATIBLE,
                               "%s holds values that no clock has (system_timestamp %.9g, offset_correction %g, drift_rate %g, "
                               "offset_uncertainty %g, drift_uncertainty %g, max_error %g, max_drift %g): something else writes "
                               "to it; check the name, or %s",
                               c->path, r->system_timestamp, r->offset_correction, r->drift_rate, r->offset_uncertainty,
                               r->drift_uncertainty, (double)r->max_error, max_drift, start);
    if (!chronotick_writer_alive(c))
        return chronotick_fail(c, CHRONOTICK_DEAD_WRITER,
                               "the record in %s is %.3f s old and its writer (process %u) is gone; %s", c->path, age, pid, start);
    if (!(r->flags & (CHRONOTICK_VALID | CHRONOTICK_WARMUP_COMPLETE)))
        return chronotick_fail(c, CHRONOTICK_NOT_READY,
                               "%s has no valid time yet: its writer (process %u) is measuring; see its progress with: "
                               "chronotick status",
                               c->path, pid);
    if (suspend == CHRONOTICK_SUSPENDED)
        return chronotick_fail(c, CHRONOTICK_EXPIRED,
                               "the record in %s is expired (%.3f s old): the machine was suspended since, and its writer "
                               "(process %u) has not written another; see: chronotick status",
                               c->path, age, pid);
    if (suspend == CHRONOTICK_SUSPEND_UNKNOWN)
        return chronotick_fail(c, CHRONOTICK_EXPIRED,
                               "the record in %s is expired (%.3f s old): whether the machine was suspended since cannot be told, "
                               "for CLOCK_BOOTTIME here is not the daemon's",
                               c->path, age);
    return chronotick_fail(c, CHRONOTICK_EXPIRED,
                           "the record in %s is expired (%.3f s old): its writer (process %u) is stopped or has lost its "
                           "servers; see: chronotick status",
                           c->path, age, pid);
}

// The whole way: loads the record, judges it, keeps its line. at is a reading of the clock, which may be taken again if is_now.
static CHRONOTICK_COLD chronotick_status chronotick_renew(chronotick *c, int64_t at, bool is_now, chronotick_interval *out) {
    chronotick_status status = chronotick_require_whole(c, at);
    if (status != CHRONOTICK_OK) return status;
    for (;;) {
        chronotick_record r;
        status = chronotick_load(c, &r);
        if (status != CHRONOTICK_OK) return status;
        double max_drift = chronotick_double(c, 176);  // of the page, but fixed before the first record is published
        if (is_now && at < r.monotonic_ns) at = chronotick_monotonic_ns();  // one published meanwhile is not from the future
        bool usable = chronotick_word(c, 128) && chronotick_is_usable(&r, at) && max_drift > 0 && max_drift <= 0.01;
        if (!usable || at - r.monotonic_ns > c->stale_ns) {
            chronotick_suspend suspend = usable ? chronotick_suspend_since(c, &r) : CHRONOTICK_NO_SUSPEND;
            if (suspend == CHRONOTICK_RECORD_GONE) continue;
            usable = usable && suspend == CHRONOTICK_NO_SUSPEND;
            bool moved;
            status = chronotick_follow(c, at, usable, &moved);
            if (status != CHRONOTICK_OK) return status;
            if (moved) continue;
            if (!usable) return chronotick_refuse(c, &r, max_drift, at, suspend);
        }
        chronotick_set_line(c, &r, max_drift);
        chronotick_point(c, at - r.monotonic_ns, out);
        return CHRONOTICK_OK;
    }
}

static inline chronotick_status chronotick_now(chronotick *c, chronotick_interval *out) {
    // The anchor may be anything while there is no line: hence unsigned. Without one, fresh_ns is negative.
    int64_t now = chronotick_monotonic_ns(), elapsed = (int64_t)((uint64_t)now - (uint64_t)c->anchor_ns);
    // An equal sequence means that the segment still holds the record that the line came from; one that came round after 2^31
    // records would long be past its freshness. Looked at only while the line is fresh: after a longer time the size of the file
    // has to be looked at first.
    if (!CHRONOTICK_UNLIKELY(elapsed < 0 || elapsed > c->fresh_ns) && !CHRONOTICK_UNLIKELY(chronotick_sequence(c) != c->sequence)) {
        chronotick_point(c, elapsed, out);
        return CHRONOTICK_OK;
    }
    return chronotick_renew(c, now, true, out);
}

static inline chronotick_status chronotick_at(chronotick *c, int64_t monotonic_ns, chronotick_interval *out) {
    return chronotick_renew(c, monotonic_ns, false, out);
}

static inline chronotick_status chronotick_read(chronotick *c, chronotick_record *out) {
    int64_t now = chronotick_monotonic_ns();
    chronotick_status status = chronotick_require_whole(c, now);
    if (status != CHRONOTICK_OK) return status;
    for (;;) {
        status = chronotick_load(c, out);
        if (status != CHRONOTICK_OK) return status;
        int64_t age = chronotick_minus(now, out->monotonic_ns);
        if (CHRONOTICK_UNLIKELY(age < -CHRONOTICK_MAX_AHEAD_NS || age > c->stale_ns)) {
            bool moved, written = out->sequence_number != 0 || out->layout_version != 0;
            status = chronotick_follow(c, now, chronotick_is_usable(out, now), &moved);
            // If the segment is gone, this is still what it said last.
            if (status != CHRONOTICK_OK && !written) return status;
            if (moved) continue;
        }
        if (CHRONOTICK_UNLIKELY(out->layout_version != CHRONOTICK_LAYOUT_VERSION)) return chronotick_require_written(c, out);
        return CHRONOTICK_OK;
    }
}

static inline chronotick_status chronotick_open(chronotick *c, const char *name_or_path) {
    memset(c, 0, sizeof *c);
    c->fresh_ns = -1;
    chronotick_default(c->path, sizeof c->path, name_or_path);
    if (!*c->path) return chronotick_fail(c, CHRONOTICK_NO_SEGMENT, "the segment's path is longer than %zu", sizeof c->path - 1);
    chronotick_status status = chronotick_map(c, "is not running");
    if (status != CHRONOTICK_OK) return status;
    chronotick_refresh(c);
    c->last_lookup_ns = c->last_size_ns = chronotick_monotonic_ns();
    return CHRONOTICK_OK;
}

static inline void chronotick_close(chronotick *c) {
    chronotick_unmap(c);
    c->fresh_ns = -1;
}

static inline const char *chronotick_text(chronotick_status status) {
    switch (status) {
        case CHRONOTICK_OK: return "ok";
        case CHRONOTICK_NO_SEGMENT: return "no segment";
        case CHRONOTICK_INCOMPATIBLE: return "incompatible";
        case CHRONOTICK_NOT_READY: return "not ready";
        case CHRONOTICK_EXPIRED: return "expired";
        case CHRONOTICK_DEAD_WRITER: return "dead writer";
        case CHRONOTICK_CONTENTION: return "contention";
        case CHRONOTICK_UNTRUSTED: return "untrusted";
        case CHRONOTICK_CLOCK_DOMAIN: return "clock domain";
    }
    return "unknown";
}

#endif
