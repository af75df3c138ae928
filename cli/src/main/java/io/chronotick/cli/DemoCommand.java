// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Text;
import io.chronotick.cli.text.UserException;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.DaemonException;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        description = "Run the whole system on this machine: servers, daemon, readers. No network, no privileges.",
        footer = {
            "",
            "Three honest NTP servers and one that lies, on the loopback interface, serve a time that is 23.1 ms and 12 ppm",
            "away from this machine's clock. The daemon measures them; the demo knows the truth and judges it.",
            "",
            "Exit code: 0 when the time was read and the truth lay inside the bound always, 1 otherwise.",
            "",
            "Examples:",
            "  chronotick demo",
            "  chronotick demo --keep      # until Ctrl-C; try: chronotick status --shm with the name it prints"
        })
final class DemoCommand implements Callable<Integer> {
    private static final long TRUE_OFFSET_NANOS = 23_100_000;
    private static final double TRUE_DRIFT_PPM = 12;

    /** How far the falseticker is off, ns: far outside the honest servers' root distance. */
    private static final long LIE_NANOS = 80_000_000;

    /** A quiet local network. */
    private static final long BASE_DELAY_NANOS = 1_000_000;

    private static final long JITTER_NANOS = 100_000;
    private static final double LOSS = 0.02;

    private static final long SAMPLE_NANOS = 20_000_000;
    private static final long SHOW_NANOS = 1_000_000_000;
    private static final int LATENCY_READS = 1_000_000;

