// SPDX-License-Identifier: Apache-2.0
// Whom and which clocks a reader believes, with real users, files, processes and namespaces; Linux. What only root can set up is
// left out elsewhere, and said so. DIRECTORY becomes one where anybody may make a file.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "chronotick.h"

#include <grp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "segment.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

enum { NOBODY = 65534, SOMEBODY = 54321, NO_SUCH_USER = -1 };

static const char *directory;
static segment good;

// Opens and reads, in a process of that user with that value of CHRONOTICK_TRUST_UID; what came out, and its message.
typedef struct outcome {
    chronotick_status status;
    char message[768];
} outcome;

static outcome outcome_in(chronotick *c, chronotick_status status) {
    outcome result;
    result.status = status;
    snprintf(result.message, sizeof result.message, "%s", status ? chronotick_message(c) : "");
    return result;
}

static outcome read_here(const char *path) {
    chronotick c;
    chronotick_interval now;
    chronotick_status status = chronotick_open(&c, path);
    if (status == CHRONOTICK_OK) status = chronotick_now(&c, &now);
    outcome result = outcome_in(&c, status);
    chronotick_close(&c);
    return result;
}

// The end of a child process: its outcome through a pipe.
static outcome await(pid_t child, int from) {
    outcome result;
    if (read(from, &result, sizeof result) != (ssize_t)sizeof result) {
        result.status = CHRONOTICK_OK;
        snprintf(result.message, sizeof result.message, "the child said nothing");
        expect(false, "an outcome", "await");
    }
    close(from);
    waitpid(child, NULL, 0);
    return result;
}

static void become(int uid) {
    if (uid == NO_SUCH_USER) return;
    gid_t group = (gid_t)uid;
    uid_t user = (uid_t)uid;
    if (setgroups(0, NULL) || setresgid(group, group, group) || setresuid(user, user, user)) _exit(3);
}

static outcome read_as(int uid, const char *trusted, const char *path) {
    int ends[2];
    if (pipe(ends)) exit(2);
    pid_t child = fork();
    if (child == 0) {
        become(uid);
        if (trusted) setenv("CHRONOTICK_TRUST_UID", trusted, 1);
        outcome result = read_here(path);
        _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 3);
    }
    close(ends[1]);
    return await(child, ends[0]);
}

// Another user is faster than the daemon.
static void squat(int uid, const char *path) {
    pid_t child = fork();
    if (child == 0) {
        become(uid);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
        _exit(fd >= 0 && write(fd, good.bytes, CHRONOTICK_SEGMENT_SIZE) == CHRONOTICK_SEGMENT_SIZE ? 0 : 3);
    }
    int status;
    expect(waitpid(child, &status, 0) == child && status == 0, "a file of another user", path);
}

static void expect_outcome(outcome found, chronotick_status status, const char *text) {
    expect(found.status == status, chronotick_text(status), *found.message ? found.message : "ok");
    expect(strstr(found.message, text) && !strchr(found.message, '\n'), text, found.message);
}

static void in_directory(char *into, size_t size, const char *name) { snprintf(into, size, "%s/%s", directory, name); }

static void test_users(void) {
    char path[200];
    in_directory(path, sizeof path, "squatted");
    squat(NOBODY, path);
    expect_outcome(read_as(0, NULL, path), CHRONOTICK_UNTRUSTED, "belongs to user 65534, who is neither root nor you (user 0): ");
    expect_outcome(read_as(0, NULL, path), CHRONOTICK_UNTRUSTED, "or trust that user with CHRONOTICK_TRUST_UID=65534");
    expect_outcome(read_as(SOMEBODY, NULL, path), CHRONOTICK_UNTRUSTED, "(user 54321)");
    expect_outcome(read_as(NOBODY, NULL, path), CHRONOTICK_OK, "");
    expect_outcome(read_as(SOMEBODY, NULL, good.path), CHRONOTICK_OK, "");
    expect_outcome(read_as(0, "65534", path), CHRONOTICK_OK, "");
    expect_outcome(read_as(SOMEBODY, "65534", path), CHRONOTICK_OK, "");
    expect_outcome(read_as(SOMEBODY, "65534", good.path), CHRONOTICK_OK, "");
    expect_outcome(read_as(0, "54321", path), CHRONOTICK_UNTRUSTED, "belongs to user 65534");
    expect_outcome(read_as(0, "", path), CHRONOTICK_UNTRUSTED, "belongs to user 65534");
    unlink(path);
}

