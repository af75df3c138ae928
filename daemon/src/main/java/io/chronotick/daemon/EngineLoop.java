// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.config.ModelConfig;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.Resolver;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.Action;
import io.chronotick.engine.Correction;
import io.chronotick.engine.CovariateConfig;
import io.chronotick.engine.CovariateReport;
import io.chronotick.engine.Engine;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.ExchangeRecord;
import io.chronotick.engine.FilterWeights;
import io.chronotick.engine.Forecast;
import io.chronotick.engine.LearnedReport;
import io.chronotick.engine.SourceConfig;
import io.chronotick.engine.SourceReport;
import io.chronotick.engine.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network thread: carries datagrams and time to the engine, and its actions to the network, the writer and the log. The
 * engine belongs to this thread alone; other threads see {@link #snapshot}.
 */
final class EngineLoop implements Runnable, NtpTransport.Listener, ModelRunner.Listener, Consumer<Action> {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** Exchanges in a warm-up burst: what the warm-up needs, if none is lost. */
    private static final int BURST = 8;

    /** The loop turns at least this often, to see discontinuities and look-ups that have ended, ns. */
    private static final long LONGEST_WAIT_NANOS = 1_000_000_000L;

    private static final long SNAPSHOT_NANOS = 1_000_000_000L;

    /** A name is looked up again when its server has been silent for this long, ns. */
    private static final long SILENCE_BEFORE_LOOKUP_NANOS = 60_000_000_000L;

    /** A failed look-up is tried again after this, doubling up to the longest, ns. */
    private static final long FIRST_LOOKUP_RETRY_NANOS = 2_000_000_000L;

    private static final long LONGEST_LOOKUP_RETRY_NANOS = 64_000_000_000L;

    /** What other threads may know of the engine. */
    record Snapshot(
            double warmupProgress,
            String waitingFor,
            double shortTermWeight,
            Correction correction,
            List<SourceReport> sources,
            List<LearnedReport> learned,
            List<CovariateReport> covariates,
            long rawNanos) {}

    private final HostClocks clocks;
    private final NtpTransport transport;
    private final Engine engine;
    private final DaemonConfig config;
    private final Optional<FilterWeights> weights;
    private final List<Lookup> lookups = new ArrayList<>();
    private final List<ModelRunner> models = new ArrayList<>();

    /** What the models' threads have to say to the engine. */
    private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();

    private final Consumer<Correction> publisher;
    private final java.util.function.LongSupplier discontinuities;
    private final Consumer<ExchangeRecord> recorder;
    private final Thread.UncaughtExceptionHandler onDeath;
    private final CovariateNotes covariateNotes = new CovariateNotes();

    private long discontinuitiesSeen;
    private long nextSnapshotNanos;
    private Correction newest;
    private final AtomicLong turns = new AtomicLong();
    private volatile Snapshot snapshot;
    private volatile boolean stopping;

    /** The look-up of one server's name. */
    private static final class Lookup {
        final int source;
        final ServerConfig server;
        Optional<CompletableFuture<List<InetSocketAddress>>> underWay = Optional.empty();
        Optional<InetSocketAddress> address = Optional.empty();
        long nextNanos;
        long retryNanos = FIRST_LOOKUP_RETRY_NANOS;
        boolean failureLogged;

        Lookup(int source, ServerConfig server, long rawNanos) {
            this.source = source;
            this.server = server;
            this.nextNanos = rawNanos;
        }
    }

    /** @param onDeath hears of a model's thread that has died of what it did not expect */
    EngineLoop(
            DaemonConfig config,
            List<CovariateConfig> covariates,
            HostClocks clocks,
            NtpTransport transport,
            RandomGenerator random,
            Consumer<Correction> publisher,
            java.util.function.LongSupplier discontinuities,
            Consumer<ExchangeRecord> recorder,
            Thread.UncaughtExceptionHandler onDeath) {
        this.config = config;
        this.clocks = clocks;
        this.transport = transport;
        this.publisher = publisher;
        this.discontinuities = discontinuities;
        this.recorder = recorder;
        this.onDeath = onDeath;
        this.engine = new Engine(
                new EngineConfig(
                        config.maxAcceptableUncertaintySeconds(),
                        config.warmupLimitSeconds(),
                        config.shortTermHorizonSeconds(),
                        config.speaker(),
                        config.models().stream().map(ModelConfig::slot).toList(),
                        covariates),
                random);
        this.weights = config.learnedFilter() ? LearnedWeights.load(config.learnedWeights()) : Optional.empty();
        weights.ifPresent(present -> engine.useLearnedFilter(present, true));
        long raw = clocks.rawNanos();
        this.newest = Correction.nothingKnown(raw);
        for (ServerConfig server : config.servers()) {
            int source = engine.addSource(new SourceConfig(
                    server.name(), BURST, config.timeoutSeconds(), config.minStratum(), config.maxStratum()));
            lookups.add(new Lookup(source, server, raw));
        }
        this.snapshot = snapshotAt(raw);
    }

    /**
     * The machine's sensors were read. Any thread.
     *
     * @param values in the order of the covariates that the constructor was given
     */
    void onCovariates(double[] values, long rawNanos) {
        post(() -> {
            for (int i = 0; i < values.length; i++) {
                engine.onCovariate(i, values[i], rawNanos);
            }
        });
    }

    private Snapshot snapshotAt(long raw) {
        return new Snapshot(
                engine.warmupProgress(),
                engine.warmupWaitingFor(),
                engine.shortTermWeight(),
                newest,
                engine.sources(raw),
                learned(),
                engine.covariates(),
                raw);
    }

    /** Those of the engine, and the filter whose weights could not be had: it was asked for, and is missed. */
    private List<LearnedReport> learned() {
        List<LearnedReport> reports = engine.learned();
        if (!config.learnedFilter() || weights.isPresent()) {
            return reports;
        }
        List<LearnedReport> all = new ArrayList<>();
        all.add(new LearnedReport(Forecast.Forecaster.LEARNED, LearnedReport.State.ABSENT, 0, 0, 0, Double.NaN, ""));
        all.addAll(reports);
        return List.copyOf(all);
    }

    Snapshot snapshot() {
        return snapshot;
    }

    /** How often the loop has turned. Any thread. */
    long turns() {
        return turns.get();
    }

    /** Ends the loop soon. Any thread. */
    void stop() {
        stopping = true;
        transport.wakeup();
    }

    @Override
    public void run() {
        config.models().forEach(model -> models.add(ModelRunner.start(model, this, onDeath)));
        try {
            loop();
        } finally {
            models.forEach(ModelRunner::stop);
        }
    }

    private void loop() {
        while (!stopping) {
            turns.incrementAndGet();
            long raw = clocks.rawNanos();
            for (Runnable answer = inbox.poll(); answer != null; answer = inbox.poll()) {
                answer.run();
            }
            models.forEach(model -> model.cancelLate(raw));
            if (discontinuities.getAsLong() != discontinuitiesSeen) {
                discontinuitiesSeen = discontinuities.getAsLong();
                engine.onDiscontinuity("this machine was suspended or its clock has jumped", raw, this);
            }
            for (Lookup lookup : lookups) {
                lookUp(lookup, raw);
            }
            engine.onTimer(raw, this);
            if (raw - nextSnapshotNanos >= 0) {
                nextSnapshotNanos = raw + SNAPSHOT_NANOS;
                snapshot = snapshotAt(raw);
                covariateNotes.note(snapshot.covariates());
            }
            long wait = Math.min(engine.nextTimerNanos() - clocks.rawNanos(), LONGEST_WAIT_NANOS);
            try {
                transport.poll(Math.max(wait, 0), this);
            } catch (IOException e) {
                LOG.error("the network cannot be listened to: {}", e.getMessage());
                clocks.sleepUntilMonotonic(clocks.monotonicNanos() + LONGEST_WAIT_NANOS);
            }
        }
    }

    // --- Names and addresses ---

    private void lookUp(Lookup lookup, long raw) {
        if (lookup.underWay.isPresent()) {
            CompletableFuture<List<InetSocketAddress>> future = lookup.underWay.get();
            if (future.isDone()) {
                lookup.underWay = Optional.empty();
                onLookedUp(lookup, future, raw);
            }
        } else if (raw - lookup.nextNanos >= 0) {
            CompletableFuture<List<InetSocketAddress>> future =
                    Resolver.resolve(lookup.server.host(), lookup.server.port());
            lookup.underWay = Optional.of(future);
            CompletableFuture<Void> woken = future.handle((addresses, failure) -> {
                transport.wakeup();
                return null;
            });
            assert woken != null;
        }
    }

    private void onLookedUp(Lookup lookup, CompletableFuture<List<InetSocketAddress>> future, long raw) {
        List<InetSocketAddress> addresses;
        try {
            addresses = future.join();
        } catch (CompletionException e) {
            if (!lookup.failureLogged) {
                lookup.failureLogged = true;
                LOG.warn("{} cannot be resolved; trying again until it can", lookup.server.host());
            }
            lookup.nextNanos = raw + lookup.retryNanos;
            lookup.retryNanos = Math.min(2 * lookup.retryNanos, LONGEST_LOOKUP_RETRY_NANOS);
            return;
        }
        lookup.failureLogged = false;
        lookup.retryNanos = FIRST_LOOKUP_RETRY_NANOS;
        lookup.nextNanos = raw + SILENCE_BEFORE_LOOKUP_NANOS;
        boolean silent = lookup.address.isPresent() && isSilent(lookup.source);
        if (lookup.address.isPresent() && !silent) {
            return;
        }
        InetSocketAddress chosen = choose(addresses, lookup);
        if (lookup.address.equals(Optional.of(chosen))) {
            return;
        }
        try {
            transport.connect(lookup.source, chosen);
        } catch (IOException e) {
            LOG.warn("{} cannot be reached from here: {}", chosen.getAddress().getHostAddress(), e.getMessage());
            return;
        }
        lookup.address = Optional.of(chosen);
        double poll = lookup.server.pollSeconds(config.measurementIntervalSeconds(), chosen.getAddress());
        double burst = lookup.server.burstSeconds(config.warmupIntervalSeconds(), chosen.getAddress());
        LOG.info(
                "{} is {}: {} exchanges at {} s, then one every {} s",
                lookup.server.name(),
                chosen.getAddress().getHostAddress(),
                BURST,
                burst,
                poll);
        engine.onAddressChanged(lookup.source, poll, burst, raw);
    }

    private boolean isSilent(int source) {
        List<SourceReport> known = snapshot.sources();
        return source < known.size() && known.get(source).reach() == 0;
    }

    /** The first address that neither failed just now nor serves under another name: a pool gives many of them. */
    private InetSocketAddress choose(List<InetSocketAddress> addresses, Lookup lookup) {
        Set<InetSocketAddress> taken = new HashSet<>();
        lookups.forEach(other -> other.address.ifPresent(taken::add));
        return addresses.stream()
                .filter(address -> !taken.contains(address))
                .findFirst()
                .orElse(lookup.address.filter(addresses::contains).orElse(addresses.getFirst()));
    }

    // --- From the network to the engine ---

    @Override
    public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
        engine.onTransmitted(source, requestId, rawNanos, kind);
    }

    @Override
    public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
        engine.onDatagram(source, payload, length, rawNanos, kind, this);
    }

    @Override
    public void onUnreachable(int source, String reason) {
        engine.onUnreachable(source, reason, clocks.rawNanos(), this);
    }

    @Override
    public void onNotSent(int source, String reason) {
        engine.onUnreachable(source, reason, clocks.rawNanos(), this);
    }

    // --- From the models, on their threads, to the engine ---

    private void post(Runnable answer) {
        inbox.add(answer);
        transport.wakeup();
    }

    @Override
    public void onReady(Forecast.Forecaster forecaster) {
        post(() -> engine.onForecasterReady(forecaster));
    }

    @Override
    public void onForecast(Forecast.Forecaster forecaster, long requestId, double[] quantiles) {
        post(() -> engine.onForecast(forecaster, requestId, quantiles, clocks.rawNanos(), this));
    }

    @Override
    public void onFailed(Forecast.Forecaster forecaster, long requestId, String reason) {
        post(() -> engine.onForecastFailed(forecaster, requestId, reason, clocks.rawNanos(), this));
    }

    // --- From the engine to the world ---

    @Override
    public void accept(Action action) {
        if (action instanceof Action.Send send) {
            transport.send(send.source(), send.requestId(), send.payload(), this);
        } else if (action instanceof Action.Publish publish) {
            if (publish.correction().warmupComplete() && snapshot.warmupProgress() < 1) {
                // Or the status thread goes on telling of a warm-up whose end has just been logged.
                nextSnapshotNanos = clocks.rawNanos();
            }
            newest = publish.correction();
            publisher.accept(publish.correction());
        } else if (action instanceof Action.Measured measured) {
            Lookup lookup = lookups.get(measured.exchange().source());
            lookup.address.ifPresent(address -> recorder.accept(new ExchangeRecord(
                    lookup.server.name(), address.getAddress().getHostAddress(), measured)));
        } else if (action instanceof Action.Infer infer) {
            for (ModelRunner model : models) {
                if (model.forecaster() == infer.forecaster()) {
                    model.ask(infer, clocks.rawNanos());
                }
            }
        } else if (action instanceof Action.Note note) {
            switch (note.severity()) {
                case DEBUG -> LOG.debug("{}", note.text());
                case INFO -> LOG.info("{}", note.text());
                case WARN -> LOG.warn("{}", note.text());
            }
        }
    }
}
