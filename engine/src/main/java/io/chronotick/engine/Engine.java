// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.bound.Intersection;
import io.chronotick.engine.bound.Interval;
import io.chronotick.engine.bound.ServerPool;
import io.chronotick.engine.external.ExternalForecaster;
import io.chronotick.engine.external.ExternalForecasterConfig;
import io.chronotick.engine.forecast.Calibration;
import io.chronotick.engine.forecast.Confidence;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.CovarianceIntersection;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.forecast.HoldoverLaw;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.learned.GatedFilter;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpAssociation;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.engine.oscillator.ClockModel;
import io.chronotick.engine.oscillator.Covariate;
import io.chronotick.engine.oscillator.CovariateConfig;
import io.chronotick.engine.oscillator.CovariateReport;
import io.chronotick.engine.oscillator.HypothesisBank;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Everything that decides, without input or output: time and bytes come in as arguments, {@link Action}s go out as values.
 * Deterministic: the same calls with the same random generator give the same bits. Not thread-safe.
 *
 * <p>All instants are readings of CLOCK_MONOTONIC_RAW in nanoseconds, which nothing slews or steps.
 *
 * <p>An exchange goes this way: {@link NtpAssociation} checks it; the {@link ServerPool} lets its server vote by it and finds where the
 * truth can be if fewer than half of the servers are wrong; the exchanges of servers that agree feed the {@link ClockModel}; its
 * estimate and the guaranteed interval become a {@link Correction}.
 */
public final class Engine {
    /** Deviation of a frequency that has not been measured, s/s: that of a uniform law within 100 ppm. */
    private static final double UNKNOWN_FREQUENCY_SD = 1e-4 / Math.sqrt(3);

    /** What a jump of the raw clock leaves unsure of the frequency, s/s. */
    private static final double JUMP_FREQUENCY_SD = 3e-7;

    /** While a server contradicts what it said before, it is asked at least this often, s. */
    private static final double UNDECIDED_POLL = 16;

    /** The others are asked this soon, s, ... */
    private static final double EXTRA_POLL = 2;

    /** ... but not more often than this, ns: a server that contradicts itself for ever must not make us a nuisance to them. */
    private static final long EXTRA_POLL_NANOS = 64_000_000_000L;

    /** The warm-up asks for this many accepted exchanges. */
    private static final int WARMUP_EXCHANGES = 8;

    /** A model speaks once the frequency is known to this, s/s: half of the prior. */
    private static final double USEFUL_FREQUENCY_SD = 5e-5;

    /** The model and the servers contradict each other when they are farther apart than this many standard deviations. */
    private static final double CONTRADICTION_SIGMAS = 6;

    /** Slack of that test, s. */
    private static final double CONTRADICTION_SLACK = 2e-6;

    /** A contradiction is believed when this many exchanges in a row say so. */
    private static final int CONFIRMATIONS = 3;

    /** After so many polls without an exchange the oscillator goes unwatched. */
    private static final double UNWATCHED_POLLS = 2.5;

    /** Holdover begins when this many polls have brought nothing. */
    private static final double SILENT_POLLS = 4;

    /** A correction is renewed at least this often, ns. */
    private static final long REFRESH_NANOS = 1_000_000_000L;

    /** Confidence halves after this many poll intervals without an exchange. */
    private static final double CONFIDENCE_POLLS = 8;

    /** The note that the local clock has jumped stays in the record for this long, ns. */
    private static final long STEP_FLAG_NANOS = 60_000_000_000L;

    /** Outside the guaranteed interval by more than this many of its standard deviations, the model has gone wrong. */
    private static final double OUTSIDE_SIGMAS = 2;

    /**
     * How a covariate is seen: as it comes, and as a body follows it that takes minutes to warm up, s. Sums of the two come close
     * to any lag between.
     */
    private static final double[] COVARIATE_LAGS = {0, 300};

    private final EngineConfig config;
    private final Set<Ablation> without;
    private final RandomGenerator random;
    private final List<Server> servers = new ArrayList<>();
    private final List<List<Covariate>> covariates = new ArrayList<>();
    private final ClockModel model;
    private final ServerPool pool;
    private final Confidence confidence = new Confidence();
    private final Calibration calibration = new Calibration();
    private final HoldoverLaw holdoverLaw = new HoldoverLaw();
    private Optional<GatedFilter> learnedFilter = Optional.empty();
    private boolean learnedFilterSpeaks;
    private final List<ExternalForecaster> learned;

    private long nextRequestId;
    private boolean explains;
    private boolean begun;
    private long startNanos;
    private long acceptedCount;
    private long heldCount = -1;
    private double heldSd;
    private long lastSyncNanos;
    private long nextRefreshNanos;
    private boolean warmupComplete;
    private boolean holdover;
    private boolean stepped;
    private long steppedNanos;
    private int contradictions;
    private Optional<Intersection.Agreement> agreed = Optional.empty();
    private ServerPool.Doubt doubt = ServerPool.Doubt.TOO_FEW_HEARD;
    private double shortTermWeight;

    /** A server with all that the engine keeps of it. */
    private static final class Server {
        final NtpAssociation protocol;
        SourceState state = SourceState.UNREACHABLE;
        Optional<Exchange> newest = Optional.empty();
        /** When it was last asked because another had contradicted itself. */
        long askedNanos;

        Server(NtpAssociation protocol) {
            this.protocol = protocol;
        }

        boolean isLive() {
            return newest.isPresent() && protocol.reach() != 0 && !protocol.isDenied();
        }
    }

