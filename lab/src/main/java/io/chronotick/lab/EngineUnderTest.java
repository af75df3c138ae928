// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab;

import io.chronotick.engine.Action;
import io.chronotick.engine.Engine;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.EstimatorOptions;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.oscillator.Ablation;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The engine of the daemon in virtual time, fed with exchanges that were measured elsewhere, or asking for them itself. Readers see what it published
 * last, as in shared memory. Not thread-safe.
 */
public final class EngineUnderTest {
    /** Of request cookies and of the spread of polls. */
    private static final long SEED = 1;

    /** Most requests of a burst, and how long an answer is waited for, s: as the daemon does. */
    private static final int BURST = 8;

    private static final double TIMEOUT = 2;

    /** The daemon looks this often, ns. */
    private static final long SENSING_NANOS = 10_000_000_000L;

    private final Engine engine;
    private long sensedNanos;
    private long nowNanos;
    private Correction published;
    private Consumer<Action.Send> network = send -> {};
    private Consumer<Exchange> measured = exchange -> {};

    /**
     * An engine with one server.
     *
     * @param startNanos reading of the raw clock when it is switched on, ns
     * @param without parts of the estimator that are left out
     * @param weights of the learned filter; empty: no such filter
     * @param speaks whether it is fused into what is published, or only forecasts beside the bank
     * @param config what the operator decides
     */
    public EngineUnderTest(
            long startNanos,
            Set<Ablation> without,
            Optional<FilterWeights> weights,
            boolean speaks,
            EngineConfig config) {
        engine = new Engine(config, new Random(SEED), new EstimatorOptions(without, weights, speaks));
        engine.addSource(new SourceConfig("recorded", BURST, TIMEOUT, 1, 15, SystematicUncertainty.DEFAULT_SHARE));
        published = Correction.nothingKnown(startNanos);
        engine.onTimer(startNanos, this::perform);
    }

    /**
     * From now on the engine asks by itself, at a poll that adapts.
     *
     * @param shortestPoll shortest interval between exchanges, s
     * @param longestPoll longest, s
     * @param burst interval between the requests of the burst, s
     * @param rawNanos reading of the raw clock when it begins, ns
     * @param network carries its requests, which have left when it is called
     * @param measured hears of every exchange that was accepted
     */
    public void ask(
            double shortestPoll,
            double longestPoll,
            double burst,
            long rawNanos,
            Consumer<Action.Send> network,
            Consumer<Exchange> measured) {
        this.network = network;
        this.measured = measured;
        engine.onAddressChanged(0, shortestPoll, longestPoll, burst, rawNanos);
    }

    /** The instant at which the engine is doing something, or did last, reading of the raw clock, ns. */
    public long nowNanos() {
        return nowNanos;
    }

    /** A request has left. */
    public void transmitted(long requestId, long rawNanos) {
        engine.onTransmitted(0, requestId, rawNanos, StampKind.KERNEL);
    }

    /** A datagram has come from the server. */
    public void datagram(byte[] payload, long rawNanos) {
        engine.onDatagram(0, payload, payload.length, rawNanos, StampKind.KERNEL, this::perform);
    }

    /** When the engine has something to do next, reading of the raw clock, ns. */
    public long nextTimerNanos() {
        return engine.nextTimerNanos();
    }

    /** Lets the engine do what is due up to {@code rawNanos}, that instant included. */
    public void advanceTo(long rawNanos) {
        while (engine.nextTimerNanos() <= rawNanos) {
            nowNanos = engine.nextTimerNanos();
            engine.onTimer(nowNanos, this::perform);
        }
    }

    /** An exchange becomes known the moment its reply arrives. */
    public void exchange(Exchange exchange) {
        advanceTo(exchange.t4());
        engine.onRecordedExchange(exchange, exchange.t4(), this::perform);
    }

    /** The host has measured its covariates; measured again within {@value #SENSING_NANOS} ns of that, they are ignored. */
    public void covariates(List<Double> values, long rawNanos) {
        if (sensedNanos == 0 || rawNanos - sensedNanos >= SENSING_NANOS) {
            sensedNanos = rawNanos;
            for (int i = 0; i < values.size(); i++) {
                engine.onCovariate(i, values.get(i), rawNanos);
            }
        }
    }

    /** What readers see now. */
    public Correction published() {
        return published;
    }

    /** What each forecaster says UTC is when the raw clock reads {@code rawNanos}, now or ahead. */
    public List<Forecast> forecasts(long rawNanos) {
        return engine.forecasts(rawNanos);
    }

    private void perform(Action action) {
        if (action instanceof Action.Publish publish) {
            published = publish.correction();
        } else if (action instanceof Action.Send send) {
            network.accept(send);
        } else if (action instanceof Action.Measured one) {
            measured.accept(one.measured().exchange());
        }
    }
}