static void test_trusted_user_that_is_none(void) {
    static const char *const texts[] = {"nobody", "-1", "4294967295",           "4294967296", "1 ",
                                        " 1",     "0x1", "18446744073709551617", "1\n2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_outcome(read_as(NO_SUCH_USER, texts[i], good.path), CHRONOTICK_UNTRUSTED, "CHRONOTICK_TRUST_UID is '");
}

// A set-user-ID program does not let its caller say whom root is to believe.
static void test_raised_rights(const char *program) {
    char path[200], copy[200], command[1024];
    in_directory(path, sizeof path, "squatted");
    in_directory(copy, sizeof copy, "raised");
    squat(NOBODY, path);
    snprintf(command, sizeof command, "cp '%s' '%s' && chmod 4755 '%s'", program, copy, copy);
    expect(system(command) == 0, "a set-user-ID program", copy);
    for (int raised = 0; raised < 2; raised++) {
        int ends[2];
        if (pipe(ends)) exit(2);
        pid_t child = fork();
        if (child == 0) {
            char to[16];
            snprintf(to, sizeof to, "%d", ends[1]);
            if (raised) become(SOMEBODY);
            setenv("CHRONOTICK_TRUST_UID", "65534", 1);
            execl(copy, copy, "--read", path, to, (char *)NULL);
            _exit(3);
        }
        close(ends[1]);
        outcome found = await(child, ends[0]);
        if (raised)
            expect_outcome(found, CHRONOTICK_UNTRUSTED, "neither root nor you (user 0)");
        else
            expect_outcome(found, CHRONOTICK_OK, "");
    }
    unlink(copy);
    unlink(path);
}

static void test_modes(void) {
    static const mode_t writable[] = {0666, 0664, 0646, 0622, 0777}, safe[] = {0644, 0600, 0444, 0400};
    for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) {
        char text[32];
        snprintf(text, sizeof text, "has mode %04o, ", (unsigned)writable[i]);
        chmod(good.path, writable[i]);
        expect_outcome(read_here(good.path), CHRONOTICK_UNTRUSTED, text);
        expect_outcome(read_here(good.path), CHRONOTICK_UNTRUSTED, "remove it and restart the daemon");
    }
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
        chmod(good.path, safe[i]);
        expect_outcome(read_here(good.path), CHRONOTICK_OK, "");
    }
    chmod(good.path, 0644);
}

static void test_links(void) {
    char path[200], through[256];
    in_directory(path, sizeof path, "link");
    expect(symlink(good.path, path) == 0, "a link", path);
    expect_outcome(read_here(path), CHRONOTICK_UNTRUSTED, "is a symbolic link");
    unlink(path);
    expect(symlink("nowhere", path) == 0, "a link", path);
    expect_outcome(read_here(path), CHRONOTICK_UNTRUSTED, "is a symbolic link");
    unlink(path);
    // The way to it may lead over links: those belong to whoever chose it.
    expect(symlink(directory, path) == 0, "a link", path);
    snprintf(through, sizeof through, "%s/good", path);
    expect_outcome(read_here(through), CHRONOTICK_OK, "");
    unlink(path);
    expect(mkfifo(path, 0644) == 0, "a pipe", path);
    expect_outcome(read_here(path), CHRONOTICK_INCOMPATIBLE, "is not a file");
    unlink(path);
}