    /**
     * An engine without servers.
     *
     * @param random source of the request cookies: {@link java.security.SecureRandom} in a daemon, seeded in a simulation
     */
    public Engine(EngineConfig config, RandomGenerator random) {
        this(config, random, Set.of());
    }

    /** An engine that leaves parts of the estimator out; see {@link #Engine(EngineConfig, RandomGenerator)}. */
    public Engine(EngineConfig config, RandomGenerator random, Set<Ablation> without) {
        this.config = config;
        this.without = Set.copyOf(without);
        if (!without.contains(Ablation.COVARIATES) && !without.contains(Ablation.BANK)) {
            for (CovariateConfig covariate : config.covariates()) {
                covariates.add(Arrays.stream(COVARIATE_LAGS)
                        .mapToObj(lag -> new Covariate(covariate, lag))
                        .toList());
            }
        }
        model = new ClockModel(this.without, covariates, source -> servers.get(source).state == SourceState.SELECTED);
        pool = new ServerPool(config.maxDrift(), config.maxStep());
        this.random = random;
        learned = config.learned().stream().map(ExternalForecaster::new).toList();
    }

    /**
     * Puts the learned filter beside the bank of hypotheses. Before any server is added.
     *
     * @param speaks whether it is fused into what is published, or only forecasts for whoever asks {@link #forecasts}
     */
    public void useLearnedFilter(FilterWeights weights, boolean speaks) {
        learnedFilter = Optional.of(new GatedFilter(weights));
        learnedFilterSpeaks = speaks;
    }

    /**
     * Adds a server; it is asked once its address is known ({@link #onAddressChanged}).
     *
     * @return its index: 0, 1, ...
     */
    public int addSource(SourceConfig source) {
        servers.add(new Server(new NtpAssociation(servers.size(), source, random)));
        pool.addSeat();
        model.bank().addSource();
        learnedFilter.ifPresent(GatedFilter::addSource);
        return servers.size() - 1;
    }

    /**
     * The server's address has become known or has changed: forget its path, begin with a burst.
     *
     * @param pollSeconds interval between exchanges in normal operation, s, > 0
     * @param burstSeconds interval between the exchanges of the burst, s, > 0
     */
    public void onAddressChanged(int source, double pollSeconds, double burstSeconds, long rawNanos) {
        Server server = servers.get(source);
        server.protocol.begin(pollSeconds, burstSeconds, rawNanos);
        pool.clear(source);
        server.newest = Optional.empty();
        model.forget(source);
        learnedFilter.ifPresent(filter -> filter.forget(source));
    }

    /** When {@link #onTimer} is due next, CLOCK_MONOTONIC_RAW, ns. */
    public long nextTimerNanos() {
        long next = begun ? nextRefreshNanos : Long.MIN_VALUE;
        for (Server server : servers) {
            next = Math.min(next, server.protocol.nextTimerNanos());
        }
        return next;
    }

    /** Does what is due at {@code rawNanos}: requests, timeouts, a fresh correction. Early calls are harmless. */
    public void onTimer(long rawNanos, Consumer<Action> out) {
        if (!begun) {
            begun = true;
            startNanos = rawNanos;
            nextRefreshNanos = rawNanos + REFRESH_NANOS;
        }
        for (int i = 0; i < servers.size(); i++) {
            Optional<byte[]> request = servers.get(i).protocol.onTimer(rawNanos, nextRequestId);
            if (request.isPresent()) {
                out.accept(new Action.Send(i, nextRequestId++, request.get()));
            }
        }
        if (rawNanos - nextRefreshNanos >= 0) {
            nextRefreshNanos = rawNanos + REFRESH_NANOS;
            judgeServers(rawNanos, out);
            startBank();
            askLearned(rawNanos, out);
            publish(rawNanos, out);
        }
    }

