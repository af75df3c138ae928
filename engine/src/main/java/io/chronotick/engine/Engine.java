// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.bound.Intersection;
import io.chronotick.engine.bound.Interval;
import io.chronotick.engine.bound.ServerPool;
import io.chronotick.engine.external.ExternalForecasterConfig;
import io.chronotick.engine.forecast.Calibration;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.forecast.Publisher;
import io.chronotick.engine.forecast.Readiness;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.ClockReading;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.MeasuredExchange;
import io.chronotick.engine.ntp.NtpAssociation;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.nts.KeyExchangeFailure;
import io.chronotick.engine.nts.NtsClient;
import io.chronotick.engine.nts.NtsKeys;
import io.chronotick.engine.oscillator.ClockModel;
import io.chronotick.engine.oscillator.Covariate;
import io.chronotick.engine.oscillator.CovariateReport;
import io.chronotick.engine.oscillator.HypothesisBank;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
 * estimate and the guaranteed interval become a {@link Correction}, by the {@link Publisher}.
 */
public final class Engine {
    // Long because: a third is the face that daemon, lab and tests see; the rest is the way of one exchange, in one
    // place.

    /** What a jump of the raw clock leaves unsure of the frequency, s/s. */
    private static final double JUMP_FREQUENCY_SD = 3e-7;

    /** The model and the servers contradict each other when they are farther apart than this many standard deviations. */
    private static final double CONTRADICTION_SIGMAS = 6;

    /** Slack of that test, s. */
    private static final double CONTRADICTION_SLACK = 2e-6;

    /** A contradiction is believed when this many exchanges in a row say so. */
    private static final int CONFIRMATIONS = 3;

    /** Outside the guaranteed interval by more than this many of its standard deviations, the model has gone wrong. */
    private static final double OUTSIDE_SIGMAS = 2;

    /** A correction is renewed at least this often, ns. */
    private static final long REFRESH_NANOS = 1_000_000_000L;

    /**
     * Most that a smear changes the frequency by, s/s: 12e-6 from noon to noon (Google, Amazon), 18e-6 along a cosine over a day (ntpd,
     * NTPsec), 32e-6 along a parabola over the 17 hours of Meta.
     */
    private static final double SMEAR_DRIFT = 35e-6;

    /** The largest assumption about an oscillator that makes sense, s/s. */
    private static final double LARGEST_DRIFT = 1e-4;

    private final RandomGenerator random;
    private final List<List<Covariate>> covariates;
    private final Servers servers;
    private final ClockModel model;
    private final Calibration calibration;
    private final Forecasters forecasters;
    private final Readiness readiness;
    private final Publisher publisher;
    private final LeapSecond leap;
    private final EngineConfig config;

    private long nextRequestId;
    private boolean explains;
    private boolean begun;
    private long nextRefreshNanos;
    private int contradictions;

    /**
     * An engine without servers.
     *
     * @param random source of the request cookies: {@link java.security.SecureRandom} in a daemon, seeded in a simulation
     */
    public Engine(EngineConfig config, RandomGenerator random) {
        this(config, random, EstimatorOptions.DEFAULT);
    }

    /** An engine whose estimator is made of something else; see {@link #Engine(EngineConfig, RandomGenerator)}. */
    public Engine(EngineConfig config, RandomGenerator random, EstimatorOptions options) {
        this.random = random;
        this.config = config;
        leap = new LeapSecond(config.followsSmear());
        servers = new Servers(config);
        if (config.followsSmear()) {
            // Until the date is known.
            servers.pool().setMaxDrift(smearedDrift());
        }
        covariates = options.covariates(config.covariates());
        model = new ClockModel(
                options.without(), covariates, source -> servers.get(source).isSelected());
        calibration = options.calibration(config);
        forecasters = new Forecasters(config, options, model, servers, calibration);
        readiness = new Readiness(config.warmupLimitSeconds());
        publisher = new Publisher(
                new Publisher.Terms(config.maxUncertaintySeconds(), config.horizonSeconds(), config.speaker()),
                readiness,
                calibration);
    }

    /**
     * Where UTC - raw is expected to be when it becomes known, ns. A first time elsewhere is believed only once most of all servers agree
     * on it.
     */
    public void expect(long earliestNanos, long latestNanos) {
        servers.pool().expect(earliestNanos, latestNanos);
    }