// Traps under the name while a reader is attached: it stays with what it has, and refuses them when that is void.
static void test_successors(bool root) {
    enum { FOREIGN, WRITABLE, LINK, LINK_TO_THE_SAME, TRAPS };
    for (int trap = root ? FOREIGN : WRITABLE; trap < TRAPS; trap++) {
        segment s;
        chronotick c;
        chronotick_interval now;
        char moved[200];
        in_directory(moved, sizeof moved, "moved");
        segment_create(&s, directory, "trap");
        segment_write_page(&s);
        segment_write_record(&s, 0);
        expect(chronotick_open(&c, s.path) == CHRONOTICK_OK, "attached", s.path);
        rename(s.path, moved);
        if (trap == FOREIGN) {
            squat(NOBODY, s.path);
        } else if (trap == WRITABLE) {
            int fd = open(s.path, O_WRONLY | O_CREAT, 0644);
            expect(write(fd, good.bytes, CHRONOTICK_SEGMENT_SIZE) == CHRONOTICK_SEGMENT_SIZE, "a file", s.path);
            expect(fchmod(fd, 0666) == 0, "a mode", s.path);
            close(fd);
        } else {
            expect(symlink(trap == LINK ? good.path : moved, s.path) == 0, "a link", s.path);
        }
        segment_write_record(&s, 1000000000);  // stale: the name is looked at
        expect(chronotick_now(&c, &now) == CHRONOTICK_OK, "of the daemon that is still believed", chronotick_message(&c));
        segment_put_u32(&s, 72, 0);
        segment_put_u32(&s, 68, 100);
        chronotick_status status = chronotick_now(&c, &now);
        expect_outcome(outcome_in(&c, status), CHRONOTICK_UNTRUSTED, s.path);
        chronotick_close(&c);
        segment_discard(&s);
        unlink(moved);
    }
}

static void test_boot(void) {
    segment s;
    uint64_t id[2];
    segment_create(&s, directory, "boot");
    segment_write_page(&s);
    segment_write_record(&s, 0);
    chronotick_host_boot_id(id);
    expect((id[0] | id[1]) != 0, "a boot id", "this machine");
    segment_put(&s, 152, id, sizeof id);
    expect_outcome(read_here(s.path), CHRONOTICK_OK, "");
    segment_put(&s, 152, "\x6f\xa4\x59\xea\xee\x8a\x4c\xa4\x89\x4e\xdb\x77\xe1\x60\x35\x5e", 16);
    expect_outcome(read_here(s.path), CHRONOTICK_CLOCK_DOMAIN,
                   "another boot of this machine, or on another one (boot id 6fa459ea-ee8a-4ca4-894e-db77e160355e, here ");
    // The first 8 bytes alone do not make it the same.
    segment_put(&s, 152, id, 8);
    expect_outcome(read_here(s.path), CHRONOTICK_CLOCK_DOMAIN, "start one with");
    segment_discard(&s);
}

// Does it where the monotonic clock is 3 s ahead.
static outcome shifted(void (*what)(outcome *)) {
    int ends[2];
    if (pipe(ends)) exit(2);
    pid_t child = fork();
    if (child == 0) {
        FILE *offsets;
        if (unshare(CLONE_NEWTIME) != 0 || !(offsets = fopen("/proc/self/timens_offsets", "w"))) _exit(3);
        if (fprintf(offsets, "monotonic 3 0\n") < 0 || fclose(offsets) != 0) _exit(3);
        pid_t inside = fork();  // only children live in it
        if (inside == 0) {
            outcome result;
            what(&result);
            _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 3);
        }
        waitpid(inside, NULL, 0);
        _exit(0);
    }
    close(ends[1]);
    return await(child, ends[0]);
}

static segment spaced;
static void read_spaced(outcome *result) { *result = read_here(spaced.path); }
static void write_and_read_spaced(outcome *result) {
    segment_put_i64(&spaced, 504, (int64_t)chronotick_host_time_namespace());
    segment_write_record(&spaced, 0);
    read_spaced(result);
}

static void test_time_namespace(void) {
    char text[80];
    segment_create(&spaced, directory, "spaced");
    segment_write_page(&spaced);
    segment_write_record(&spaced, 0);
    segment_put_i64(&spaced, 504, (int64_t)chronotick_host_time_namespace());
    expect_outcome(read_here(spaced.path), CHRONOTICK_OK, "");
    snprintf(text, sizeof text, "was written in time namespace %llu and this process is in ",
             (unsigned long long)chronotick_host_time_namespace());
    expect_outcome(shifted(read_spaced), CHRONOTICK_CLOCK_DOMAIN, text);
    expect_outcome(shifted(write_and_read_spaced), CHRONOTICK_OK, "");
    expect_outcome(read_here(spaced.path), CHRONOTICK_CLOCK_DOMAIN, "run a daemon here, ");
    segment_discard(&spaced);
}

