// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.ntp.Exchange;

/**
 * The suspicion that something has changed at once: a copy of everything believed in which it has, fed beside the original
 * until the exchanges have decided between the two. A new route and a long queue look alike at first, and so do a step of the
 * clock and a bad sample; the evidence tells them apart within a few exchanges, and nothing is lost if it was neither. Not
 * thread-safe.
 */
final class ChangeDetector {
    /** What may have changed. */
    enum Change {
        /** The base delay of one server. */
        ROUTE(-4, 1, 40),
        /** The phase of the local clock. Rarer than a new route, and dearer when wrong: two bad samples do not make one. */
        STEP(-20, 3, 8);

        /** Where the log evidence starts, nats: how much rarer it is than what it looks like. */
        private final double prior;

        /** Exchanges that have to agree. */
        private final int fewest;

        /** Given up when they have not decided in this many exchanges. */
        private final int most;

        Change(double prior, int fewest, int most) {
            this.prior = prior;
            this.fewest = fewest;
            this.most = most;
        }
    }

    enum Verdict {
        UNDECIDED,
        ADOPT,
        DROP
    }

    /** Adopted when the log evidence has gained to this, nats: odds of 400 to 1 ... */
    private static final double CERTAIN = 6;

    /** ... dropped when it has fallen by this below where it started. */
    private static final double HOPELESS = -3;

    private final Change change;
    private final int source;
    private final HypothesisBank bank;
    private double evidence;
    private int exchanges;

    private ChangeDetector(Change change, int source, HypothesisBank bank) {
        this.change = change;
        this.source = source;
        this.bank = bank;
        evidence = change.prior;
    }

    /**
     * The route to a server may have changed.
     *
     * @param believed what is believed so far; copied
     * @param base the suspected base delay one way, s
     * @param sd its uncertainty, s
     */
    static ChangeDetector ofRoute(HypothesisBank believed, int source, double base, double sd) {
        ChangeDetector shadow = new ChangeDetector(Change.ROUTE, source, believed.copy());
        shadow.bank.resetBase(source, base, sd);
        return shadow;
    }

    /**
     * The clock may have stepped.
     *
     * @param believed what is believed so far; copied
     * @param size by how much, s
     */
    static ChangeDetector ofStep(HypothesisBank believed, int source, double size) {
        ChangeDetector shadow = new ChangeDetector(Change.STEP, source, believed.copy());
        shadow.bank.loosenPhase(size);
        return shadow;
    }

    /** What is believed if it is true. */
    HypothesisBank bank() {
        return bank;
    }

    Change change() {
        return change;
    }

    /** Exchanges since the suspicion, the one that raised it included. */
    int exchanges() {
        return exchanges;
    }

    /** Whether the two still differ; a base that has come down to the old one has become the same hypothesis. */
    private boolean isDistinct(HypothesisBank believed) {
        return change == Change.STEP
                || bank.base(source) - believed.base(source)
                        > believed.path(source).meanQueue();
    }

    /** Takes in an exchange that {@code believed} has just taken in. */
    Verdict add(Exchange exchange, long epochNanos, HypothesisBank believed) {
        bank.add(exchange, epochNanos);
        if (change == Change.ROUTE && exchange.source() != source) {
            return Verdict.UNDECIDED;
        }
        exchanges++;
        evidence += bank.logEvidence() - believed.logEvidence();
        if (evidence >= CERTAIN && exchanges >= change.fewest) {
            return Verdict.ADOPT;
        }
        boolean hopeless = evidence <= change.prior + HOPELESS;
        return hopeless || exchanges >= change.most || !isDistinct(believed) ? Verdict.DROP : Verdict.UNDECIDED;
    }
}