    /**
     * Adds a server; it is asked once its address is known ({@link #onAddressChanged}). Where others have been heard
     * it votes once it and they have the time together.
     *
     * @return its index: 0, 1, ..., or that of one that was removed
     */
    public int addSource(SourceConfig source) {
        int known = servers.size();
        int index = servers.add(i -> new NtpAssociation(i, source, random));
        if (index == known) {
            model.addSource();
            forecasters.addSource();
        } else {
            model.forget(index);
            forecasters.forget(index);
        }
        return index;
    }

    /**
     * Removes a server: it is not asked any more, and the time no longer rests on it as soon as the others have it without. What was learned of the
     * oscillator stays.
     */
    public void removeSource(int source) {
        servers.remove(source);
    }

    /**
     * The server's address has become known or has changed: forget its path, begin with a burst, then poll at a fixed interval.
     *
     * @param pollSeconds interval between exchanges in normal operation, s, > 0
     * @param burstSeconds interval between the exchanges of the burst, s, > 0
     */
    public void onAddressChanged(int source, double pollSeconds, double burstSeconds, long rawNanos) {
        onAddressChanged(source, pollSeconds, pollSeconds, burstSeconds, rawNanos);
    }

    /**
     * The same with a poll that adapts.
     *
     * @param shortestPollSeconds shortest interval between exchanges in normal operation, s, > 0
     * @param longestPollSeconds longest, not below the shortest
     */
    public void onAddressChanged(
            int source, double shortestPollSeconds, double longestPollSeconds, double burstSeconds, long rawNanos) {
        servers.get(source).protocol.begin(shortestPollSeconds, longestPollSeconds, burstSeconds, rawNanos);
        servers.clear(source);
        model.forget(source);
        forecasters.forget(source);
    }

    /**
     * There is no server for this place: a pool of more was asked for than its name leads to. It has no vote until
     * {@link #onAddressChanged}; of no effect once it has been heard.
     */
    public void onVacant(int source) {
        servers.pool().vacate(source);
    }

    /** When {@link #onTimer} is due next, CLOCK_MONOTONIC_RAW, ns. */
    public long nextTimerNanos() {
        long next = begun ? nextRefreshNanos : Long.MIN_VALUE;
        for (Servers.Server server : servers.all()) {
            next = Math.min(next, server.protocol.nextTimerNanos());
        }
        return next;
    }

    /** Does what is due at {@code rawNanos}: requests, timeouts, a fresh correction. Early calls are harmless. */
    public void onTimer(long rawNanos, Consumer<Action> out) {
        if (!begun) {
            begun = true;
            readiness.begin(rawNanos);
            nextRefreshNanos = rawNanos + REFRESH_NANOS;
        }
        passLeapSecond(rawNanos, out);
        for (int i = 0; i < servers.size(); i++) {
            if (servers.get(i).protocol.isKeyExchangeDue(rawNanos)) {
                servers.get(i).protocol.nts().orElseThrow().onExchangeBegun(rawNanos);
                out.accept(new Action.ExchangeKeys(i));
            }
            Optional<byte[]> request = servers.get(i).protocol.onTimer(rawNanos, nextRequestId);
            if (request.isPresent()) {
                out.accept(new Action.Send(i, nextRequestId++, request.get()));
            }
        }
        if (rawNanos - nextRefreshNanos >= 0) {
            nextRefreshNanos = rawNanos + REFRESH_NANOS;
            judgeServers(rawNanos, out);
            startBank();
            if (model.bank().isStarted() && readiness.isComplete()) {
                forecasters.onTimer(rawNanos, out);
            }
            publish(rawNanos, out);
        }
    }

    /** The key exchange that was asked for has brought keys, or they have been kept since an earlier run. */
    public void onKeys(int source, NtsKeys keys, long rawNanos) {
        servers.get(source).protocol.nts().orElseThrow().onKeys(keys, rawNanos);
    }

    /** The key exchange that was asked for has brought nothing; there will be another one. */
    public void onKeyExchangeFailed(int source, KeyExchangeFailure reason, long rawNanos) {
        servers.get(source).protocol.nts().orElseThrow().onExchangeFailed(reason, rawNanos);
    }