// The domain is asked for again when the page has been written, and when another daemon has taken the file over.
static void test_domain_of_later_pages(void) {
    chronotick c;
    chronotick_interval now;
    chronotick_record record;
    segment s;
    segment_create(&s, directory, "later");
    uint64_t here = chronotick_host_time_namespace();
    expect(chronotick_open(&c, s.path) == CHRONOTICK_OK && chronotick_now(&c, &now) == CHRONOTICK_NOT_READY, "not written", s.path);
    segment_write_record(&s, 0);
    chronotick_status status = chronotick_now(&c, &now);
    expect_outcome(outcome_in(&c, status), CHRONOTICK_NOT_READY, "has a record but no page yet");
    segment_write_page(&s);
    segment_put_i64(&s, 504, (int64_t)here + 1);
    expect(chronotick_now(&c, &now) == CHRONOTICK_CLOCK_DOMAIN, "written elsewhere", "now");
    expect(chronotick_read(&c, &record) == CHRONOTICK_CLOCK_DOMAIN, "written elsewhere", "read");
    segment_put_i64(&s, 504, (int64_t)here);
    expect(chronotick_now(&c, &now) == CHRONOTICK_OK, "taken over by a daemon here", chronotick_message(&c));
    segment_put_i64(&s, 504, (int64_t)here + 1);
    segment_write_record(&s, 0);
    expect(chronotick_now(&c, &now) == CHRONOTICK_CLOCK_DOMAIN, "taken over by a daemon elsewhere", "now");
    segment_discard(&s);
    segment_create(&s, directory, "later");
    segment_write_page(&s);
    segment_write_record(&s, 0);
    expect(chronotick_now(&c, &now) == CHRONOTICK_OK, "the next one is of this domain", chronotick_message(&c));
    chronotick_close(&c);
    segment_discard(&s);
}

static chronotick_status call(int which, chronotick *c) {
    chronotick_interval now;
    chronotick_record record;
    if (which == 0) return chronotick_now(c, &now);
    if (which == 1) return chronotick_at(c, chronotick_monotonic_ns(), &now);
    return chronotick_read(c, &record);
}

static void test_suspend(void) {
    chronotick c;
    chronotick_interval now;
    segment s;
    int64_t lead = 0;
    expect(chronotick_host_boottime_lead_ns(&lead), "CLOCK_BOOTTIME", "this machine");
    segment_create(&s, directory, "suspend");
    segment_write_page(&s);
    segment_write_record(&s, 2000000000);  // stale, and valid for 998 s
    segment_put_i64(&s, 3584, lead);
    segment_put_u32(&s, 3592, 1);
    expect(chronotick_open(&c, s.path) == CHRONOTICK_OK, "attached", s.path);
    expect(chronotick_now(&c, &now) == CHRONOTICK_OK, "awake", chronotick_message(&c));
    // As a suspend between two looks leaves it: the same record, and no time has passed on the monotonic clock.
    segment_put_i64(&s, 3584, lead - 20 * INT64_C(1000000000));
    chronotick_status status;
    for (int again = 0; again < 3; again++) {
        status = chronotick_now(&c, &now);
        expect_outcome(outcome_in(&c, status), CHRONOTICK_EXPIRED,
                       " s old): the machine was suspended since, and its writer (process ");
        status = chronotick_at(&c, chronotick_monotonic_ns(), &now);
        expect_outcome(outcome_in(&c, status), CHRONOTICK_EXPIRED, "suspended since");
    }
    segment_put_i64(&s, 3584, lead + 20 * INT64_C(1000000000));  // that clock never falls back: it is another one
    status = chronotick_now(&c, &now);
    expect_outcome(outcome_in(&c, status), CHRONOTICK_EXPIRED, "cannot be told, for CLOCK_BOOTTIME here is not the daemon's");
    segment_put_u32(&s, 3592, 0);
    expect(chronotick_now(&c, &now) == CHRONOTICK_OK, "not known", chronotick_message(&c));
    segment_put_u32(&s, 3592, 1);
    segment_put_i64(&s, 3584, lead);
    segment_write_record(&s, 0);
    expect(chronotick_now(&c, &now) == CHRONOTICK_OK, "the first tick after the resume", chronotick_message(&c));
    chronotick_close(&c);
    for (int which = 0; which < 3; which++) expect(call(which, &c) == CHRONOTICK_NO_SEGMENT, "closed", chronotick_message(&c));
    chronotick_close(&c);
    segment_discard(&s);
}

