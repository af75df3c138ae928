// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.DaemonException;
import io.chronotick.daemon.ExchangeRecorder;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.config.ServerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "record",
        description =
                "Measure servers and keep every exchange in a file, to train the learned filter for their network.",
        footer = {
            "",
            "Asks the servers as a daemon would, publishes nothing, and may run beside a daemon. Ends with --duration or",
            "Ctrl-C; the same file again is continued. Record at the interval your daemons measure at, for a day or more:",
            "'chronotick lab dataset --recorded' needs at least 544 exchanges in a row with one server, and weeks differ.",
            "A daemon keeps the same file with the key logging.exchanges. training/README.md goes on from here.",
            "",
            "The file: a line for each exchange that passed the checks of the protocol, believed or not, under a line that",
            "names the columns. t1 and t4 are this machine's CLOCK_MONOTONIC_RAW, t2 and t3 the server's UTC, in ns.",
            "",
            "Exit code: 0 when something was recorded, 1 when no server answered.",
            "",
            "Examples:",
            "  chronotick lab record --duration 86400",
            "  chronotick lab record ntp1.example.net ntp2.example.net:1123 --interval 16 --out night.csv",
            "  chronotick lab record --config chronotick.yaml --out fleet.csv"
        })
final class LabRecordCommand implements Callable<Integer> {
    private static final double LONGEST = 366 * 86_400.0;
    private static final double LONGEST_INTERVAL = 131_072;

    /** Between two lines of progress: on a terminal one line is rewritten, s. */
    private static final int SECONDS_PER_LINE = 60;

    /** Longest the end may take after a signal, s. */
    private static final int PATIENCE_SECONDS = 5;

    private final Shell shell;

    @Parameters(
            paramLabel = "SERVER",
            arity = "0..*",
            description = "HOST, HOST:PORT or [IPv6]:PORT. Default: those of the configuration.")
    List<String> servers = List.of();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            defaultValue = "exchanges.csv",
            description = "Where to write. Default: ${DEFAULT-VALUE}.")
    Path out = Path.of("");

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description =
                    "Configuration file (YAML) with the servers and intervals. Default: $CHRONOTICK_CONFIG, else none.")
    @Nullable
    Path config;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "SECONDS",
            description =
                    "Between two exchanges with one server, 1 or more; never below 16 for a public one. Default: that of the"
                            + " configuration.")
    @Nullable
    Double interval;

    @Option(
            names = {"-d", "--duration"},
            paramLabel = "SECONDS",
            description = "How long. Default: until Ctrl-C.")
    @Nullable
    Double duration;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    LabRecordCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws InterruptedException {
        check("--duration", duration, LONGEST);
        check("--interval", interval, LONGEST_INTERVAL);
        DaemonConfig loaded;
        try {
            loaded =
                    new Configuration().load(shell, Optional.ofNullable(config)).config();
        } catch (ConfigException e) {
            return Configuration.report(shell, e);
        }
        List<ServerConfig> asked = servers.isEmpty()
                ? loaded.servers()
                : servers.stream().map(QueryCommand::address).toList();
        Double own = interval;
        OptionalDouble seconds = own == null ? loaded.measurementIntervalSeconds() : OptionalDouble.of(own);
        Logging.toStderr(Level.WARN);
        ExchangeRecorder recorder;
        try {
            recorder = ExchangeRecorder.start(loaded.measuring(asked, seconds), out);
        } catch (DaemonException e) {
            throw new UserException(ExitCode.USAGE, Objects.requireNonNull(e.getMessage()));
        }
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch finished = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(interrupted, finished), "stop"));
        try {
            try (recorder) {
                watch(recorder, interrupted);
            }
            int exitCode = report(recorder);
            if (interrupted.getCount() == 0) {
                // Told to end and ended: the JVM would say 130.
                shell.out().flush();
                Logging.end();
                Runtime.getRuntime().halt(exitCode);
            }
            return exitCode;
        } finally {
            Logging.end();
            finished.countDown();
        }
    }

    private static void check(String option, @Nullable Double value, double largest) {
        if (value != null && !(value >= 1 && value <= largest)) {
            throw new UserException(
                    ExitCode.USAGE,
                    option + " " + value + " is out of range: give 1 to " + Format.fixed(largest, 0) + " seconds");
        }
    }

    /** The hook of a signal: the process waits while the command ends by itself. */
    private static void end(CountDownLatch interrupted, CountDownLatch finished) {
        interrupted.countDown();
        try {
            finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Shows how far it is, until the time is over, a signal comes or the disk is full. */
    private void watch(ExchangeRecorder recorder, CountDownLatch interrupted) throws InterruptedException {
        Double limit = duration;
        long start = System.nanoTime();
        int shown = 0;
        boolean ended = false;
        while (!ended && recorder.failure().isEmpty()) {
            double passed = (System.nanoTime() - start) * 1e-9;
            double left = limit == null ? 1 : limit - passed;
            ExchangeRecorder.Count count = recorder.count(); // or why there is none any more
            if (shell.terminal() || (int) passed / SECONDS_PER_LINE > shown) {
                shown = (int) passed / SECONDS_PER_LINE;
                shell.err().append(shell.terminal() ? "\r\u001b[K" : "").append(text(count, passed));
                shell.err().append(shell.terminal() ? "" : "\n").flush();
            }
            ended = left <= 0 || interrupted.await(Math.round(Math.min(left, 1) * 1e3), TimeUnit.MILLISECONDS);
        }
        if (shell.terminal()) {
            shell.err().append("\r\u001b[K").flush();
        }
    }

    private static String text(ExchangeRecorder.Count count, double seconds) {
        return count.exchanges() + " exchanges with " + count.servers()
                + (count.servers() == 1 ? " server" : " servers") + " in " + Format.age(seconds) + ", "
                + count.longest() + " in a row with one";
    }

    private int report(ExchangeRecorder recorder) {
        ExchangeRecorder.Count count = recorder.count();
        if (recorder.failure().isPresent()) {
            throw new UserException(
                    ExitCode.USAGE,
                    out + " cannot be written any more: " + recorder.failure().get() + "; it holds " + count.exchanges()
                            + " exchanges of this recording");
        }
        if (count.exchanges() == 0) {
            shell.error("no server answered; 'chronotick query' says why, one by one");
            return ExitCode.NOT_MET;
        }
        shell.line(
                out + ": " + count.exchanges() + " exchanges more, " + count.longest() + " in a row with one server");
        return ExitCode.OK;
    }
}
