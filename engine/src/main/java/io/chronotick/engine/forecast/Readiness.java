// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import io.chronotick.engine.bound.ServerPool;
import io.chronotick.engine.math.Nanos;
import java.util.Locale;

/**
 * How far the engine has come, and what it waits for:
 *
 * <pre>
 *   LISTENING --first exchange--> WARMING_UP --enough exchanges, an honest interval--> SYNCHRONIZED <--silence, exchange--> HOLDOVER
 * </pre>
 *
 * Beside that the servers may be in doubt at any time, and the time is withdrawn as long as they are. Not thread-safe.
 */
public final class Readiness {
    /** Where the engine stands. */
    public enum State {
        /** No server has given an exchange. */
        LISTENING,
        /** Too few exchanges, or an uncertainty above the maximum. */
        WARMING_UP,
        /** Servers answer. */
        SYNCHRONIZED,
        /** No server answers any more: the oscillator model alone carries the time. */
        HOLDOVER
    }

    /** The warm-up asks for this many accepted exchanges. */
    public static final int WARMUP_EXCHANGES = 8;

    private final long limitNanos;
    private long startNanos;
    private long exchanges;
    private long newestNanos;
    private boolean complete;
    private boolean silent;
    private long doubtNanos;
    private ServerPool.Doubt doubt = ServerPool.Doubt.TOO_FEW_HEARD;

    /**
     * Listening.
     *
     * @param limitSeconds longest a warm-up may take, s; after it an honest interval will do
     */
    public Readiness(double limitSeconds) {
        limitNanos = Nanos.ofSeconds(limitSeconds);
    }

    /** The warm-up begins. */
    public void begin(long rawNanos) {
        startNanos = rawNanos;
    }

    /** An exchange was accepted at {@code rawNanos}. */
    public void onExchange(long rawNanos) {
        exchanges++;
        newestNanos = rawNanos;
        silent = false;
    }

    /**
     * Notices that nobody answers any more.
     *
     * @param patienceSeconds silence that is none yet, s
     */
    public void listen(long rawNanos, double patienceSeconds, Notices notices) {
        double silence = silence(rawNanos);
        if (exchanges > 0 && silence > patienceSeconds && !silent) {
            silent = true;
            notices.warn(String.format(
                    Locale.ROOT, "no server has answered for %.0f s: holdover on the oscillator model", silence));
        }
    }

    /** What stands against giving out the time, at an instant; of {@code pool}. */
    public void onDoubt(ServerPool.Doubt now, long rawNanos, ServerPool pool, Notices notices) {
        doubtNanos = rawNanos;
        boolean worthSaying = now != doubt && exchanges > 0;
        doubt = now;
        if (worthSaying && now == ServerPool.Doubt.NONE) {
            notices.inform("a majority of the servers agrees");
        } else if (worthSaying && complete) {
            notices.warn(doubtText(pool) + "; the time is withdrawn");
        }
    }

    /**
     * An honest correction is at hand: the warm-up may be over.
     *
     * @param sd stated standard deviation, s
     * @param maxError hard bound, s
     */
    void onHonest(long rawNanos, double sd, double maxError, Notices notices) {
        if (!complete && (exchanges >= WARMUP_EXCHANGES || rawNanos - startNanos >= limitNanos)) {
            complete = true;
            notices.inform(String.format(
                    Locale.ROOT,
                    "READY after %.1f s: %d exchanges, uncertainty ±%.1f us, bound ±%.1f us",
                    Nanos.toSeconds(rawNanos - startNanos),
                    exchanges,
                    sd * 1e6,
                    maxError * 1e6));
        }
    }

    public State state() {
        if (!complete) {
            return exchanges == 0 ? State.LISTENING : State.WARMING_UP;
        }
        return silent ? State.HOLDOVER : State.SYNCHRONIZED;
    }

    /** Whether the warm-up is over; it does not come back. */
    public boolean isComplete() {
        return complete;
    }

    /** Whether servers that answered do so no more, before the warm-up is over too. */
    boolean isSilent() {
        return silent;
    }

    /** Whether the time is withdrawn. */
    boolean isDoubtful() {
        return doubt != ServerPool.Doubt.NONE;
    }

    /** Exchanges accepted since start. */
    public long exchanges() {
        return exchanges;
    }

    /** Arrival of the newest exchange, CLOCK_MONOTONIC_RAW, ns. */
    long newestNanos() {
        return newestNanos;
    }

    /** Time since the newest exchange, s. */
    double silence(long rawNanos) {
        return Nanos.toSeconds(rawNanos - newestNanos);
    }

    /** Progress of the warm-up, 0..1. */
    public double progress() {
        return complete ? 1 : Math.min(exchanges / (double) WARMUP_EXCHANGES, 0.99);
    }

    /** What is waited for, in words, at most 63 characters; empty when nothing is missing. */
    public String waitingFor(ServerPool pool) {
        return switch (state()) {
            case LISTENING -> WaitReason.FIRST_ANSWER.text(" from a server");
            case WARMING_UP -> isDoubtful() ? doubtText(pool) : missing();
            case SYNCHRONIZED, HOLDOVER -> doubtText(pool);
        };
    }

    private String missing() {
        return exchanges < WARMUP_EXCHANGES
                ? WaitReason.EXCHANGE.text((exchanges + 1) + " of " + WARMUP_EXCHANGES)
                : WaitReason.UNCERTAINTY.text();
    }

    private String doubtText(ServerPool pool) {
        return switch (doubt) {
            case NONE -> "";
            case TOO_FEW_HEARD -> {
                int missing = pool.missing();
                yield missing == 1 ? WaitReason.ONE_SERVER.text() : WaitReason.SERVERS.text(missing + " more servers");
            }
            case NO_MAJORITY -> WaitReason.AGREEMENT.text();
            case CONTRADICTION -> WaitReason.JUMP.text();
            case STEP_TOO_LARGE ->
                WaitReason.STEP.text(
                        String.format(Locale.ROOT, "%.3f s > max_step: restart if it is right", pool.refusedStep()));
            case MOVED ->
                WaitReason.MOVED.text(String.format(Locale.ROOT, "%.3f s, or a restart", pool.move(doubtNanos)));
            case TOO_FEW_AGREE -> WaitReason.MIN_SERVERS.text(pool.toAgree(doubtNanos) + " servers (min_servers)");
            case UNEXPECTED -> WaitReason.UNEXPECTED.text(pool.toAgree(doubtNanos) + " servers");
        };
    }
}
