// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static io.chronotick.cli.Programs.AS_NOBODY;
import static io.chronotick.cli.Programs.NOBODY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Daemon and commands of root, in a directory that is anybody's like /dev/shm, beside another user who wants them to tell a
 * wrong time or none; and in namespaces of the kernel. Real processes, since it is the kernel that decides.
 */
@Order(3)
@EnabledOnOs(OS.LINUX)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SegmentAttacksTest {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    @TempDir
    Path directory = Path.of("");

    private final List<Process> started = new ArrayList<>();
    private Path shared = Path.of("");
    private Path segment = Path.of("");
    private Path log = Path.of("");

    @BeforeEach
    void prepare() throws Exception {
        Programs.requireRoot();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        shared = Files.createDirectory(directory.resolve("shared"));
        run(List.of(), "chmod", "1777", shared).check();
        segment = shared.resolve("segment");
        log = directory.resolve("log");
    }

    @AfterEach
    void end() {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.onExit().join();
        }
    }

    private static List<String> command(List<String> prefix, Object... words) {
        List<String> all = new ArrayList<>(prefix);
        Arrays.stream(words).map(String::valueOf).forEach(all::add);
        return all;
    }

    private Programs.Result run(List<String> prefix, Object... words) throws Exception {
        return Programs.run(directory, Map.of(), command(prefix, words));
    }

    private static List<String> chronotick(List<String> prefix, Object... words) {
        List<String> java = command(
                prefix,
                Path.of(System.getProperty("java.home"), "bin", "java"),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName());
        return command(java, words);
    }

    private Programs.Result runChronotick(List<String> prefix, Map<String, String> environment, Object... words)
            throws Exception {
        return Programs.run(
                directory,
                environment,
                chronotick(prefix, command(List.of(), words).toArray()));
    }

    private Programs.Result runChronotick(Object... words) throws Exception {
        return runChronotick(List.of(), Map.of(), words);
    }

    /** A daemon on the shared directory's segment. */
    private Process daemon(List<String> prefix, ReferenceServer server) throws IOException {
        Path config = directory.resolve("chronotick.yaml");
        Files.writeString(config, """
                clock_measurement:
                  ntp:
                    servers: ["127.0.0.1:%d"]
                  timing:
                    warm_up: {measurement_interval: 0.1}
                    normal_operation: {measurement_interval: 1}
                """.formatted(server.address().getPort()));
        Process process = new ProcessBuilder(chronotick(prefix, "daemon", "--config", config, "--shm", segment))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        started.add(process);
        return process;
    }

    private static ReferenceServer server() throws IOException {
        HostClocks clocks = HostClocks.system();
        return ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(clocks, 0, 0)).build(), clocks);
    }

    /** Until the daemon says so: its segment may not be for us to read. */
    private void awaitInLog(String words, int times) throws IOException {
        long start = System.nanoTime();
        while (Files.readString(log).split(words, -1).length <= times) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("waited two minutes for '" + words + "'; the log: " + Files.readString(log));
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
    }

    /** The other user puts a good record, an hour wrong, where the daemon's will be looked for. */
    private byte[] squat(String mode) throws Exception {
        SampleSegment sample = new SampleSegment(1);
        sample.bytes.putDouble(RecordLayout.OFFSET_CORRECTION, 3600);
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        Path draft = directory.resolve("draft");
        sample.writeTo(draft);
        run(AS_NOBODY, "cp", draft, segment).check();
        run(AS_NOBODY, "chmod", mode, segment).check();
        return sample.bytes.array();
    }

    @Test
    void shouldBelieveNothingThatAnotherUserPutThere() throws Exception {
        byte[] squatted = squat("666");
        try (ReferenceServer server = server()) {
            Process daemon = daemon(List.of(), server);
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(daemon.exitValue()).isEqualTo(ExitCode.USAGE);
            assertThat(Files.readString(log))
                    .contains("user " + NOBODY, "0666", "--shm")
                    .hasLineCount(1);
            assertThat(Files.readAllBytes(segment)).isEqualTo(squatted);
        }
        for (String user : List.of("", NOBODY)) {
            Programs.Result read =
                    runChronotick(List.of(), Map.of("CHRONOTICK_TRUST_UID", user), "read", "--shm", segment);
            assertThat(read.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(read.out()).isEmpty();
            assertThat(read.err())
                    .contains(user.isEmpty() ? "belongs to user " + NOBODY : "mode 0666")
                    .hasLineCount(1);
        }
        // Whom one trusts one believes, if nobody else can write there.
        squat("644");
        runChronotick(List.of(), Map.of("CHRONOTICK_TRUST_UID", NOBODY), "read", "--shm", segment)
                .check();
        assertThat(runChronotick(List.of(), Map.of("CHRONOTICK_TRUST_UID", "1000"), "read", "--shm", segment)
                        .exitCode())
                .isEqualTo(ExitCode.USAGE);
    }

    @Test
    void shouldFollowNoLinkThatAnotherUserPutThere() throws Exception {
        Path root = directory.resolve("root");
        new SampleSegment(1).writeTo(root);
        byte[] content = Files.readAllBytes(root);
        run(AS_NOBODY, "ln", "-s", root, segment).check();
        try (ReferenceServer server = server()) {
            Process daemon = daemon(List.of(), server);
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(daemon.exitValue()).isEqualTo(ExitCode.USAGE);
            assertThat(Files.readString(log))
                    .contains("symbolic link", "user " + NOBODY)
                    .hasLineCount(1);
        }
        assertThat(Files.readAllBytes(root)).isEqualTo(content);
        Programs.Result read = runChronotick("read", "--shm", segment);
        assertThat(read.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(read.err()).contains("symbolic link").hasLineCount(1);
        Programs.Result cleanup = runChronotick("cleanup", "--shm", segment);
        assertThat(cleanup.exitCode()).isEqualTo(ExitCode.NOT_MET);
        assertThat(Files.exists(segment, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void shouldNotBeKeptOutByTheLockOfAReaderNorBeWrittenTo() throws Exception {
        try (ReferenceServer server = server()) {
            // Whatever the umask, others may read, and not write.
            Process killed = daemon(List.of("sh", "-c", "umask 077; exec \"$@\"", "sh"), server);
            awaitInLog("READY after", 1);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(segment)))
                    .isEqualTo("rw-r--r--");
            for (String attack : List.of(": > \"$0\"", "truncate -s 0 \"$0\"", "rm -f \"$0\"", "chmod 666 \"$0\"")) {
                assertThat(run(AS_NOBODY, "sh", "-c", attack, segment).exitCode())
                        .as(attack)
                        .isNotZero();
            }
            // While it lives nobody gets a lock; and a flock(2) is none of its business.
            Process late = lockHolder("refused");
            started.add(new ProcessBuilder(command(AS_NOBODY, "flock", "--shared", segment, "sleep", "600")).start());
            Programs.Result served = runChronotick("cleanup", "--shm", segment);
            assertThat(served.exitCode()).isEqualTo(ExitCode.NOT_MET);
            kill(late);

            kill(killed);
            Process holder = lockHolder("locked");
            Object before = Objects.requireNonNull(Files.getAttribute(segment, "unix:ino"));
            Process next = daemon(List.of(), server);
            awaitInLog("READY after", 2);
            assertThat(Files.getAttribute(segment, "unix:ino")).isNotEqualTo(before);
            runChronotick("status", "--shm", segment).check();
            next.destroy();
            assertThat(next.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(segment).doesNotExist();
            kill(holder);
        }
    }

    /** Another user's process that has tried to lock the segment for reading. */
    private Process lockHolder(String expected) throws IOException {
        String file = ReadLockHolder.class.getName().replace('.', '/') + ".class";
        Path classes = directory.resolve("classes");
        Path copy = classes.resolve(file);
        Files.createDirectories(Objects.requireNonNull(copy.getParent()));
        try (InputStream in =
                Objects.requireNonNull(ReadLockHolder.class.getClassLoader().getResourceAsStream(file))) {
            Files.write(copy, in.readAllBytes());
        }
        Process process = new ProcessBuilder(command(
                        AS_NOBODY,
                        Path.of(System.getProperty("java.home"), "bin", "java"),
                        "-cp",
                        classes,
                        ReadLockHolder.class.getName(),
                        segment))
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("holder").toFile()))
                .start();
        started.add(process);
        BufferedReader out = process.inputReader();
        assertThat(out.readLine()).isEqualTo(expected);
        return process;
    }

    @Test
    void shouldNotReadAcrossTimeNamespaces() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/ns/time")), "a kernel without time namespaces");
        try (ReferenceServer server = server()) {
            Process here = daemon(List.of(), server);
            awaitInLog("READY after", 1);
            runChronotick("read", "--shm", segment).check();
            for (int offset : new int[] {1, 4, 100_000}) {
                expectOtherClocks(Programs.inTimeNamespace(offset));
            }
            kill(here);

            // Of a dead daemon's file one in another namespace makes its own: who has it mapped looked at its page long
            // ago.
            Object before = Objects.requireNonNull(Files.getAttribute(segment, "unix:ino"));
            Process there = daemon(Programs.inTimeNamespace(2), server);
            awaitInLog("READY after", 2);
            assertThat(Files.getAttribute(segment, "unix:ino")).isNotEqualTo(before);
            expectOtherClocks(List.of());
            long pid = there.children().findAny().orElseThrow().pid();
            runChronotick(List.of("nsenter", "--time=/proc/" + pid + "/ns/time"), Map.of(), "read", "--shm", segment)
                    .check();
        }
    }

    private void expectOtherClocks(List<String> prefix) throws Exception {
        for (String name : List.of("read", "status", "json")) {
            Programs.Result result = runChronotick(prefix, Map.of(), name, "--shm", segment);
            assertThat(result.exitCode()).as(result::toString).isEqualTo(ExitCode.USAGE);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("time namespace").hasLineCount(1);
        }
    }

    @Test
    void shouldNotTakeADaemonInAContainerForDead() throws Exception {
        try (ReferenceServer server = server()) {
            Process daemon = daemon(Programs.IN_PID_NAMESPACE, server);
            awaitInLog("READY after", 1);
            Programs.Result cleanup = runChronotick("cleanup", "--shm", segment);
            assertThat(cleanup.exitCode()).as(cleanup::toString).isEqualTo(ExitCode.NOT_MET);
            assertThat(cleanup.err())
                    .contains("process 1 where it runs")
                    .doesNotContain("kill")
                    .hasLineCount(1);

            Process second = daemon(List.of(), server);
            assertThat(second.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(second.exitValue()).isEqualTo(ExitCode.USAGE);
            assertThat(Files.readString(log)).contains("another daemon (process 1 where it runs)");

            kill(daemon);
            // Process 1 lives, of course.
            runChronotick("cleanup", "--shm", segment).check();
            assertThat(segment).doesNotExist();
        }
    }

    @Test
    void shouldNotBelieveInAFileThatIsOlderThanTheBoot() throws Exception {
        SampleSegment sample = new SampleSegment(1);
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01);
        Optional<UUID> boot = HostClocks.system().domain().bootId();
        sample.bytes.putLong(
                PageLayout.BOOT_ID, ~Long.reverseBytes(boot.orElseThrow().getMostSignificantBits()));
        sample.writeTo(segment);
        Programs.Result read = runChronotick("read", "--shm", segment);
        assertThat(read.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(read.out()).isEmpty();
        assertThat(read.err()).contains("another boot").hasLineCount(1);
        try (ReferenceServer server = server()) {
            daemon(List.of(), server);
            awaitInLog("READY after", 1);
            runChronotick("read", "--shm", segment).check();
        }
    }
}
