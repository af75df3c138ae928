// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import com.sun.net.httpserver.HttpHandler;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.oscillator.CovariateReport;
import io.prometheus.metrics.config.PrometheusProperties;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.exporter.httpserver.HttpErrorHandlingPolicy;
import io.prometheus.metrics.exporter.httpserver.MetricsHandler;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon's state for Prometheus. Everything is read when somebody asks, on threads of the
 * server's own; the daemon's threads take no notice. Thread-safe.
 */
final class Metrics {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final String PREFIX = "chronotick_";
    private static final String SERVER = "server";
    private static final String COVARIATE = "covariate";
    private static final String FORECASTER = "forecaster";
    private static final String STATE = "state";

    private final PrometheusRegistry registry = new PrometheusRegistry();

    Metrics(HostClocks clocks, Supplier<EngineLoop.Snapshot> engine, WriterLoop writer, RecordWriter records) {
        addTime(clocks, engine);
        addWriter(writer, records);
        addSources(engine);
        addLearned(engine);
        addCovariates(engine);
    }

    /** Answers a scrape. */
    HttpHandler handler() {
        return handler(registry);
    }

    static HttpHandler handler(PrometheusRegistry registry) {
        // A caller who goes before the answer is there is no news, and by default a stack trace each.
        HttpErrorHandlingPolicy errors = HttpErrorHandlingPolicy.builder()
                .errorReporter(e -> {
                    if (!(e instanceof IOException)) {
                        LOG.warn("metrics: a scrape failed: {}", e.toString());
                    }
                })
                .build();
        return new MetricsHandler(PrometheusProperties.get(), registry, errors);
    }

    // --- The time ---

    private void addTime(HostClocks clocks, Supplier<EngineLoop.Snapshot> engine) {
        Function<ToDoubleFunction<Correction>, DoubleSupplier> of =
                value -> () -> value.applyAsDouble(engine.get().correction());
        gauge(
                "valid",
                "1 while the published time is valid, else 0.",
                of.apply(c -> flag(c.validAt(clocks.rawNanos()))));
        gauge("ready", "1 once the warm-up is over, else 0.", of.apply(c -> flag(c.warmupComplete())));
        gauge("holdover", "1 while no server can be used, else 0.", of.apply(c -> flag(c.holdover())));
        gauge(
                "uncertainty_seconds",
                "Standard deviation of the published time.",
                of.apply(c -> c.sdAt(clocks.rawNanos())));
        gauge(
                "bound_seconds",
                "Largest error of the published time while fewer than half of the servers lie.",
                of.apply(c -> c.maxErrorAt(clocks.rawNanos())));
        gauge("confidence_ratio", "Confidence, 0 to 1.", of.apply(c -> c.confidenceAt(clocks.rawNanos())));
        gauge(
                "frequency_error_ratio",
                "Estimated rate of UTC against the local oscillator, less 1.",
                of.apply(Correction::frequency));
        counter("exchanges", "Exchanges accepted.", of.apply(c -> (double) c.measurementCount()));
    }

    private void addWriter(WriterLoop writer, RecordWriter records) {
        counter("tick_overruns", "Deadlines that the writer has missed.", writer::overruns);
        counter("clock_steps", "Steps of the system clock seen.", records::clockSteps);
    }

    // --- The servers ---

    private void addSources(Supplier<EngineLoop.Snapshot> engine) {
        GaugeWithCallback.builder()
                .name(PREFIX + "source_state")
                .help("1 for the state that a server is in, 0 for the others.")
                .labelNames(SERVER, STATE)
                .callback(call -> {
                    for (SourceReport source : engine.get().sources()) {
                        for (SourceState state : SourceState.values()) {
                            call.call(flag(source.state() == state), source.name(), word(state));
                        }
                    }
                })
                .register(registry);
        source(
                engine,
                "offset_seconds",
                "Newest offset of a server, against the published time.",
                SourceReport::offset);
        source(engine, "delay_seconds", "Newest round trip.", SourceReport::delay);
        source(engine, "jitter_seconds", "Mean excess of the round trips over their base.", SourceReport::jitter);
        source(engine, "root_distance_seconds", "Largest error of a server.", SourceReport::rootDistance);
        source(engine, "stratum", "Stratum of the newest reply; 0 before.", SourceReport::stratum);
        sourceCounter(engine, "requests", "Requests sent.", SourceReport::sent);
        sourceCounter(engine, "exchanges", "Exchanges accepted.", SourceReport::accepted);
        CounterWithCallback.builder()
                .name(PREFIX + "source_drops_total")
                .help("Datagrams dropped.")
                .labelNames(SERVER, "reason")
                .callback(call -> {
                    for (SourceReport source : engine.get().sources()) {
                        for (DropReason reason : DropReason.values()) {
                            call.call(source.drops().get(reason.ordinal()).doubleValue(), source.name(), word(reason));
                        }
                    }
                })
                .register(registry);
    }