static void test_file_cut_short(void) {
    for (int which = 0; which < 3; which++) {
        chronotick c;
        segment s;
        char text[32];
        snprintf(text, sizeof text, "call %d", which);
        segment_create(&s, directory, "cut");
        segment_write_page(&s);
        // At 1 Hz the kept line is fresh for 2.5 s: chronotick_now takes it up to then, but not after a refusal.
        if (which) segment_put_double(&s, 168, 1);
        segment_write_record(&s, 0);
        expect(chronotick_open(&c, s.path) == CHRONOTICK_OK, "attached", text);
        expect(call(0, &c) == CHRONOTICK_OK && call(which, &c) == CHRONOTICK_OK, "read", text);
        expect(truncate(s.path, 0) == 0, "truncate", s.path);
        // The file is looked at after a pause.
        int64_t pause = chronotick_monotonic_ns() + CHRONOTICK_MIN_STALE_NS + 1000000;
        while (chronotick_monotonic_ns() < pause) sched_yield();
        for (int again = 0; again < 2; again++) {
            chronotick_status status = call(which, &c);
            expect_outcome(outcome_in(&c, status), CHRONOTICK_NO_SEGMENT, "was cut short (0 of 4096 bytes)");
            expect(call(0, &c) == CHRONOTICK_NO_SEGMENT, "no line is left", text);
        }
        unlink(s.path);
        expect(call(which, &c) == CHRONOTICK_NO_SEGMENT && call(which, &c) == CHRONOTICK_NO_SEGMENT, "removed", text);
        segment_discard(&s);
        segment_create(&s, directory, "cut");  // the daemon makes a new one
        segment_write_page(&s);
        segment_write_record(&s, 0);
        expect(call(which, &c) == CHRONOTICK_OK, "healed", chronotick_message(&c));
        chronotick_close(&c);
        segment_discard(&s);
    }
}

// Between two calls of a loop there is no look: the process ends. Only the owner of the file can do that to it.
static void test_file_cut_short_in_a_loop(void) {
    segment s;
    int ends[2];
    char attached;
    segment_create(&s, directory, "cut");
    segment_write_page(&s);
    segment_put_double(&s, 168, 0.01);  // fresh for 250 s
    segment_write_record(&s, 0);
    if (pipe(ends)) exit(2);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        chronotick c;
        chronotick_interval now;
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGBUS, SIG_DFL);  // a sanitizer has its own
        if (chronotick_open(&c, s.path) || chronotick_now(&c, &now) || write(ends[1], "a", 1) != 1) _exit(3);
        while (chronotick_now(&c, &now) == CHRONOTICK_OK) continue;
        _exit(0);
    }
    close(ends[1]);
    expect(read(ends[0], &attached, 1) == 1, "attached", s.path);
    close(ends[0]);
    expect(truncate(s.path, 0) == 0, "truncate", s.path);
    int status = 0;
    waitpid(child, &status, 0);
    expect(WIFSIGNALED(status) ? WTERMSIG(status) == SIGBUS : WEXITSTATUS(status) == 0, "it never reads on", s.path);
    segment_discard(&s);
}

static int lowest_free(void) {
    int descriptor = dup(1);
    close(descriptor);
    return descriptor;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--read") == 0) {  // see test_raised_rights
        outcome result = read_here(argv[2]);
        return write(atoi(argv[3]), &result, sizeof result) == (ssize_t)sizeof result ? 0 : 3;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: machine_test DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    int descriptor = lowest_free();
    unsetenv("CHRONOTICK_TRUST_UID");
    if (chmod(directory, 01777) != 0) {
        perror(directory);
        return 2;
    }
    segment_create(&good, directory, "good");
    segment_write_page(&good);
    segment_put_double(&good, 168, 0.01);  // not stale however slow the machine is
    segment_write_record(&good, 0);
    bool root = geteuid() == 0;
    if (root) {
        test_users();
        test_raised_rights(argv[0]);
        test_time_namespace();
    } else {
        fprintf(stderr, "machine_test: without root it leaves out other users and time namespaces\n");
    }
    test_trusted_user_that_is_none();
    test_modes();
    test_links();
    test_successors(root);
    test_boot();
    test_domain_of_later_pages();
    test_suspend();
    test_file_cut_short();
    test_file_cut_short_in_a_loop();
    segment_discard(&good);
    expect(lowest_free() == descriptor, "no descriptor is left open", "all tests");
    printf("%d checks, %d failures\n", checks, failures);
    return failures != 0;
}
