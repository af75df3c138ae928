// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.config.LocalClockConfig;
import io.chronotick.daemon.config.ModelConfig;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.output.Upstream;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.Action;
import io.chronotick.engine.Engine;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.EstimatorOptions;
import io.chronotick.engine.LeapSecondList;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.forecast.WaitReason;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.ClockReading;
import io.chronotick.engine.ntp.ExchangeCsv;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.oscillator.CovariateConfig;
import io.chronotick.engine.oscillator.CovariateReport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
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
final class EngineLoop
        implements Runnable,
                NtpTransport.Listener,
                ServerAddresses.Listener,
                ClockReaders.Listener,
                ModelRunner.Listener,
                Consumer<Action> {
    // Long because: it is where everything meets that has to happen on one thread.

    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** Most requests of a warm-up burst: what the warm-up needs of one server alone, if none is lost. */
    private static final int BURST = 8;

    /** The loop turns at least this often, to see discontinuities and look-ups that have ended, ns. */
    private static final long LONGEST_WAIT_NANOS = 1_000_000_000L;

    /** A first time that is farther from the system clock is a surprise, ns. */
    private static final long YEAR_NANOS = 365 * 86_400_000_000_000L;

    /** In the place of an address, of a clock of this host. */
    private static final String NO_ADDRESS = "local";

    private static final long SNAPSHOT_NANOS = 1_000_000_000L;

    /** Where corrections go, and what has become of the clock that they are for. Any thread. */
    interface Publisher {
        /** Jumps of the raw clock that have been seen. */
        long discontinuities();

        /**
         * Publishes a correction instead of the one before.
         *
         * @param discontinuities of how many of them it knows: once there are more, it is void
         */
        void publish(Correction correction, long discontinuities);
    }

    /** What other threads may know of the engine. */
    record Snapshot(
            double warmupProgress,
            String waitingFor,
            double shortTermWeight,
            Correction correction,
            List<SourceReport> sources,
            List<Optional<InetSocketAddress>> addresses,
            List<ForecasterReport> learned,
            List<CovariateReport> covariates,
            long rawNanos) {

        /** What those who hand the time on have to know beside the record. */
        Upstream upstream(long disruptionMarker) {
            return Upstream.of(correction, sources, addresses, disruptionMarker);
        }

        /** What the daemon is doing, in one line that changes only when that does. */
        String headline(long raw) {
            if (warmupProgress < 1) {
                return "WARMING UP: waiting for " + waitingFor;
            }
            if (!correction.validAt(raw)) {
                return "WITHDRAWN" + (waitingFor.isEmpty() ? "" : ": waiting for " + waitingFor);
            }
            if (correction.holdover()) {
                return "HOLDOVER: waiting for " + waitingFor;
            }
            long selected = sources.stream()
                    .filter(source -> source.state() == SourceState.SELECTED)
                    .count();
            return "READY: " + selected + " of " + sources.size() + " servers agree";
        }
    }

    private final HostClocks clocks;
    private final NtpTransport transport;
    private final Engine engine;
    private final DaemonConfig config;
    private final Optional<FilterWeights> weights;
    private final ServerAddresses addresses;
    private final KeyExchanges keyExchanges;
    private final LocalClocks localClocks;
    private final ClockReaders clockReaders;
    private final List<ModelRunner> models = new ArrayList<>();

    /** What the models' threads have to say to the engine. */
    private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();

    private final Publisher publisher;
    private final Consumer<ExchangeCsv> recorder;
    private final Thread.UncaughtExceptionHandler onDeath;
    private final CovariateNotes covariateNotes = new CovariateNotes();

    private final Explanations explanations = new Explanations();

    private long discontinuities;
    /** Servers of which it has been said that they are not asked as often as configured. */
    private final Set<Integer> slowed = new HashSet<>();

    private boolean deaf;
    private long nextSnapshotNanos;
    private Correction newest;
    private final AtomicLong turns = new AtomicLong();
    private volatile Snapshot snapshot;

    /** Of all servers by their numbers, those that were removed included. */
    private List<SourceReport> reports = List.of();

    private volatile boolean stopping;

    /** @param onDeath hears of a model's thread that has died of what it did not expect */
    EngineLoop(
            DaemonConfig config,
            List<CovariateConfig> covariates,
            HostClocks clocks,
            NtpTransport transport,
            ServerAddresses.Names resolver,
            LocalClocks localClocks,
            RandomGenerator random,
            Publisher publisher,
            Consumer<ExchangeCsv> recorder,
            Thread.UncaughtExceptionHandler onDeath) {
        this.config = config;
        this.clocks = clocks;
        this.transport = transport;
        this.publisher = publisher;
        this.recorder = recorder;
        this.onDeath = onDeath;
        this.weights = config.learnedFilter() ? LearnedWeights.load(config.learnedWeights()) : Optional.empty();
        this.engine = new Engine(
                new EngineConfig(
                        config.maxAcceptableUncertaintySeconds(),
                        config.warmupLimitSeconds(),
                        config.shortTermHorizonSeconds(),
                        config.speaker(),
                        config.maxDrift(),
                        config.maxStepSeconds(),
                        config.minServers(),
                        config.followsSmear(),
                        config.models().stream().map(ModelConfig::slot).toList(),
                        covariates),
                random,
                EstimatorOptions.DEFAULT.withFilter(weights, true));
        if (Explanations.areWanted()) {
            engine.explain();
        }
        long raw = clocks.rawNanos();
        long system = clocks.realtimeNanos() - raw;
        engine.expect(Math.max(system - YEAR_NANOS, BuildTime.NANOS - raw), system + YEAR_NANOS);
        this.newest = Correction.nothingKnown(raw);
        this.addresses = new ServerAddresses(transport, resolver, this);
        this.keyExchanges = new KeyExchanges(config, addresses, engine, clocks, onDeath, this::post);
        this.localClocks = localClocks;
        this.clockReaders = new ClockReaders(this::post, this, onDeath);
        List<String> names = config.serverNames();
        for (int i = 0; i < names.size(); i++) {
            add(config.servers().get(i), names.get(i), raw);
        }
        this.snapshot = snapshotAt(raw);
    }

    private void add(ServerConfig server, String name, long raw) {
        if (server.clock().isPresent()) {
            addClock(server, server.clock().get(), name, raw);
            return;
        }
        int source = engine.addSource(new SourceConfig(
                name,
                BURST,
                config.timeoutSeconds(),
                config.minStratum(),
                config.maxStratum(),
                server.asymmetry().orElse(config.asymmetry()),
                server.keyExchange().isPresent(),
                true));
        addresses.add(source, server, name, raw);
    }

    private void addClock(ServerConfig server, LocalClockConfig clock, String name, long raw) {
        int source = engine.addSource(new SourceConfig(
                name, BURST, config.timeoutSeconds(), 1, 15, SystematicUncertainty.READING_SHARE, false, false));
        addresses.add(source, server, name, raw);
        clockReaders.add(source, name, localClocks.open(clock));
        ServerConfig.Poll poll = server.clockPoll();
        engine.onAddressChanged(
                source, poll.shortestSeconds(), poll.longestSeconds(), config.warmupIntervalSeconds(), raw);
    }

    // --- Other servers ---

    /** From now on these servers are asked, and no others; those that are asked already are not disturbed. Any thread. */
    void askOnly(List<ServerConfig> servers) {
        post(() -> changeServers(servers));
    }

    private void changeServers(List<ServerConfig> wanted) {
        List<ServerConfig> added = new ArrayList<>(wanted);
        int kept = 0;
        List<Integer> removed = new ArrayList<>();
        for (int source : addresses.sources()) {
            if (added.remove(addresses.server(source))) {
                kept++;
            } else {
                removed.add(source);
            }
        }
        for (int source : removed) {
            LOG.info("{} is not asked any more", addresses.name(source));
            engine.removeSource(source);
            keyExchanges.forget(source);
            clockReaders.remove(source);
            addresses.remove(source);
            slowed.remove(source);
        }
        long raw = clocks.rawNanos();
        for (ServerConfig server : added) {
            add(server, freeName(server, wanted), raw);
        }
        LOG.info("servers: {} kept, {} added, {} removed", kept, added.size(), removed.size());
        snapshot = snapshotAt(raw);
    }

    /** Its own; of one of several, with the lowest number that none of them has. */
    private String freeName(ServerConfig server, List<ServerConfig> all) {
        String own = server.name();
        if (all.stream().filter(other -> other.name().equals(own)).count() == 1) {
            return own;
        }
        Set<String> taken = new HashSet<>();
        addresses.sources().forEach(source -> taken.add(addresses.name(source)));
        int number = 1;
        while (taken.contains(own + "#" + number)) {
            number++;
        }
        return own + "#" + number;
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

    /** There is another list of leap seconds. Any thread. */
    void onLeapSecondList(LeapSecondList list) {
        localClocks.onLeapSecondList(list);
        post(() -> engine.onLeapSecondList(list, clocks.rawNanos()));
    }

    /** The hypervisor knows of a leap second, or of none any more. Any thread. */
    void onHostLeap(Optional<LeapIndicator> leap) {
        post(() -> engine.onHostLeap(leap));
    }

    private Snapshot snapshotAt(long raw) {
        reports = sources(raw);
        List<Integer> asked = addresses.sources();
        List<SourceReport> sources = asked.stream().map(reports::get).toList();
        String waitingFor = engine.warmupWaitingFor();
        boolean heard = sources.stream().anyMatch(report -> report.accepted() > 0);
        if (!heard && !waitingFor.isEmpty()) {
            waitingFor = WaitReason.FIRST_ANSWER.text(": " + addresses.silence());
        } else if (newest.holdover() && waitingFor.isEmpty()) {
            waitingFor = WaitReason.ANSWER.text(addresses.silence());
        }
        return new Snapshot(
                engine.warmupProgress(),
                waitingFor,
                engine.shortTermWeight(),
                newest,
                sources,
                asked.stream().map(addresses::of).toList(),
                learned(),
                engine.covariates(),
                raw);
    }

    private List<SourceReport> sources(long raw) {
        List<SourceReport> reports = new ArrayList<>();
        for (SourceReport report : engine.sources(raw)) {
            int source = reports.size();
            SourceTrouble trouble = clockReaders.isInTrouble(source)
                    ? SourceTrouble.CLOCK_UNREADABLE
                    : addresses.trouble(source, report.trouble());
            reports.add(report.with(addresses.label(source), trouble));
        }
        return List.copyOf(reports);
    }

    /** Those of the engine, and the filter whose weights could not be had: it was asked for, and is missed. */
    private List<ForecasterReport> learned() {
        List<ForecasterReport> reports = engine.forecasterReports();
        if (!config.learnedFilter() || weights.isPresent()) {
            return reports;
        }
        List<ForecasterReport> all = new ArrayList<>();
        all.add(new ForecasterReport(
                Forecast.Forecaster.LEARNED, ForecasterReport.State.ABSENT, 0, 0, 0, Double.NaN, ""));
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
            keyExchanges.restore();
            loop();
        } finally {
            keyExchanges.keep();
            clockReaders.close();
            models.forEach(ModelRunner::stop);
        }
    }

    private void loop() {
        while (!stopping) {
            turns.incrementAndGet();
            long raw = clocks.rawNanos();
            hearOfDiscontinuities();
            for (Runnable answer = inbox.poll(); answer != null; answer = inbox.poll()) {
                answer.run();
            }
            models.forEach(model -> model.cancelLate(raw));
            addresses.turn(reports, raw);
            engine.onTimer(raw, this);
            if (raw - nextSnapshotNanos >= 0) {
                nextSnapshotNanos = raw + SNAPSHOT_NANOS;
                snapshot = snapshotAt(raw);
                covariateNotes.note(snapshot.covariates());
                explanations.explain(engine, newest, raw);
            }
            long wait = Math.min(engine.nextTimerNanos() - clocks.rawNanos(), LONGEST_WAIT_NANOS);
            listen(Math.max(wait, 0));
        }
    }

    private void listen(long waitNanos) {
        try {
            transport.poll(waitNanos, this);
            if (deaf) {
                deaf = false;
                LOG.info("the network can be listened to again");
            }
        } catch (IOException e) {
            if (!deaf) {
                deaf = true;
                LOG.error("the network cannot be listened to: {}; trying until it can", e.getMessage());
            }
            clocks.sleepUntilMonotonic(clocks.monotonicNanos() + LONGEST_WAIT_NANOS);
        }
    }

    /**
     * Before anything is made of what has come in: a reply may lie in its socket since before a jump, and its request on the
     * other side.
     */
    private void hearOfDiscontinuities() {
        long now = publisher.discontinuities();
        if (now != discontinuities) {
            discontinuities = now;
            long raw = clocks.rawNanos();
            nextSnapshotNanos = raw;
            addresses.onDiscontinuity(raw);
            engine.onDiscontinuity("this machine was suspended or its clock has jumped", raw, this);
        }
    }

    @Override
    public void onAddress(int source, ServerConfig server, InetSocketAddress address) {
        String name = addresses.name(source);
        ServerConfig.Poll poll = server.poll(config.measurementIntervalSeconds(), address.getAddress());
        ServerConfig.Poll configured = server.configuredPoll(config.measurementIntervalSeconds(), address.getAddress());
        double burst = server.burstSeconds(config.warmupIntervalSeconds(), address.getAddress());
        LOG.info(
                "{} is {}: at most {} requests at {} s, then one every {}",
                name,
                address.getAddress().getHostAddress(),
                BURST,
                burst,
                poll);
        if (!poll.equals(configured) && slowed.add(source)) {
            LOG.warn(
                    "{} is a public server: it is asked every {}, not every {} as configured; allow_fast_polling: true changes"
                            + " that, where its operator agrees",
                    name,
                    poll,
                    configured);
        }
        engine.onAddressChanged(source, poll.shortestSeconds(), poll.longestSeconds(), burst, clocks.rawNanos());
    }

    @Override
    public void onNoMember(int source) {
        engine.onVacant(source);
    }

    // --- From the network to the engine ---

    @Override
    public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
        engine.onTransmitted(source, requestId, rawNanos, kind);
    }

    @Override
    public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
        hearOfDiscontinuities();
        engine.onDatagram(source, payload, length, rawNanos, kind, this);
        if (engine.isAskedForLess(source)) {
            addresses.onKiss(source, rawNanos);
        }
    }

    @Override
    public void onUnreachable(int source, String reason) {
        addresses.onUnreachable(source, reason);
        engine.onUnreachable(source, reason, clocks.rawNanos(), this);
    }

    @Override
    public void onNotSent(int source, String reason) {
        addresses.onNotSent(reason);
    }

    // --- From the clocks of this host to the engine ---

    @Override
    public void onReading(int source, long requestId, ClockReading reading) {
        hearOfDiscontinuities();
        engine.onReading(source, requestId, reading, clocks.rawNanos(), this);
    }

    @Override
    public void onUnreadable(int source) {
        addresses.onUnreachable(source, Silence.CLOCK_NOT_READ.words());
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
        if (action instanceof Action.Send send && clockReaders.has(send.source())) {
            clockReaders.read(send.source(), send.requestId());
        } else if (action instanceof Action.Send send) {
            addresses.send(send, clocks.rawNanos(), this);
        } else if (action instanceof Action.ExchangeKeys exchange) {
            keyExchanges.begin(exchange.source(), newest);
        } else if (action instanceof Action.Publish publish) {
            if (publish.correction().warmupComplete() && snapshot.warmupProgress() < 1) {
                // Or the status thread goes on telling of a warm-up whose end has just been logged.
                nextSnapshotNanos = clocks.rawNanos();
            }
            newest = publish.correction();
            publisher.publish(publish.correction(), discontinuities);
        } else if (action instanceof Action.Measured measured) {
            int source = measured.measured().exchange().source();
            addresses.onAnswer(source);
            String address = addresses
                    .of(source)
                    .map(at -> at.getAddress().getHostAddress())
                    .orElse(NO_ADDRESS);
            recorder.accept(new ExchangeCsv(addresses.server(source).name(), address, measured.measured()));
        } else if (action instanceof Action.Explain explain) {
            int source = explain.report().source();
            Explanations.explain(addresses.label(source), explain.report(), newest, engine.warmupWaitingFor());
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