    /** What is left of a server's keys and cookies, for the next run. Whoever takes them is the only one to use them. */
    public Optional<NtsKeys> remainingKeys(int source) {
        return servers.get(source).protocol.nts().flatMap(NtsClient::remaining);
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
        Servers.Server server = servers.get(source);
        if (server.protocol.reach() == 0) {
            new Notes(out).debug(server.name() + " cannot be reached: " + reason);
        }
    }

    /** The first {@code length} bytes of {@code payload} came from the server's address at {@code rawNanos}. */
    public void onDatagram(
            int source, byte[] payload, int length, long rawNanos, StampKind kind, Consumer<Action> out) {
        passLeapSecond(rawNanos, out);
        NtpAssociation protocol = servers.get(source).protocol;
        boolean denied = protocol.isDenied();
        Optional<Exchange> exchange = protocol.onDatagram(payload, length, rawNanos, kind);
        if (protocol.isDenied() && !denied) {
            new Notes(out).warn(protocol.config().name() + " refuses to serve us; left alone for an hour or more");
        }
        exchange.ifPresent(accepted -> onAccepted(protocol.measured(accepted), rawNanos, out));
    }

    /**
     * A clock of this host was read, as {@link Action.Send} asks of a source that is one. From there on it is a server like any other.
     *
     * @param requestId of that action
     */
    public void onReading(int source, long requestId, ClockReading reading, long rawNanos, Consumer<Action> out) {
        passLeapSecond(rawNanos, out);
        NtpAssociation protocol = servers.get(source).protocol;
        protocol.onReading(requestId, reading, rawNanos)
                .ifPresent(accepted -> onAccepted(protocol.measured(accepted), rawNanos, out));
    }

    private void onAccepted(MeasuredExchange measured, long rawNanos, Consumer<Action> out) {
        Exchange accepted = measured.exchange();
        out.accept(new Action.Measured(measured));
        Optional<Estimate> expected = explains ? forecasters.expected(accepted) : Optional.empty();
        onExchange(accepted, rawNanos, out);
        if (explains) {
            out.accept(new Action.Explain(report(accepted, expected)));
        }
    }