    /** A request went out at {@code rawNanos}. May be called again with a better stamp while its reply is awaited. */
    public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
        servers.get(source).protocol.onTransmitted(requestId, rawNanos, kind);
    }

    /**
     * A request could not be sent, or the network answered that the server cannot be reached, which anybody can forge: a hint.
     * The reply is awaited until its time is over.
     */
    public void onUnreachable(int source, String reason, long rawNanos, Consumer<Action> out) {
        Server server = servers.get(source);
        if (server.protocol.reach() == 0) {
            note(out, Action.Severity.DEBUG, server.protocol.config().name() + " cannot be reached: " + reason);
        }
    }

    /** The first {@code length} bytes of {@code payload} came from the server's address at {@code rawNanos}. */
    public void onDatagram(
            int source, byte[] payload, int length, long rawNanos, StampKind kind, Consumer<Action> out) {
        Server server = servers.get(source);
        boolean denied = server.protocol.isDenied();
        Optional<Exchange> exchange = server.protocol.onDatagram(payload, length, rawNanos, kind);
        if (server.protocol.isDenied() && !denied) {
            note(
                    out,
                    Action.Severity.WARN,
                    server.protocol.config().name() + " refuses to serve us; left alone for an hour or more");
        }
        exchange.ifPresent(accepted -> {
            out.accept(new Action.Measured(server.protocol.measured(accepted)));
            if (!explains) {
                onExchange(accepted, rawNanos, out);
                return;
            }
            Optional<Estimate> expected = model.bank().isStarted()
                    ? Optional.of(calibrated(model.bank().estimate(accepted.middle(), speakers())))
                    : Optional.empty();
            onExchange(accepted, rawNanos, out);
            out.accept(new Action.Explain(report(accepted, expected)));
        });
    }

    /** From now on says what was made of each exchange that is measured ({@link Action.Explain}). It is made the same of it. */
    public void explain() {
        explains = true;
    }

    private ExchangeReport report(Exchange exchange, Optional<Estimate> expected) {
        int source = exchange.source();
        double offset = expected.map(Estimate::offset).orElse(Double.NaN);
        return new ExchangeReport(
                source,
                servers.get(source).state,
                exchange.delay(),
                exchange.forwardOffset(model.epochNanos()) - offset,
                exchange.returnOffset(model.epochNanos()) - offset,
                expected.map(Estimate::sd).orElse(Double.NaN),
                model.bank().isStarted() ? model.bank().weight(source, speakers()) : 0);
    }

    /** The hypotheses about the oscillator that count for most, heaviest first. */
    public List<HypothesisBank.Weight> hypotheses(int most) {
        return model.bank().isStarted() ? model.bank().heaviest(most) : List.of();
    }

    /**
     * An exchange that was measured elsewhere (a recorded log, a replay) with a source that is never asked from here.
     *
     * @param rawNanos the time at which it becomes known, not before {@code exchange.t4()}
     */
    public void onRecordedExchange(Exchange exchange, long rawNanos, Consumer<Action> out) {
        servers.get(exchange.source()).protocol.onRecorded(exchange);
        onExchange(exchange, rawNanos, out);
    }

    /**
     * The host measured a covariate. A value that is no number is dropped.
     *
     * @param index of it in {@link EngineConfig#covariates}
     * @param value in its unit
     * @param rawNanos when; later than the value before
     */
    public void onCovariate(int index, double value, long rawNanos) {
        if (!covariates.isEmpty()) {
            covariates.get(index).forEach(view -> view.add(rawNanos, value));
        }
    }

    /** What is made of the covariates, in the order of the configuration. */
    public List<CovariateReport> covariates() {
        return covariates.stream().map(model.bank()::report).toList();
    }

    /**
     * The raw clock is known to have lost or gained time (suspend): what was learned of the phase is void, nothing is
     * published as valid until servers have answered again.
     */
    public void onDiscontinuity(String reason, long rawNanos, Consumer<Action> out) {
        note(out, Action.Severity.WARN, reason + "; measuring again");
        forgetPhase(rawNanos);
        model.keepNewest(0);
        pool.clearAll();
        nextRefreshNanos = rawNanos + REFRESH_NANOS; // the clock may have jumped back
        for (Server server : servers) {
            server.newest = Optional.empty();
            server.protocol.onDiscontinuity(rawNanos);
            server.protocol.confirm(WARMUP_EXCHANGES, rawNanos);
        }
        judgeServers(rawNanos, out);
        publish(rawNanos, out);
    }

    private void forgetPhase(long rawNanos) {
        stepped = true;
        steppedNanos = rawNanos;
        contradictions = 0;
        holdoverLaw.restart();
        model.forgetPhase(JUMP_FREQUENCY_SD);
        learnedFilter.ifPresent(GatedFilter::restart);
        learned.forEach(ExternalForecaster::restart);
    }

    // --- One exchange ---

    private void onExchange(Exchange exchange, long rawNanos, Consumer<Action> out) {
        Server server = servers.get(exchange.source());
        server.newest = Optional.of(exchange);
        acceptedCount++;
        lastSyncNanos = exchange.t4();
        boolean replay = model.record(exchange);
        if (!pool.add(exchange, model.epochNanos())) {
            askOthers(server, rawNanos);
        }
        if (pool.isContradicted(exchange.source())) {
            server.protocol.askWithin(UNDECIDED_POLL, rawNanos);
        }
        judgeServers(rawNanos, out);
        if (server.state == SourceState.SELECTED && model.bank().isStarted()) {
            feed(exchange, replay, rawNanos, out);
        } else {
            startBank();
        }
        holdover = false;
        publish(rawNanos, out);
    }

    /** Feeds what has come before the servers could be judged. */
    private void startBank() {
        if (!model.bank().isStarted()) {
            model.start();
            learnedFilter.ifPresent(filter -> teachHistory(filter));
        }
    }

    /** The learned filter begins with what has come before. */
    private void teachHistory(GatedFilter filter) {
        for (Exchange past : model.history()) {
            if (servers.get(past.source()).state == SourceState.SELECTED) {
                filter.add(past, model.epochNanos(), Optional.empty(), 0, 0);
            }
        }
    }

    /** The learned filter is judged by an exchange that the bank has not seen yet, and takes it in. */
    private void teachLearnedFilter(GatedFilter filter, Exchange exchange) {
        int source = exchange.source();
        if (!model.bank().knows(source)) {
            filter.add(exchange, model.epochNanos(), Optional.empty(), 0, 0);
            return;
        }
        List<Integer> speakers = speakers();
        Estimate expected = calibrated(model.bank().estimate(exchange.middle(), speakers));
        filter.judge(
                exchange,
                expected,
                speakers,
                (offset, variance) ->
                        model.bank().logEvidence(exchange, model.epochNanos(), speakers, offset, variance));
        Estimate alone = calibrated(model.bank().estimate(exchange.middle(), List.of(source)));
        filter.add(
                exchange,
                model.epochNanos(),
                Optional.of(alone),
                model.bank().base(source),
                model.bank().baseSd(source));
    }

    private Estimate calibrated(Estimate estimate) {
        return estimate.scaled(scale());
    }

    private void feed(Exchange exchange, boolean replay, long rawNanos, Consumer<Action> out) {
        if (contradicts(rawNanos)) {
            if (contradictions == 0) {
                model.markContradiction();
            }
            contradictions++;
            if (isTainted()) {
                model.rebuild();
                learned.forEach(ExternalForecaster::restart);
            } else if (contradictions >= CONFIRMATIONS) {
                note(
                        out,
                        Action.Severity.WARN,
                        String.format(
                                Locale.ROOT,
                                "the local clock or every server has jumped by %.6f s; starting again from the servers",
                                distanceFromServers(rawNanos)));
                forgetPhase(rawNanos);
                model.restartFromContradiction();
                learnedFilter.ifPresent(filter -> teachHistory(filter));
            } else {
                servers.get(exchange.source()).protocol.confirm(CONFIRMATIONS - contradictions, rawNanos);
                return;
            }
            contradictions = 0;
            return;
        }
        contradictions = 0;
        boolean forecast = model.bank().knows(exchange.source());
        HypothesisBank believed = model.bank();
        // By this server alone: the weights between servers and what they disagree by are no part of what an exchange
        // tells.
        List<Integer> alone = List.of(exchange.source());
        Optional<Estimate> before =
                forecast ? Optional.of(model.bank().estimate(exchange.middle(), alone)) : Optional.empty();
        learnedFilter.ifPresent(filter -> teachLearnedFilter(filter, exchange));
        List<Estimate> expected = forecast ? judgeLearned(exchange, out) : List.of();
        boolean hit = model.add(exchange);
        if (model.stepSince().isPresent()) {
            double size = model.bank().estimate(rawNanos, speakers()).offset()
                    - before.map(Estimate::offset).orElse(0.0);
            onStep(model.stepSince().get(), size, rawNanos, out);
            return;
        }
        if (before.isPresent() && model.bank() == believed) {
            Estimate after = model.bank().estimate(exchange.middle(), alone);
            calibration.add(after.offset() - before.get().offset(), before.get().p00(), after.p00());
        }
        for (int i = 0; i < expected.size(); i++) {
            learned.get(i).onMeasurement(expected.get(i), builtIn(learned.get(i), exchange.middle()), scale());
        }
        if (forecast) {
            confidence.add(hit);
        }
        holdoverLaw.observe(
                rawNanos, model.bank().frequency(), scale() * model.bank().frequencySd());
        if (replay) {
            model.rebuild();
        }
        if (isOutsideBound(rawNanos)) {
            // Outside what the servers guarantee.
            model.startAfresh();
            learned.forEach(ExternalForecaster::restart);
        }
    }

    /** The clock has stepped: nothing that was measured before the last {@code exchanges} counts any more. */
    private void onStep(int exchanges, double size, long rawNanos, Consumer<Action> out) {
        note(
                out,
                Action.Severity.WARN,
                String.format(
                        Locale.ROOT,
                        "the local clock or every server has jumped by %.6f s; following the servers",
                        size));
        stepped = true;
        steppedNanos = rawNanos;
        contradictions = 0;
        model.keepNewest(exchanges);
        if (servers.stream().noneMatch(server -> pool.isContradicted(servers.indexOf(server)))) {
            // Nothing that was measured before binds any more. Where servers contradict themselves that is for them to
            // settle.
            pool.clearAll();
            model.history().forEach(exchange -> pool.add(exchange, model.epochNanos()));
        }
        learned.forEach(ExternalForecaster::restart);
        learnedFilter.ifPresent(filter -> teachHistory(filter));
        judgeServers(rawNanos, out);
    }

    /** Whether a server that has fed the bank is not believed any more. */
    private boolean isTainted() {
        for (int i = 0; i < servers.size(); i++) {
            if (model.bank().knows(i) && servers.get(i).state == SourceState.FALSETICKER) {
                return true;
            }
        }
        return false;
    }

    private boolean isOutsideBound(long rawNanos) {
        if (agreed.isEmpty() || agreed.get().isDivided() || !model.bank().isStarted()) {
            return false;
        }
        Estimate estimate = model.bank().estimate(rawNanos, speakers());
        double slack = OUTSIDE_SIGMAS * estimate.sd() + CONTRADICTION_SLACK;
        return !agreed.get().interval().widened(slack).contains(estimate.offset());
    }

    // --- Selection and the hard bound ---

    /** The servers whose estimates make up the published time: those selected, or at worst all that are known. */
    private List<Integer> speakers() {
        List<Integer> selected = new ArrayList<>();
        List<Integer> known = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            if (model.bank().knows(i)) {
                known.add(i);
                if (servers.get(i).state == SourceState.SELECTED) {
                    selected.add(i);
                }
            }
        }
        return selected.isEmpty() ? known : selected;
    }

    /** Finds where the truth can be, and the servers that agree with that. */
    private void judgeServers(long rawNanos, Consumer<Action> out) {
        agreed = pool.agreement(rawNanos);
        noteDoubt(pool.doubt(rawNanos), out);
        boolean isKnown = agreed.isPresent() && agreed.get().interval().isFinite();
        if (agreed.isPresent() && !isKnown) {
            // The first to answer may be the liar.
            servers.forEach(server -> setState(server, idleState(server), out));
            return;
        }
        // Where no point has enough votes, or several have, past agreement breaks the tie.
        Optional<Interval> reference = isKnown && !agreed.get().isDivided()
                ? agreed.map(Intersection.Agreement::interval)
                : modelInterval(rawNanos).or(() -> pool.hull(rawNanos));
        for (int i = 0; i < servers.size(); i++) {
            Server server = servers.get(i);
            SourceState state = idleState(server);
            if (server.isLive() && reference.isPresent()) {
                // By what it says now: a seat that contradicts itself votes for what it said before, too.
                boolean agrees = pool.newestVote(i, rawNanos).intersects(reference.get());
                state = agrees ? SourceState.SELECTED : SourceState.FALSETICKER;
            }
            setState(server, state, out);
        }
    }

    private void noteDoubt(ServerPool.Doubt now, Consumer<Action> out) {
        boolean worthSaying = now != doubt && acceptedCount > 0;
        doubt = now;
        if (worthSaying && now == ServerPool.Doubt.NONE) {
            note(out, Action.Severity.INFO, "a majority of the servers agrees");
        } else if (worthSaying && warmupComplete) {
            note(out, Action.Severity.WARN, doubtText() + "; the time is withdrawn");
        }
    }

    /** One server contradicts itself: is it alone with that? What the others said long ago may be as old as what it said. */
    private void askOthers(Server contradicted, long rawNanos) {
        for (Server server : servers) {
            if (server != contradicted && rawNanos - server.askedNanos >= EXTRA_POLL_NANOS) {
                server.askedNanos = rawNanos;
                server.protocol.askWithin(EXTRA_POLL, rawNanos);
            }
        }
    }

    private String doubtText() {
        return switch (doubt) {
            case NONE -> "";
            case TOO_FEW_HEARD -> {
                int missing = pool.missing();
                yield missing == 1 ? "an answer from one more server" : "answers from " + missing + " more servers";
            }
            case NO_MAJORITY -> "servers that agree";
            case CONTRADICTION -> "servers or local clock have jumped: is it to stay?";
            case STEP_TOO_LARGE ->
                String.format(Locale.ROOT, "step of %.3f s > max_step: restart if it is right", pool.refusedStep());
        };
    }

    private static SourceState idleState(Server server) {
        if (server.protocol.isDenied()) {
            return SourceState.DENIED;
        }
        return server.protocol.reach() == 0 ? SourceState.UNREACHABLE : SourceState.CANDIDATE;
    }

    private static void setState(Server server, SourceState state, Consumer<Action> out) {
        if (server.state == state) {
            return;
        }
        SourceState before = server.state;
        server.state = state;
        String name = server.protocol.config().name();
        switch (state) {
            case SELECTED -> note(out, Action.Severity.INFO, name + " selected");
            case FALSETICKER -> note(out, Action.Severity.WARN, name + " contradicts the majority: falseticker");
            case UNREACHABLE -> note(out, Action.Severity.WARN, name + " does not answer any more");
            default -> note(out, Action.Severity.DEBUG, name + ": " + before + " -> " + state);
        }
    }

    /** Where the model alone puts UTC - raw - epoch. */
    private Optional<Interval> modelInterval(long rawNanos) {
        if (!model.bank().isStarted()) {
            return Optional.empty();
        }
        Estimate estimate = model.bank().estimate(rawNanos, speakers());
        double slack = CONTRADICTION_SIGMAS * estimate.sd() + CONTRADICTION_SLACK;
        return Optional.of(new Interval(estimate.offset() - slack, estimate.offset() + slack));
    }

    /** Whether the servers, by what they say now, are where the model is not. */
    private boolean contradicts(long rawNanos) {
        Optional<Interval> believed = modelInterval(rawNanos);
        return believed.isPresent()
                && serversNow(rawNanos)
                        .filter(now -> !believed.get().intersects(now))
                        .isPresent();
    }

    private Optional<Interval> serversNow(long rawNanos) {
        return pool.newestAgreement(rawNanos).map(Intersection.Agreement::interval);
    }

    private double distanceFromServers(long rawNanos) {
        double middle = serversNow(rawNanos).map(Interval::middle).orElse(0.0);
        return middle - modelInterval(rawNanos).map(Interval::middle).orElse(middle);
    }

    // --- What is published ---

    private void publish(long rawNanos, Consumer<Action> out) {
        noteHoldover(rawNanos, out);
        if (stepped && rawNanos - steppedNanos > STEP_FLAG_NANOS) {
            stepped = false;
        }
        Optional<Interval> known = agreed.map(Intersection.Agreement::interval).or(() -> pool.hull(rawNanos));
        if (!model.bank().isStarted() || known.isEmpty() || !known.get().isFinite()) {
            out.accept(new Action.Publish(Correction.nothingKnown(rawNanos, stepped, acceptedCount, lastSyncNanos)));
            return;
        }
        Optional<Estimate> said =
                config.modelEnabled() ? Optional.of(withLearnedFilter(spoken(rawNanos))) : newestMeasurement(rawNanos);
        if (said.isEmpty()) {
            out.accept(new Action.Publish(Correction.nothingKnown(rawNanos, stepped, acceptedCount, lastSyncNanos)));
            return;
        }
        Estimate estimate = said.get();
        boolean modelSpeaks = config.modelEnabled()
                && model.bank().exchanges() >= WARMUP_EXCHANGES
                && estimate.frequencySd() <= USEFUL_FREQUENCY_SD;
        // The truth cannot be outside: neither may the time be, and its deviation covers the way it was moved.
        Interval now = known.get();
        double offset = agreed.isPresent() ? now.nearestTo(estimate.offset()) : estimate.offset();
        double maxError = now.farthestFrom(offset) + Math.ulp(offset);
        double frequency = pool.frequency().nearestTo(estimate.frequency());
        double moved = offset - estimate.offset();
        double p00 = estimate.p00() + moved * moved;
        // What was known before tells which of several places it is, if it was known.
        boolean isUndecided = agreed.isEmpty()
                || (agreed.get().isDivided() && !(warmupComplete && pool.holds(estimate.offset(), rawNanos)));
        if (isUndecided) {
            p00 += now.halfWidth() * now.halfWidth();
        }
        boolean withdrawn = doubt != ServerPool.Doubt.NONE;
        if (contradictions > 1) {
            // Not one bad sample but two: the model is probably wrong, by as much as the servers say.
            double distance = now.middle() - offset;
            p00 += distance * distance;
        }
        Optional<HypothesisBank> stepping = model.suspectedStep();
        if (stepping.isPresent()) {
            double distance = stepping.get().estimate(rawNanos, speakers()).offset() - offset;
            p00 += distance * distance;
        }
        double scale = scale();
        // Nobody has looked for some polls: the oscillator may do what it has not done before.
        double silence = Nanos.toSeconds(rawNanos - lastSyncNanos);
        double unwatched = config.modelEnabled() && silence > UNWATCHED_POLLS * shortestPoll() ? silence : 0;
        double strayedOffset = holdoverLaw.offsetSd(unwatched) / scale;
        double strayedFrequency = holdoverLaw.frequencySd(unwatched) / scale;
        p00 += strayedOffset * strayedOffset;
        // A deviation above the bound would say that the truth may be where it cannot be.
        p00 = Math.min(Math.max(p00, heldVariance() / (scale * scale)), maxError * maxError / (scale * scale));
        double sd = scale * Math.sqrt(p00);
        double systematic = Math.min(systematicSd(), Math.sqrt(Math.max(maxError * maxError - sd * sd, 0)));
        heldSd = sd;
        heldCount = acceptedCount;
        boolean honest = sd <= config.maxUncertaintySeconds() && !withdrawn;
        if (warmupComplete && honest) {
            pool.markSynchronized();
        }
        if (!warmupComplete && honest && (isWarm() || rawNanos - startNanos >= warmupLimitNanos())) {
            warmupComplete = true;
            note(
                    out,
                    Action.Severity.INFO,
                    String.format(
                            Locale.ROOT,
                            "READY after %.1f s: %d exchanges, uncertainty ±%.1f us, bound ±%.1f us",
                            Nanos.toSeconds(rawNanos - startNanos),
                            acceptedCount,
                            sd * 1e6,
                            maxError * 1e6));
        }
        out.accept(new Action.Publish(new Correction(
                rawNanos,
                rawNanos + model.epochNanos() + Nanos.ofSeconds(offset),
                frequency,
                p00,
                // A mixture with cycles may expect itself to become surer; without a measurement nobody does.
                Math.max(estimate.p01(), 0) + strayedOffset * strayedFrequency,
                estimate.p11() + strayedFrequency * strayedFrequency,
                estimate.wander(),
                scale,
                systematic,
                maxError,
                pool.frequency().farthestFrom(frequency),
                config.maxUncertaintySeconds(),
                withdrawn,
                Nanos.ofSeconds(config.horizonSeconds()),
                modelSpeaks ? config.speaker() : Correction.Source.NTP,
                warmupComplete,
                modelSpeaks,
                holdover,
                stepped,
                leap(),
                false,
                confidence.value(),
                Nanos.ofSeconds(CONFIDENCE_POLLS * shortestPoll()),
                acceptedCount,
                lastSyncNanos)));
    }

    private double systematicSd() {
        List<Integer> speakers = speakers();
        List<HypothesisBank.Part> parts = model.bank().parts(speakers);
        List<SystematicUncertainty.Member> members = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            HypothesisBank.Part part = parts.get(i);
            NtpAssociation protocol = servers.get(speakers.get(i)).protocol;
            members.add(new SystematicUncertainty.Member(
                    part.weight(), part.base(), protocol.config().asymmetry(), part.difference(), protocol.stamps()));
        }
        return SystematicUncertainty.of(members);
    }

    /** What the built-in forecasters say, with the learned filter's word if that may speak. */
    private Estimate withLearnedFilter(Estimate own) {
        return learnedFilter
                .filter(filter -> learnedFilterSpeaks)
                .map(filter -> fuse(own, filter))
                .orElse(own);
    }

    private Estimate fuse(Estimate own, GatedFilter filter) {
        Estimate bankAlone = calibrated(own);
        Estimate fused = filter.fuse(bankAlone, speakers());
        // The very numbers of the bank where it speaks alone.
        return fused.equals(bankAlone) ? own : fused.scaled(1 / scale());
    }

    /** Variance below which none may fall before something has been measured, s^2. */
    private double heldVariance() {
        return acceptedCount == heldCount ? heldSd * heldSd : 0;
    }

    /** The newest exchange of a selected server and nothing else: for an operator who switched the models off. */
    private Optional<Estimate> newestMeasurement(long rawNanos) {
        return newestExchange().map(newest -> measurement(newest, rawNanos));
    }

    private Optional<Exchange> newestExchange() {
        Optional<Exchange> selected = servers.stream()
                .filter(server -> server.state == SourceState.SELECTED)
                .flatMap(server -> server.newest.stream())
                .max((a, b) -> Long.compare(a.t4(), b.t4()));
        // Every server may have moved, and its exchanges with it.
        return selected.or(() -> model.history().reversed().stream().findFirst());
    }

    private Estimate measurement(Exchange newest, long rawNanos) {
        double dt = Nanos.toSeconds(rawNanos - newest.middle());
        double half = Math.max(newest.delay(), 0) / 2 + newest.serverError();
        double p11 = UNKNOWN_FREQUENCY_SD * UNKNOWN_FREQUENCY_SD;
        // The truth is anywhere within half the delay: a uniform law has a third of its square as variance.
        return new Estimate(rawNanos, model.middleOffset(newest), 0, half * half / 3 + dt * dt * p11, dt * p11, p11, 0);
    }

    /** What the forecasters that may speak say of an instant, each with its learned companion. */
    private Estimate spoken(long rawNanos) {
        HypothesisBank.Estimates all = model.bank().estimates(rawNanos, speakers());
        Estimate shortTerm = withLearned(Forecast.Forecaster.SHORT_TERM, all.shortTerm());
        Estimate longTerm = withLearned(Forecast.Forecaster.LONG_TERM, all.longTerm());
        shortTermWeight = switch (config.speaker()) {
            case SHORT_TERM -> 1;
            case LONG_TERM -> 0;
            default -> all.shortTermWeight();
        };
        if (config.speaker() == Correction.Source.FUSION) {
            return CovarianceIntersection.fuse(shortTerm, longTerm, shortTermWeight);
        }
        return config.speaker() == Correction.Source.SHORT_TERM ? shortTerm : longTerm;
    }

    // --- Learned forecasters ---

    private Estimate withLearned(Forecast.Forecaster forecaster, Estimate own) {
        for (ExternalForecaster slot : learned) {
            if (slot.forecaster() == forecaster) {
                return slot.fuse(own, scale());
            }
        }
        return own;
    }

    private Estimate builtIn(ExternalForecaster slot, long rawNanos) {
        HypothesisBank.Estimates all = model.bank().estimates(rawNanos, speakers());
        return slot.forecaster() == Forecast.Forecaster.SHORT_TERM ? all.shortTerm() : all.longTerm();
    }

    private void askLearned(long rawNanos, Consumer<Action> out) {
        if (model.bank().isStarted() && warmupComplete) {
            for (ExternalForecaster slot : learned) {
                slot.onTimer(rawNanos, at -> builtIn(slot, at), scale(), new Host(slot.forecaster(), out));
            }
        }
    }

    /**
     * Judges the learned forecasters by an exchange that is about to be taken in.
     *
     * @return what the built-in ones beside them expect of its middle
     */
    private List<Estimate> judgeLearned(Exchange exchange, Consumer<Action> out) {
        List<Estimate> expected = new ArrayList<>();
        for (ExternalForecaster slot : learned) {
            slot.judge(
                    exchange,
                    (offset, variance) ->
                            model.bank().logEvidence(exchange, model.epochNanos(), speakers(), offset, variance),
                    new Host(slot.forecaster(), out));
            expected.add(builtIn(slot, exchange.middle()));
        }
        return expected;
    }

    /** Turns what an external forecaster wants into actions. */
    private record Host(Forecast.Forecaster forecaster, Consumer<Action> out) implements ExternalForecaster.Host {
        @Override
        public void infer(long requestId, double[] context) {
            out.accept(new Action.Infer(forecaster, requestId, context));
        }

        @Override
        public void inform(String text) {
            note(out, Action.Severity.INFO, text);
        }

        @Override
        public void warn(String text) {
            note(out, Action.Severity.WARN, text);
        }
    }

    private Optional<ExternalForecaster> slot(Forecast.Forecaster forecaster) {
        return learned.stream().filter(slot -> slot.forecaster() == forecaster).findFirst();
    }

    /** The model of a learned forecaster is there; from now on it is asked by {@link Action.Infer}. */
    public void onForecasterReady(Forecast.Forecaster forecaster) {
        slot(forecaster).ifPresent(ExternalForecaster::onReady);
    }

    /**
     * A learned forecaster has answered. An answer that is late or no distribution puts it into quarantine; one to a question
     * that is not waited for any more is ignored.
     *
     * @param requestId of the {@link Action.Infer}
     * @param quantiles of what the offset will be above the line that was taken off the context, continued to the horizon, s,
     *     at {@link ExternalForecasterConfig#quantileLevels}
     */
    public void onForecast(
            Forecast.Forecaster forecaster, long requestId, double[] quantiles, long rawNanos, Consumer<Action> out) {
        slot(forecaster).ifPresent(slot -> slot.onForecast(requestId, quantiles, rawNanos, new Host(forecaster, out)));
    }

    /** A learned forecaster could not answer: it is quarantined. */
    public void onForecastFailed(
            Forecast.Forecaster forecaster, long requestId, String reason, long rawNanos, Consumer<Action> out) {
        slot(forecaster).ifPresent(slot -> slot.onFailed(requestId, reason, rawNanos, new Host(forecaster, out)));
    }

    /** How the learned filter, if there is one, and the learned forecasters are doing, in the order of the configuration. */
    public List<ForecasterReport> learned() {
        List<ForecasterReport> reports = new ArrayList<>();
        learnedFilter.ifPresent(filter -> reports.add(filter.report()));
        learned.forEach(slot -> reports.add(slot.report()));
        return List.copyOf(reports);
    }

    /** Weight of the short-term forecaster in the newest correction, 0..1; the long-term one has the rest. */
    public double shortTermWeight() {
        return shortTermWeight;
    }

    /** Factor on the models' own standard deviations. */
    private double scale() {
        return without.contains(Ablation.CALIBRATION) || !config.modelEnabled() ? 1 : calibration.scale();
    }

    private void noteHoldover(long rawNanos, Consumer<Action> out) {
        double silence = Nanos.toSeconds(rawNanos - lastSyncNanos);
        boolean silent = acceptedCount > 0 && silence > SILENT_POLLS * shortestPoll() + longestTimeout();
        if (silent && !holdover) {
            holdover = true;
            note(
                    out,
                    Action.Severity.WARN,
                    String.format(
                            Locale.ROOT,
                            "no server has answered for %.0f s: holdover on the oscillator model",
                            silence));
        }
    }

    private double shortestPoll() {
        return servers.stream()
                .filter(server -> !server.protocol.isDenied())
                .mapToDouble(server -> server.protocol.pollSeconds())
                .min()
                .orElse(1);
    }

    private double longestTimeout() {
        return servers.stream()
                .mapToDouble(server -> server.protocol.config().timeoutSeconds())
                .max()
                .orElse(1);
    }

    /** The leap second that most selected servers announce. */
    private LeapIndicator leap() {
        int[] votes = new int[LeapIndicator.values().length];
        int voters = 0;
        for (Server server : servers) {
            if (server.state == SourceState.SELECTED) {
                votes[
                        server.protocol
                                .lastReply()
                                .map(NtpPacket::leap)
                                .orElse(LeapIndicator.NONE)
                                .ordinal()]++;
                voters++;
            }
        }
        for (LeapIndicator leap : LeapIndicator.values()) {
            if (2 * votes[leap.ordinal()] > voters) {
                return leap;
            }
        }
        return LeapIndicator.NONE;
    }

    // --- Warm-up ---

    private boolean isWarm() {
        return acceptedCount >= WARMUP_EXCHANGES;
    }

    private long warmupLimitNanos() {
        return Nanos.ofSeconds(config.warmupLimitSeconds());
    }

    /** Whether the warm-up is over. */
    public boolean isWarmupComplete() {
        return warmupComplete;
    }

    /** Progress of the warm-up, 0..1. */
    public double warmupProgress() {
        return warmupComplete ? 1 : Math.min(acceptedCount / (double) WARMUP_EXCHANGES, 0.99);
    }

    /**
     * What the warm-up is waiting for, and after it what the time that has been withdrawn is waiting for: in words, at most 63
     * characters. Empty when nothing is missing.
     */
    public String warmupWaitingFor() {
        if (warmupComplete) {
            return doubtText();
        }
        if (acceptedCount == 0) {
            return "a first answer from a server";
        }
        if (doubt != ServerPool.Doubt.NONE) {
            return doubtText();
        }
        if (!isWarm()) {
            return "exchange " + (acceptedCount + 1) + " of " + WARMUP_EXCHANGES;
        }
        return "an uncertainty below the maximum";
    }

    // --- For people ---

    /**
     * What each forecaster and their fusion say UTC is when the raw clock reads {@code rawNanos}, now or ahead; empty before
     * the first exchange.
     */
    public List<Forecast> forecasts(long rawNanos) {
        if (!model.bank().isStarted()) {
            return List.of();
        }
        HypothesisBank.Estimates all = model.bank().estimates(rawNanos, speakers());
        List<Forecast> forecasts = new ArrayList<>();
        forecasts.add(forecast(Forecast.Forecaster.SHORT_TERM, all.shortTerm(), all.shortTermWeight()));
        forecasts.add(forecast(Forecast.Forecaster.LONG_TERM, all.longTerm(), 1 - all.shortTermWeight()));
        forecasts.add(forecast(Forecast.Forecaster.FUSION, all.fused(), 1));
        learnedFilter.ifPresent(filter -> {
            filter.estimate(rawNanos, speakers()).ifPresent(learned -> {
                double weight = filter.isQuarantined() ? 0 : 1 - filter.bankShare();
                forecasts.add(forecast(Forecast.Forecaster.LEARNED, learned.scaled(1 / scale()), weight));
                forecasts.add(forecast(Forecast.Forecaster.BOTH, fuse(all.fused(), filter), 1));
            });
        });
        return List.copyOf(forecasts);
    }

    private Forecast forecast(Forecast.Forecaster forecaster, Estimate estimate, double weight) {
        long utcNanos = estimate.rawNanos() + model.epochNanos() + Nanos.ofSeconds(estimate.offset());
        return new Forecast(forecaster, estimate.rawNanos(), utcNanos, scale() * estimate.sd(), weight);
    }

    /** The present state of every server, in the order they were added. */
    public List<SourceReport> sources(long rawNanos) {
        List<SourceReport> reports = new ArrayList<>();
        boolean known = model.bank().isStarted();
        double published = known ? model.bank().estimate(rawNanos, speakers()).offset() : 0;
        double frequency = known ? model.bank().frequency() : 0;
        for (Server server : servers) {
            double offset = 0;
            double sd = 0;
            double delay = 0;
            if (server.newest.isPresent()) {
                Exchange newest = server.newest.get();
                double dt = Nanos.toSeconds(rawNanos - newest.middle());
                offset = model.middleOffset(newest) + frequency * dt - published;
                delay = newest.delay();
                sd = Math.max(delay, 0) / 2 + newest.serverError();
            }
            reports.add(server.protocol.report(
                    server.state,
                    offset,
                    sd,
                    delay,
                    model.bank().path(servers.indexOf(server)).meanExcess()));
        }
        return reports;
    }

    private static void note(Consumer<Action> out, Action.Severity severity, String text) {
        out.accept(new Action.Note(severity, text));
    }
}
