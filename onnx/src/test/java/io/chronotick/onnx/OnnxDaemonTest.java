// SPDX-License-Identifier: Apache-2.0
package io.chronotick.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A daemon as it is in use, with a model from an ONNX file: good, endless, missing. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class OnnxDaemonTest {
    private static final int CONTEXT = 16;
    private static final HostClocks CLOCKS = HostClocks.system();

    @TempDir
    Path directory = Path.of("");

    private final Truth truth = Truth.startingNow(CLOCKS, 23_100_000, 12);
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Queue<String> log = new ConcurrentLinkedQueue<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            log.add(event.getLevel() + " " + event.getFormattedMessage());
        }
    };

    @BeforeEach
    void listen() {
        appender.start();
        ((Logger) LoggerFactory.getLogger("chronotick")).addAppender(appender);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
        ((Logger) LoggerFactory.getLogger("chronotick")).detachAppender(appender);
    }

    private ChronoTickReader start(Path model, double timeoutSeconds) throws Exception {
        ReferenceServer server =
                ReferenceServer.start(ReferenceServerConfig.builder(truth).build(), CLOCKS);
        opened.add(server);
        Path segment = directory.resolve("segment");
        String yaml = """
                clock_measurement:
                  ntp: {servers: ["127.0.0.1:%d"], timeout_seconds: 0.5}
                  timing:
                    warm_up: {measurement_interval: 0.05}
                    normal_operation: {measurement_interval: 1}
                short_term:
                  model_name: onnx
                  inference_interval: 0.2
                  prediction_horizon: 1
                  context_length: %d
                  model_params: {path: "%s", input: context, output: quantiles, quantiles: [0.025, 0.5, 0.975]}
                performance: {model_timeout: %s}
                daemon: {shm: "%s"}
                """.formatted(server.address().getPort(), CONTEXT, model, timeoutSeconds, segment);
        opened.add(Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config()));
        ChronoTickReader reader = ChronoTickReader.attach(segment);
        opened.add(reader);
        return reader;
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(240);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).as("waiting for " + what).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static CorrectionRecord record(ChronoTickReader reader) {
        CorrectionRecord record = new CorrectionRecord();
        reader.read(record);
        return record;
    }

    private static boolean isReady(ChronoTickReader reader) {
        try {
            return record(reader).isWarmupComplete();
        } catch (ChronoTickException e) {
            return false;
        }
    }

    private boolean isLogged(String start) {
        return log.stream().anyMatch(line -> line.startsWith(start));
    }

    /** The truth is read on both sides of now(): whatever the scheduler does, the interval has to hold one of them. */
    private void assertGoesOn(ChronoTickReader reader) {
        long published = record(reader).totalCorrections();
        await("more records", () -> record(reader).totalCorrections() > published + 100);
        TimeInterval now = new TimeInterval();
        long before = truth.truthNanosAt(CLOCKS.rawNanos());
        reader.now(now);
        long after = truth.truthNanosAt(CLOCKS.rawNanos());
        assertThat(now.earliestNanos()).isLessThanOrEqualTo(after);
        assertThat(now.latestNanos()).isGreaterThanOrEqualTo(before);
    }

    @Test
    void shouldPutAModelOnTrialAndJudgeIt() throws Exception {
        // Five steps of 0.2 s are its second ahead.
        Path model = OnnxFile.line(CONTEXT, 5, -1e-4, 0, 1e-4).write(directory.resolve("line.onnx"));
        ChronoTickReader reader = start(model, 60);
        await(
                "a judgement",
                () -> reader.status()
                        .learnedModels()
                        .matches(
                                "short-term (on trial, [1-9][0-9]* judged|fused, .*|quarantined: it forecasts worse.*)"));
        assertThat(isLogged("INFO short_term: " + model + " loaded in ")).isTrue();
        assertThat(isLogged("INFO learned short-term model: context filled; on trial"))
                .isTrue();
        assertGoesOn(reader);
    }

    @Test
    void shouldQuarantineAModelThatTakesForeverAndNotWaitForIt() throws Exception {
        Path model = OnnxFile.endless(CONTEXT, -1e-4, 0, 1e-4).write(directory.resolve("endless.onnx"));
        ChronoTickReader reader = start(model, 0.25);
        await(
                "the quarantine",
                () -> reader.status().learnedModels().equals("short-term quarantined: no forecast within 0.25 s"));
        assertThat(isLogged("WARN learned short-term model: no forecast within 0.25 s; quarantined for 60 s"))
                .isTrue();
        assertGoesOn(reader);
    }

    @Test
    void shouldSayWhatIsMissingAndGoOnWithout() throws Exception {
        Path model = directory.resolve("missing.onnx");
        ChronoTickReader reader = start(model, 60);
        await("READY", () -> isReady(reader));
        await(
                "the line",
                () -> isLogged("WARN short_term: " + model + ": no such file, or not readable; name the ONNX file in"
                        + " model_params.path; until then the built-in clock model forecasts alone"));
        assertThat(reader.status().learnedModels()).isEqualTo("short-term absent");
        assertGoesOn(reader);
    }
}