    private final Shell shell;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    @Option(
            names = {"-d", "--duration"},
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long to run, 5 to 86400 s. Default: ${DEFAULT-VALUE}.")
    double duration;

    @Option(names = "--keep", description = "Run until Ctrl-C instead.")
    boolean keep;

    @Option(names = "--page", description = "Serve the live page too, on a free port of this machine.")
    boolean page;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    DemoCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!(duration >= 5 && duration <= 86_400)) {
            throw new UserException(
                    ExitCode.USAGE, "--duration " + duration + " is out of range: give 5 to 86400 seconds");
        }
        // Ctrl-C ends the run, not the demo: the table is what one came for.
        Thread runner = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(runner), "stop"));
        Logging.Held log = Logging.held(Level.WARN); // or a line of it lands in the table
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, TRUE_OFFSET_NANOS, TRUE_DRIFT_PPM);
        List<ReferenceServer> servers = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                servers.add(ReferenceServer.start(server(truth, i), clocks));
            }
            try (Daemon daemon = Daemon.start(config(servers, page ? freePort() : 0))) {
                return run(daemon, truth, clocks, log);
            }
        } catch (DaemonException | IOException e) {
            throw new UserException(ExitCode.USAGE, String.valueOf(e.getMessage()));
        } finally {
            servers.forEach(ReferenceServer::close);
            log.release();
            Logging.end();
            ended.countDown();
        }
    }

    private int run(Daemon daemon, Truth truth, HostClocks clocks, Logging.Held log) throws InterruptedException {
        say("Four NTP servers on 127.0.0.1: three tell a time 23.1 ms and 12 ppm from the system clock, one lies by "
                + Format.duration(LIE_NANOS * 1e-9) + ".");
        say("The daemon publishes to " + daemon.segment() + (keep ? "; Ctrl-C ends." : "."));
        daemon.page().ifPresent(url -> shell.line("Live page: " + url));
        shell.line("");
        say(
                "A line a second: True error is the published time less the true one, which the demo knows; ±1σ what the daemon"
                        + " expects of it; Bound what it can be at most. Servers: "
                        + "* selected, x found out as false, ? no answer yet.");
        shell.line("");
        shell.line("   Time  State           True error        ±1σ       Bound  Servers");
        shell.out().flush();
        DemoScore score = new DemoScore(truth, clocks);
        try (ChronoTickReader reader = ChronoTickReader.attach(daemon.segment())) {
            long end = keep ? Long.MAX_VALUE : Math.round(duration * 1e9);
            long nextShow = SHOW_NANOS;
            while (score.elapsedNanos() < end && !stop.await(SAMPLE_NANOS, TimeUnit.NANOSECONDS)) {
                if (daemon.failure().isPresent()) {
                    return ExitCode.INTERNAL_ERROR; // the log has said why
                }
                boolean read = score.sample(reader);
                if (score.elapsedNanos() >= nextShow) {
                    nextShow += SHOW_NANOS;
                    show(reader, score, read);
                }
            }
            return conclude(reader, score, log);
        }
    }

    private void say(String text) {
        Text.wrap(text, shell.width()).forEach(shell::line);
    }

    private void show(ChronoTickReader reader, DemoScore score, boolean read) {
        String state = "NOT READY";
        String servers = "";
        try {
            state = new Reading(reader).label();
            servers = servers(reader.status());
        } catch (ChronoTickException e) {
            // Not written yet: the columns say so.
            servers = "";
        }
        shell.line(left(Format.fixed(score.elapsedNanos() * 1e-9, 0) + " s", 7) + "  " + right(state, 12)
                + left(read ? Format.offset(score.lastError()) : "-", 14)
                + left(read ? Format.duration(score.lastSd()) : "-", 11)
                + left(read ? Format.duration(score.lastBound()) : "-", 12) + "  " + servers);
        shell.out().flush();
    }

    private int conclude(ChronoTickReader reader, DemoScore score, Logging.Held log) {
        shell.line("");
        shell.out().flush();
        log.release();
        if (score.count() == 0) {
            shell.line(Shell.hint("The time could not be read once. Run it again with: chronotick demo --duration 60"));
            return ExitCode.NOT_MET;
        }
        BenchmarkCommand.@Nullable Result latency = null;
        try {
            latency = BenchmarkCommand.measureReads(reader, LATENCY_READS, shell);
        } catch (ChronoTickException e) {
            shell.error(String.valueOf(e.getMessage()));
        }
        line("True error", "RMS " + Format.duration(score.rms()) + ", worst " + Format.duration(score.worst()));
        line("  after the first 10 s", score.lateCount() == 0 ? "-" : "RMS " + Format.duration(score.lateRms()));
        line("System clock", Format.duration(score.systemError()) + " off, for comparison");
        line("Truth inside the 95 % interval", Format.percent(score.insideInterval(), 1) + " of the time");
        line("Truth inside the bound", Format.percent(score.insideBound(), 1) + " of the time");
        line("First valid reading", "after " + Format.duration(score.firstSeconds()));
        line("READY", score.readySeconds() < 0 ? "not reached" : "after " + Format.duration(score.readySeconds()));
        line("Lying server", lyingServer(reader));
        line(
                "Read latency",
                latency == null
                        ? "-"
                        : Format.fixed(latency.p50(), 0) + " ns median, " + Format.fixed(latency.at(99), 0)
                                + " ns p99, " + Format.fixed(latency.bytesPerRead(), 1) + " bytes allocated");
        shell.line("");
        shell.line("Next:");
        shell.line(Shell.hint("  chronotick daemon    the same with real servers; then, in another terminal:"));
        shell.line(Shell.hint("  chronotick read      what time is it, and how sure is that"));
        shell.line(Shell.hint("  chronotick --help    everything else"));
        return score.insideBound() == 1 ? ExitCode.OK : ExitCode.NOT_MET;
    }

    private void line(String label, String value) {
        shell.line(right(label + ":", 34) + value);
    }

    private static String lyingServer(ChronoTickReader reader) {
        List<SourceRow> rows = reader.status().sources();
        return rows.isEmpty()
                ? "-"
                : rows.get(rows.size() - 1).state() == SourceRow.State.FALSETICKER
                        ? "found out: falseticker"
                        : "not found out yet";
    }

    private static String servers(StatusPage page) {
        StringBuilder text = new StringBuilder();
        for (SourceRow row : page.sources()) {
            text.append(text.isEmpty() ? "" : " ").append(SourcesCommand.mark(row.state()));
        }
        return text.toString();
    }

    private static ReferenceServerConfig server(Truth truth, int index) {
        return ReferenceServerConfig.builder(truth)
                .lieNanos(index == 3 ? LIE_NANOS : 0)
                .stratum(1)
                .root(0, 10_000)
                .baseDelayNanos(BASE_DELAY_NANOS)
                .jitterNanos(JITTER_NANOS, JITTER_NANOS)
                .lossProbability(LOSS)
                .seed(index)
                .build();
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private static DaemonConfig config(List<ReferenceServer> servers, int httpPort) {
        StringBuilder yaml = new StringBuilder("clock_measurement:\n  ntp:\n    servers:\n");
        for (ReferenceServer server : servers) {
            yaml.append("      - 127.0.0.1:").append(server.address().getPort()).append('\n');
        }
        yaml.append("  timing:\n    normal_operation:\n      measurement_interval: 2\n");
        yaml.append("daemon: {http_port: ").append(httpPort).append("}\n");
        ConfigOverrides overrides = ConfigOverrides.NONE.with(
                "--shm", "chronotick_demo_" + ProcessHandle.current().pid());
        try {
            return ConfigLoader.parse(
                            yaml.toString(),
                            "demo",
                            Map.of(),
                            overrides,
                            Runtime.getRuntime().availableProcessors())
                    .config();
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Has the demo end and waits for the thread that runs it, which prints what it has and ends the process. */
    private void stopAndWait(Thread runner) {
        if (ended.getCount() == 0) {
            return;
        }
        stop.countDown();
        try {
            runner.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String left(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private static String right(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