    /** Whether a server has refused to serve us, or asked for fewer requests, and has not got over it. */
    public boolean isAskedForLess(int source) {
        return servers.get(source).protocol.isAskedForLess();
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
                servers.get(source).state(),
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
        passLeapSecond(rawNanos, out);
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

    /**
     * The raw clock is known to have lost or gained time (suspend): what was learned of the phase is void, nothing is
     * published as valid until servers have answered again.
     */
    public void onDiscontinuity(String reason, long rawNanos, Consumer<Action> out) {
        new Notes(out).warn(reason + "; measuring again");
        forgetPhase(rawNanos);
        leap.onDiscontinuity();
        model.keepNewest(0);
        nextRefreshNanos = rawNanos + REFRESH_NANOS; // the clock may have jumped back
        servers.onDiscontinuity(rawNanos, Readiness.WARMUP_EXCHANGES);
        judgeServers(rawNanos, out);
        publish(rawNanos, out);
    }

    /** What is known of leap seconds beside what the servers announce, instead of what was known before. */
    public void onLeapSecondList(LeapSecondList list, long rawNanos) {
        leap.onList(list, rawNanos);
    }

    /** The host announces a leap second at the end of the month, as a hypervisor may know of one; empty: it knows of none. */
    public void onHostLeap(Optional<LeapIndicator> announced) {
        servers.onHostLeap(announced);
    }

    /** The model of an external forecaster is there; from now on it is asked by {@link Action.Infer}. */
    public void onForecasterReady(Forecast.Forecaster name) {
        forecasters.external(name).ifPresent(forecaster -> forecaster.onReady());
    }

    /**
     * An external forecaster has answered. An answer that is late or no distribution puts it into quarantine; one to a question
     * that is not waited for any more is ignored.
     *
     * @param requestId of the {@link Action.Infer}
     * @param quantiles of what the offset will be above the line that was taken off the context, continued to the horizon, s,
     *     at {@link ExternalForecasterConfig#quantileLevels}
     */
    public void onForecast(
            Forecast.Forecaster name, long requestId, double[] quantiles, long rawNanos, Consumer<Action> out) {
        forecasters
                .external(name)
                .ifPresent(forecaster ->
                        forecaster.onForecast(requestId, quantiles, rawNanos, new Forecasters.Host(name, out)));
    }

    /** An external forecaster could not answer: it is quarantined. */
    public void onForecastFailed(
            Forecast.Forecaster name, long requestId, String reason, long rawNanos, Consumer<Action> out) {
        forecasters
                .external(name)
                .ifPresent(forecaster ->
                        forecaster.onFailed(requestId, reason, rawNanos, new Forecasters.Host(name, out)));
    }

    // --- One exchange: kept, voted with, learned from, published ---

    private void onExchange(Exchange measured, long rawNanos, Consumer<Action> out) {
        if (servers.isSmeared(measured.source())) {
            judgeServers(rawNanos, out);
            publish(rawNanos, out);
            return;
        }
        // When it became known, which in interleaved mode is a poll after it was measured.
        readiness.onExchange(rawNanos);
        Optional<Exchange> present = leap.onPresentUtc(measured);
        if (present.isEmpty()) {
            return;
        }
        Exchange exchange = present.get();
        boolean replay = model.record(exchange);
        servers.onExchange(exchange, model.epochNanos(), rawNanos);
        judgeServers(rawNanos, out);
        if (!servers.get(exchange.source()).isSelected() || !model.bank().isStarted()) {
            startBank();
        } else if (contradicts(rawNanos)) {
            onContradiction(exchange, rawNanos, out);
        } else {
            contradictions = 0;
            learn(exchange, replay, rawNanos, out);
        }
        if (readiness.isComplete() && contradictions == 0 && model.bank().isStarted()) {
            servers.adaptPoll(exchange.source(), model.bank(), seconds -> sdAt(rawNanos + Nanos.ofSeconds(seconds)));
        }
        publish(rawNanos, out);
    }

    private double sdAt(long rawNanos) {
        return forecasters
                .estimate(rawNanos)
                .map(said -> calibration.scale() * said.sd())
                .orElse(Double.POSITIVE_INFINITY);
    }

    /** Feeds what has come before the servers could be judged. */
    private void startBank() {
        if (!model.bank().isStarted()) {
            model.start();
            forecasters.teachHistory();
        }
    }

    private void learn(Exchange exchange, boolean replay, long rawNanos, Consumer<Action> out) {
        HypothesisBank believed = model.bank();
        boolean forecast = believed.knows(exchange.source());
        // By this server alone: the weights between servers and what they disagree by are no part of what an exchange
        // tells.
        List<Integer> alone = List.of(exchange.source());
        Optional<Estimate> before =
                forecast ? Optional.of(believed.estimate(exchange.middle(), alone)) : Optional.empty();
        List<Estimate> expected = forecasters.judge(exchange, out);
        boolean hit = model.add(exchange);
        if (model.stepSince().isPresent()) {
            double size = model.bank().estimate(rawNanos, speakers()).offset()
                    - before.map(Estimate::offset).orElse(0.0);
            onStep(model.stepSince().get(), size, rawNanos, out);
            return;
        }
        if (before.isPresent() && model.bank() == believed) {
            Estimate after = believed.estimate(exchange.middle(), alone);
            calibration.add(after.offset() - before.get().offset(), before.get().p00(), after.p00());
        }
        forecasters.onMeasurement(exchange, expected);
        if (forecast) {
            publisher.onForecast(hit);
        }
        publisher.onFrequency(rawNanos, model.bank().frequency(), model.bank().frequencySd());
        if (replay) {
            model.rebuild();
        }
        if (isOutsideBound(rawNanos)) {
            // Outside what the servers guarantee.
            model.startAfresh();
            forecasters.restartExternal();
        }
    }

    // --- Model against servers ---

    /** The servers are where the model is not: one of the servers has fed it lies, or the clock has jumped, or this one exchange. */
    private void onContradiction(Exchange exchange, long rawNanos, Consumer<Action> out) {
        if (contradictions == 0) {
            model.markContradiction();
        }
        contradictions++;
        if (servers.haveTainted(model.bank())) {
            model.rebuild();
            forecasters.restartExternal();
            contradictions = 0;
        } else if (contradictions >= CONFIRMATIONS) {
            new Notes(out).warn(jumped(distanceFromServers(rawNanos), "starting again from the servers"));
            forgetPhase(rawNanos);
            model.restartFromContradiction();
            forecasters.teachHistory();
        } else {
            servers.get(exchange.source()).protocol.confirm(CONFIRMATIONS - contradictions, rawNanos);
        }
    }

    /** The clock has stepped: nothing that was measured before the last {@code exchanges} counts any more. */
    private void onStep(int exchanges, double size, long rawNanos, Consumer<Action> out) {
        new Notes(out).warn(jumped(size, "following the servers"));
        publisher.onStep(rawNanos);
        contradictions = 0;
        servers.shortenPolls(rawNanos);
        model.keepNewest(exchanges);
        servers.keepOnly(model.history(), model.epochNanos());
        forecasters.restartExternal();
        forecasters.teachHistory();
        judgeServers(rawNanos, out);
    }

    private static String jumped(double seconds, String remedy) {
        return String.format(Locale.ROOT, "the local clock or every server has jumped by %.6f s; %s", seconds, remedy);
    }

    private void forgetPhase(long rawNanos) {
        contradictions = 0;
        servers.shortenPolls(rawNanos);
        publisher.onStep(rawNanos);
        publisher.onRestart();
        model.forgetPhase(JUMP_FREQUENCY_SD);
        forecasters.restart();
    }

    private List<Integer> speakers() {
        return servers.speakers(model.bank());
    }

    /** UTC has stepped at a leap second, for the servers and for all that is known of it. */
    private void passLeapSecond(long rawNanos, Consumer<Action> out) {
        if (leap.isOver(rawNanos)) {
            long step = leap.pass();
            new Notes(out).inform("leap second: " + (step < 0 ? "23:59:60 inserted" : "23:59:59 left out"));
            model.moveUtc(step);
            servers.moveUtc(step);
        }
    }

    private void judgeServers(long rawNanos, Consumer<Action> out) {
        Notes notes = new Notes(out);
        readiness.onDoubt(servers.vote(rawNanos), rawNanos, servers.pool(), notes);
        servers.judge(rawNanos, () -> modelInterval(rawNanos), notes);
        servers.announcedLeap().ifPresent(announced -> leap.onAnnouncement(announced, rawNanos));
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
        return servers.pool().newestAgreement(rawNanos).map(Intersection.Agreement::interval);
    }

    private double distanceFromServers(long rawNanos) {
        double middle = serversNow(rawNanos).map(Interval::middle).orElse(0.0);
        return middle - modelInterval(rawNanos).map(Interval::middle).orElse(middle);
    }

    private boolean isOutsideBound(long rawNanos) {
        Optional<Intersection.Agreement> agreed = servers.agreed();
        if (agreed.isEmpty() || agreed.get().isDivided() || !model.bank().isStarted()) {
            return false;
        }
        Estimate estimate = model.bank().estimate(rawNanos, speakers());
        double slack = OUTSIDE_SIGMAS * estimate.sd() + CONTRADICTION_SLACK;
        return !agreed.get().interval().widened(slack).contains(estimate.offset());
    }

    // --- What is published ---

    private void publish(long rawNanos, Consumer<Action> out) {
        Notes notes = new Notes(out);
        readiness.listen(rawNanos, servers.patience(), notes);
        boolean wasReady = readiness.isComplete();
        Correction correction = situation(rawNanos)
                .map(now -> leap.plan(publisher.correction(now, notes)))
                .orElseGet(() -> publisher.nothingKnown(rawNanos));
        if (config.followsSmear() && Double.isFinite(correction.maxError())) {
            boolean smeared = leap.maySmear(correction.utcNanosAt(rawNanos));
            servers.pool().setMaxDrift(smeared ? smearedDrift() : config.maxDrift());
        }
        if (wasReady && correction.validAt(rawNanos)) {
            servers.pool().markSynchronized();
        }
        if (readiness.isComplete() && correction.validAt(rawNanos + Nanos.ofSeconds(servers.shortestPoll()))) {
            servers.endBursts();
        }
        out.accept(new Action.Publish(correction));
    }

    /** What the servers' time may differ in frequency by over a smear, s/s. */
    private double smearedDrift() {
        return Math.min(config.maxDrift() + SMEAR_DRIFT, LARGEST_DRIFT);
    }

    /** All that is known of an instant; empty while nothing can be said. */
    private Optional<Publisher.Situation> situation(long rawNanos) {
        Optional<Intersection.Agreement> agreed = servers.agreed();
        Optional<Interval> known = agreed.map(Intersection.Agreement::interval)
                .or(() -> servers.pool().hull(rawNanos));
        if (!model.bank().isStarted() || known.isEmpty() || !known.get().isFinite()) {
            return Optional.empty();
        }
        List<Double> rivals = new ArrayList<>();
        if (contradictions > 1) {
            // Not one bad sample but two: the model is probably wrong, by as much as the servers say.
            rivals.add(known.get().middle());
        }
        model.suspectedStep()
                .ifPresent(stepped ->
                        rivals.add(stepped.estimate(rawNanos, speakers()).offset()));
        Servers.Unseen unseen = servers.unseen(model.bank());
        return forecasters
                .estimate(rawNanos)
                .map(said -> new Publisher.Situation(
                        rawNanos,
                        model.epochNanos(),
                        said,
                        model.bank().exchanges(),
                        known.get(),
                        agreed.isPresent(),
                        agreed.isPresent() && isDecided(agreed.get(), said, rawNanos),
                        servers.pool().frequency(),
                        rivals,
                        unseen.shapeVariance(),
                        unseen.systematicSd(),
                        servers.shortestPoll(),
                        servers.areAuthenticated()));
    }

    /** What was known before tells which of several places it is, if it was known. */
    private boolean isDecided(Intersection.Agreement agreed, Estimate said, long rawNanos) {
        return !agreed.isDivided() || (readiness.isComplete() && servers.pool().holds(said.offset(), rawNanos));
    }

    // --- For people ---

    /** Where the engine stands. */
    public Readiness.State state() {
        return readiness.state();
    }

    /** Whether the warm-up is over. */
    public boolean isWarmupComplete() {
        return readiness.isComplete();
    }

    /** Progress of the warm-up, 0..1. */
    public double warmupProgress() {
        return readiness.progress();
    }

    /**
     * What the warm-up is waiting for, and after it what the time that has been withdrawn is waiting for: in words, at most 63
     * characters. Empty when nothing is missing.
     */
    public String warmupWaitingFor() {
        return readiness.waitingFor(servers.pool());
    }

    /** What is made of the covariates, in the order of the configuration. */
    public List<CovariateReport> covariates() {
        return covariates.stream().map(model.bank()::report).toList();
    }

    /** How the learned filter, if there is one, and the external forecasters are doing, in the order of the configuration. */
    public List<ForecasterReport> forecasterReports() {
        return forecasters.reports();
    }

    /** Weight of the short-term forecaster in the newest correction, 0..1; the long-term one has the rest. */
    public double shortTermWeight() {
        return forecasters.shortTermWeight();
    }

    /**
     * What each forecaster and their fusion say UTC is when the raw clock reads {@code rawNanos}, now or ahead; empty before
     * the first exchange.
     */
    public List<Forecast> forecasts(long rawNanos) {
        return forecasters.forecasts(rawNanos);
    }

    /** The present state of every server, in the order they were added. */
    public List<SourceReport> sources(long rawNanos) {
        List<SourceReport> reports = new ArrayList<>();
        boolean known = model.bank().isStarted();
        double published = known ? model.bank().estimate(rawNanos, speakers()).offset() : 0;
        double frequency = known ? model.bank().frequency() : 0;
        for (int i = 0; i < servers.size(); i++) {
            Servers.Server server = servers.get(i);
            double offset = 0;
            double sd = 0;
            double delay = 0;
            if (server.newest().isPresent()) {
                Exchange newest = server.newest().get();
                double dt = Nanos.toSeconds(rawNanos - newest.middle());
                offset = model.middleOffset(newest) + frequency * dt - published;
                delay = newest.delay();
                sd = Math.max(delay, 0) / 2 + newest.serverError();
            }
            double jitter = model.bank().path(i).meanExcess();
            reports.add(server.protocol.report(server.state(), offset, sd, delay, jitter));
        }
        return reports;
    }
}