    // --- The learned forecasters ---

    private void addLearned(Supplier<EngineLoop.Snapshot> engine) {
        GaugeWithCallback.builder()
                .name(PREFIX + "learned_state")
                .help("1 for the state that a learned forecaster is in, 0 for the others.")
                .labelNames(FORECASTER, STATE)
                .callback(call -> {
                    for (ForecasterReport report : engine.get().learned()) {
                        for (ForecasterReport.State state : ForecasterReport.State.values()) {
                            call.call(flag(report.state() == state), name(report), word(state));
                        }
                    }
                })
                .register(registry);
        learned(
                engine,
                "fusion_ratio",
                "Share in the fusion with the built-in forecaster, 0 to 1; 0 unless fused.",
                ForecasterReport::weight);
        learned(
                engine,
                "outside_95_ratio",
                "Recent share of exchanges outside the 95 % interval it had forecast; NaN for a model from a file.",
                ForecasterReport::missed);
        learned(
                engine,
                "judged",
                "Forecasts judged; of a model from a file, in the present trial.",
                ForecasterReport::judged);
        CounterWithCallback.builder()
                .name(PREFIX + "learned_quarantines_total")
                .help("How often it has been quarantined.")
                .labelNames(FORECASTER)
                .callback(call -> engine.get()
                        .learned()
                        .forEach(report -> call.call((double) report.quarantines(), name(report))))
                .register(registry);
    }

    private static String name(ForecasterReport report) {
        return switch (report.forecaster()) {
            case LEARNED -> "filter";
            case SHORT_TERM -> "short_term";
            default -> "long_term";
        };
    }

    // --- What the machine measures beside the time ---

    private void addCovariates(Supplier<EngineLoop.Snapshot> engine) {
        covariate(
                engine,
                "covariate",
                "Newest value: C, a share of one, GHz; NaN before the first.",
                report -> report.newest().orElse(Double.NaN));
        covariate(
                engine,
                "covariate_weight_ratio",
                "Weight of the hypotheses that follow it, 0 to 1: whether it helps.",
                CovariateReport::weight);
        covariate(
                engine,
                "covariate_coefficient_ppm",
                "What the frequency changes by with it, ppm a unit.",
                report -> report.coefficient() * 1e6);
    }

    private void covariate(
            Supplier<EngineLoop.Snapshot> engine, String name, String help, ToDoubleFunction<CovariateReport> value) {
        labelled(
                name,
                help,
                COVARIATE,
                () -> engine.get().covariates(),
                report -> report.config().name(),
                value);
    }

    // --- How a metric is made ---

    private void gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .callback(call -> call.call(value.getAsDouble()))
                .register(registry);
    }

    private void counter(String name, String help, DoubleSupplier value) {
        CounterWithCallback.builder()
                .name(PREFIX + name + "_total")
                .help(help)
                .callback(call -> call.call(value.getAsDouble()))
                .register(registry);
    }

    private void source(
            Supplier<EngineLoop.Snapshot> engine, String name, String help, ToDoubleFunction<SourceReport> value) {
        labelled("source_" + name, help, SERVER, () -> engine.get().sources(), SourceReport::name, value);
    }

    private void learned(
            Supplier<EngineLoop.Snapshot> engine, String name, String help, ToDoubleFunction<ForecasterReport> value) {
        labelled("learned_" + name, help, FORECASTER, () -> engine.get().learned(), Metrics::name, value);
    }

    private <T> void labelled(
            String name,
            String help,
            String label,
            Supplier<List<T>> rows,
            Function<T, String> labelOf,
            ToDoubleFunction<T> value) {
        GaugeWithCallback.builder()
                .name(PREFIX + name)
                .help(help)
                .labelNames(label)
                .callback(call -> rows.get().forEach(row -> call.call(value.applyAsDouble(row), labelOf.apply(row))))
                .register(registry);
    }

    private void sourceCounter(
            Supplier<EngineLoop.Snapshot> engine, String name, String help, ToDoubleFunction<SourceReport> value) {
        CounterWithCallback.builder()
                .name(PREFIX + "source_" + name + "_total")
                .help(help)
                .labelNames(SERVER)
                .callback(call ->
                        engine.get().sources().forEach(source -> call.call(value.applyAsDouble(source), source.name())))
                .register(registry);
    }

    private static double flag(boolean value) {
        return value ? 1 : 0;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
