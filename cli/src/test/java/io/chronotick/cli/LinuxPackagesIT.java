// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The .deb and the .rpm in an empty Debian: installed, run by the unit's command lines, upgraded under a reader, removed. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class LinuxPackagesIT {
    private static final HostClocks CLOCKS = HostClocks.system();
    private static final String DEB = ".*\\.deb";
    private static final String RPM = ".*\\.rpm";

    /** Without a sign of life, s: the unit's ten are for a machine that does nothing else. */
    private static final double PATIENCE_SECONDS = 120;

    /** Enough to find the time on a machine that has little to spare for it: the start alone may take some. */
    private static final String DEMO_SECONDS = "20";

    /** Shared by servers and readers. */
    private static final Truth TRUTH = Truth.startingNow(CLOCKS, 23_100_000, 12);

    @TempDir
    static Path directory = Path.of("");

    private Packages packages;

    /** The same, of a minute later, as the next version. */
    private Packages later;

    /** Of the Debian system. */
    private Path root = Path.of("");

    private final List<Process> processes = new ArrayList<>();

    @BeforeAll
    void build() throws IOException, InterruptedException {
        Programs.requireRoot();
        Programs.require("debootstrap", "Debian: apt-get install debootstrap");
        Programs.require("lintian", "Debian: apt-get install lintian");
        Programs.require("rpm", "Debian: apt-get install rpm");
        packages = Packages.all();
        Path next = Files.createDirectory(directory.resolve("later"));
        Map<String, String> environment =
                Map.of("SOURCE_DATE_EPOCH", "1790000060", "PACKAGE_VERSION", Packages.version() + "+later");
        later = Packages.build(next, environment, "runtime", "linux/build");
        root = directory.resolve("root");
        Programs.run(
                        directory,
                        Map.of(),
                        List.of(
                                "debootstrap",
                                "--variant=minbase",
                                "--include=procps,zsh",
                                "bookworm",
                                root.toString()))
                .check();
        // Not a file system of its own here; and services are not started, as there is nobody who does it.
        Programs.run(directory, Map.of(), List.of("install", "-d", "-m", "1777", root + "/dev/shm"))
                .check();
    }

    @AfterEach
    void stop() throws InterruptedException {
        Programs.kill(processes);
    }

    /** Runs in that system, with processes to be seen there and nothing mounted outside. */
    private List<String> inRoot(String... command) {
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "env",
                "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "DEBIAN_FRONTEND=noninteractive",
                "sh",
                "-c",
                "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" \"$@\"",
                root.toString()));
        words.addAll(Arrays.asList(command));
        return words;
    }

    private Programs.Result run(String... command) throws IOException, InterruptedException {
        return Programs.run(directory, Map.of(), inRoot(command));
    }

    /** As somebody who is neither root nor the daemon's user. */
    private Programs.Result runAsNobody(String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(Programs.AS_NOBODY);
        words.addAll(Arrays.asList(command));
        return run(words.toArray(new String[0]));
    }

    private void install(Path file, String... command) throws IOException, InterruptedException {
        Path inside = root.resolve("tmp").resolve(file.getFileName());
        Files.copy(file, inside);
        List<String> words = new ArrayList<>(Arrays.asList(command));
        words.add("/tmp/" + file.getFileName());
        run(words.toArray(new String[0])).check();
        Files.delete(inside);
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.map(file -> "/" + root.relativize(file)).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** What is after the name in the unit, without the marks that systemd takes off. */
    private String unit(String name) throws IOException {
        try (Stream<String> lines = Files.lines(root.resolve("usr/lib/systemd/system/chronotick.service"))) {
            return lines.filter(line -> line.startsWith(name + "="))
                    .collect(Collectors.joining())
                    .replaceFirst("[^=]*=[+-]*", "");
        }
    }

    /** A daemon that the unit's lines have started, and what it has told the service manager. */
    private record Service(Process manager, ProcessHandle daemon, Path told, Path log) {
        List<String> lines() {
            return content(told).lines().collect(Collectors.toList());
        }

        boolean wasTold(String start) {
            return lines().stream().anyMatch(line -> line.startsWith(start));
        }

        @Override
        public String toString() {
            return "told: " + content(told) + "\nlog: " + content(log);
        }
    }

    /** As systemd does with Type=notify: the lines after ExecStart follow once it is READY. */
    private Service startDaemon() throws IOException, InterruptedException {
        Path log = Files.createTempFile(directory, "daemon", ".log");
        Path told = Files.createTempFile(directory, "told", "");
        Path socket = root.resolve("run/notify");
        Files.deleteIfExists(socket);
        List<String> words = new ArrayList<>(List.of(
                "env",
                "--chdir=" + "/var/lib/" + unit("StateDirectory"),
                "NOTIFY_SOCKET=/run/notify",
                "WATCHDOG_USEC=" + unit("WatchdogSec") + "000000",
                "setpriv",
                "--reuid=" + unit("User"),
                "--regid=" + unit("Group"),
                "--clear-groups",
                "--no-new-privs",
                "--inh-caps=-all",
                "--bounding-set=-all"));
        words.addAll(Arrays.asList(unit("ExecStart").split(" ")));
        run("install", "-d", "-o", unit("User"), "-g", unit("Group"), "/var/lib/" + unit("StateDirectory"))
                .check();
        Process manager = new ProcessBuilder(
                        ServiceManager.of(socket, PATIENCE_SECONDS, told, inRoot(words.toArray(new String[0]))))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        processes.add(manager);
        await(() -> content(told).startsWith("READY=1") || !manager.isAlive());
        Service service = new Service(manager, manager.children().findAny().orElse(manager.toHandle()), told, log);
        assertThat(manager.isAlive()).as(service::toString).isTrue();
        run(unit("ExecStartPost").split(" ")).check();
        return service;
    }

    private static String content(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void stopDaemon(Service service) throws IOException, InterruptedException {
        service.manager().destroy();
        endDaemon(service, 0);
    }

    private void endDaemon(Service service, int exitCode) throws IOException, InterruptedException {
        assertThat(service.manager().waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(service.lines()).as(service::toString).last().isEqualTo("manager: exit code " + exitCode);
        run(unit("ExecStopPost").split(" ")).check();
        assertThat(segment()).doesNotExist();
    }

    private Path segment() {
        return root.resolve("dev/shm/chronotick_shm");
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(10_000_000); // the class has a time limit
        }
    }

    private static boolean hasTimeOf(ChronoTickReader reader, long pid) {
        try {
            Reading reading = new Reading(reader);
            return reading.refusal() == null && reading.record().writerPid() == pid;
        } catch (ChronoTickException e) {
            return false; // not there or not written yet
        }
    }

    /** Reads a thousand times a second, through upgrades and restarts, and keeps what does not hold the truth. */
    private static final class Readings implements Runnable {
        final List<String> wrong = new ArrayList<>();
        final AtomicLong valid = new AtomicLong();
        volatile boolean stop;
        private final Path segment;

        Readings(Path segment) {
            this.segment = segment;
        }

        @Override
        public void run() {
            TimeInterval now = new TimeInterval();
            try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
                while (!stop) {
                    long before = TRUTH.truthNanosAt(CLOCKS.rawNanos());
                    try {
                        reader.now(now);
                        long after = TRUTH.truthNanosAt(CLOCKS.rawNanos());
                        if (now.earliestNanos() > after || now.latestNanos() < before) {
                            wrong.add(now.earliestNanos() + " .. " + now.latestNanos() + " at " + before);
                        }
                        valid.incrementAndGet();
                    } catch (ChronoTickException e) {
                        // Without a daemon there is no time, and the reader says so.
                    }
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }
    }

    /** The C client's example, built with the header that the package has, as it is called in that system. */
    private String programInC() throws IOException, InterruptedException {
        Programs.require("cc", "Debian: apt-get install gcc libc6-dev");
        Matcher example = Pattern.compile("(?s)\n```c\n(.*?)\n```\n")
                .matcher(Files.readString(Packages.REPOSITORY.resolve("clients/c/README.md")));
        assertThat(example.find()).isTrue();
        Path source = directory.resolve("interval.c");
        Files.writeString(source, example.group(1));
        Path program = root.resolve("tmp/interval");
        List<String> command = List.of(
                "cc",
                "-std=gnu11",
                "-static", // that system has another C library
                "-I" + root.resolve("usr/include"),
                source.toString(),
                "-o",
                program.toString());
        Programs.run(directory, Map.of(), command).check();
        return "/tmp/interval";
    }

    private static String configuration(ReferenceServer server) {
        return "clock_measurement: {ntp: {servers: [\"127.0.0.1:"
                + server.address().getPort() + "\"]}}\n";
    }

    private static ReferenceServer server() throws IOException {
        return ReferenceServer.start(ReferenceServerConfig.builder(TRUTH).build(), CLOCKS);
    }

    @Test
    void shouldInstallRunUpgradeAndPurgeTheDeb() throws Exception {
        Set<String> before = files();
        install(packages.made(DEB), "dpkg", "--install");
        assertThat(run("chronotick", "--version").check().out()).startsWith("chronotick " + Packages.version());
        assertThat(root.resolve("usr/lib/chronotick/chronotick.aot")).isNotEmptyFile();
        run("chronotick", "demo", "--duration", DEMO_SECONDS).check();
        assertThat(run(
                                "bash",
                                "-c",
                                "source /usr/share/bash-completion/completions/chronotick && complete -p chronotick")
                        .check()
                        .out())
                .contains("chronotick");
        assertThat(run(
                                "zsh",
                                "-fc",
                                "autoload -Uz compinit; compinit -D -u; print $_comps[chronotick];"
                                        + " source $^fpath/_chronotick(N); print $_comps[chronotick]")
                        .check()
                        .out())
                .startsWith("_chronotick\n_bash_complete ");
        assertThat(root.resolve("usr/share/man/man1/chronotick-daemon.1.gz")).isNotEmptyFile();

        Path config = root.resolve("etc/chronotick/config.yaml");
        try (ReferenceServer server = server()) {
            run("chronotick", "config", "check", "/etc/chronotick/config.yaml").check();
            Files.writeString(config, configuration(server));
            Service first = startDaemon();
            Readings readings = new Readings(segment());
            Thread program = Thread.ofPlatform().start(readings);
            try (ChronoTickReader reader = ChronoTickReader.attach(segment())) {
                await(() -> hasTimeOf(reader, first.daemon().pid()));
                await(() -> first.wasTold("STATUS=READY: 1 of 1 servers agree") && first.wasTold("WATCHDOG=1"));
                assertThat(runAsNobody("chronotick", "read").check().out()).contains("Corrected Time");
                assertThat(runAsNobody(programInC()).check().out()).matches("UTC is between \\d+ and \\d+ ns\n");
                // As the unit's ExecReload does: whatever comes of it, the daemon stays.
                run(unit("ExecReload")
                                .replace(
                                        "$MAINPID",
                                        String.valueOf(first.daemon().pid()))
                                .split(" "))
                        .check();
                await(() -> first.wasTold("RELOADING=1"));

                install(later.made(DEB), "dpkg", "--install");
                assertThat(first.daemon().isAlive()).isTrue();
                await(() -> hasTimeOf(reader, first.daemon().pid()));
                assertThat(config).hasContent(configuration(server));
                stopDaemon(first);
                Service second = startDaemon();
                await(() -> hasTimeOf(reader, second.daemon().pid()));
                long valid = readings.valid.get();
                await(() -> readings.valid.get() > valid);
                readings.stop = true;
                program.join();
                assertThat(readings.wrong).isEmpty();
                runAsNobody("chronotick", "read").check();
                // The caches are those of this version: where one does not fit, the JVM would not start now.
                run("env", "JDK_JAVA_OPTIONS=-XX:AOTMode=on", "chronotick", "read")
                        .check();

                // A new segment would be the daemon's own, which others do not trust: it is started again instead.
                Files.delete(segment());
                endDaemon(second, ExitCode.INTERNAL_ERROR);
                assertThat(second.toString()).contains("was removed; it had been given to root");
                Service third = startDaemon();
                await(() -> hasTimeOf(reader, third.daemon().pid()));
                runAsNobody("chronotick", "read").check();
                stopDaemon(third);
            }
        }

        run("dpkg", "--remove", "chronotick").check();
        assertThat(root.resolve("usr/lib/chronotick")).doesNotExist();
        assertThat(Files.exists(root.resolve("usr/bin/chronotick"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(config).exists();
        run("dpkg", "--purge", "chronotick").check();
        Files.delete(root.resolve("tmp/interval"));
        Files.delete(root.resolve("run/notify"));
        Set<String> after = files();
        after.removeAll(before);
        // What dpkg and adduser keep of themselves, and of the files that adduser has changed.
        assertThat(after)
                .allMatch(file -> file.matches(
                        "/var/lib/dpkg/.*|/var/log/.*|/etc/(passwd|group|shadow|gshadow)-|" + "/run/adduser"));
        assertThat(run("getent", "passwd", "chronotick").exitCode()).isNotZero();
    }

    @Test
    void shouldInstallUpgradeAndEraseTheRpm() throws Exception {
        Set<String> before = files();
        rpm("--install", packages.made(RPM).toString()).check();
        assertThat(run("chronotick", "--version").check().out()).startsWith("chronotick " + Packages.version());
        assertThat(run("getent", "passwd", "chronotick").exitCode()).isZero();
        rpm("--verify", "chronotick").check();
        Path config = root.resolve("etc/chronotick/config.yaml");
        try (ReferenceServer server = server()) {
            Files.writeString(config, configuration(server));
            Service daemon = startDaemon();
            try (ChronoTickReader reader = ChronoTickReader.attach(segment())) {
                await(() -> hasTimeOf(reader, daemon.daemon().pid()));
                rpm("--upgrade", later.made(RPM).toString()).check();
                await(() -> hasTimeOf(reader, daemon.daemon().pid()));
                runAsNobody("chronotick", "read").check();
            }
            assertThat(config).hasContent(configuration(server));
            stopDaemon(daemon);
        }
        rpm("--erase", "chronotick").check();
        Files.delete(root.resolve("run/notify"));
        run("rmdir", "/var/lib/chronotick").check(); // the service manager's
        Set<String> after = files();
        after.removeAll(before);
        // A configuration that was changed is kept, and the user, as Fedora and SUSE do; the directories are those of
        // other
        // packages there.
        assertThat(after)
                .allMatch(
                        file -> file.matches(
                                "/etc/chronotick(/config.yaml.rpmsave)?|/etc/(passwd|group|shadow|gshadow)-|"
                                        + "/var/lib/rpm.*|/var/log/.*|/usr/lib/sysusers.d|/usr/share/licenses|/usr/share/zsh/site-functions"));
    }

    /** Its scripts run in that system; what it needs it asks rpm for, which knows nothing of Debian's packages. */
    private Programs.Result rpm(String... arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount -t proc proc \"$0/proc\" && exec rpm --root \"$0\" --dbpath /var/lib/rpm --nodeps \"$@\"",
                root.toString()));
        words.addAll(Arrays.asList(arguments));
        return Programs.run(directory, Map.of(), words);
    }

    @Test
    void shouldRunTheArchiveWhereNoJavaIs() throws Exception {
        Path place = Files.createDirectory(root.resolve("opt/archive"));
        Programs.run(
                        place,
                        Map.of(),
                        List.of("tar", "-xzf", packages.made(Packages.ARCHIVE).toString()))
                .check();
        String program = "/opt/archive/" + packages.image().getFileName() + "/bin/chronotick";
        assertThat(run("sh", "-c", "command -v java").exitCode()).isNotZero();
        assertThat(run(program, "--version").check().out()).startsWith("chronotick " + Packages.version());
        run(program, "demo", "--duration", DEMO_SECONDS).check();
        Programs.run(directory, Map.of(), List.of("rm", "-r", place.toString())).check();
    }

    @Test
    void shouldSatisfyLintianAndRpm() throws Exception {
        Programs.Result lintian = Programs.run(
                directory,
                Map.of(),
                List.of(
                        "lintian",
                        "--allow-root",
                        "--fail-on",
                        "error,warning,info",
                        packages.made(DEB).toString()));
        assertThat(lintian.check().out()).doesNotContain("unused-override");
        assertThat(Programs.run(
                                directory,
                                Map.of(),
                                List.of("rpm", "--checksig", packages.made(RPM).toString()))
                        .check()
                        .out())
                .contains("digests OK");
    }

    @Test
    void shouldBuildTheSameBytesAgain() throws Exception {
        Path again = Files.createDirectory(directory.resolve("again"));
        Packages second = Packages.build(again, Map.of(), "runtime", "linux/build");
        for (String pattern : List.of(DEB, RPM)) {
            assertThat(Files.mismatch(packages.made(pattern), second.made(pattern)))
                    .as(pattern)
                    .isEqualTo(-1);
        }
    }

    /** As systemd judges it, where the scale ends at 10; with MemoryDenyWriteExecute no Java would start. */
    @Test
    void shouldConfineTheService() throws Exception {
        Programs.require("systemd-analyze", "Debian: apt-get install systemd");
        Path unit = Packages.REPOSITORY.resolve("packaging/linux/chronotick.service");
        Programs.run(
                        directory,
                        Map.of(),
                        List.of("systemd-analyze", "security", "--offline=true", "--threshold=20", unit.toString()))
                .check();
    }
}
