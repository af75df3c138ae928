// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * The suspicion that the route to a server has changed: a copy of everything believed in which that server's base delay is a
 * new one, fed beside the original until the exchanges have decided between the two. A route change and a long queue look
 * alike at first; the evidence tells them apart within a few exchanges, and nothing is lost if it was a queue. Not
 * thread-safe.
 */
final class RouteShadow {
    enum Verdict {
        UNDECIDED,
        ADOPT,
        DROP
    }

    /** Where the log evidence starts, nats: queues are more frequent than route changes. */
    private static final double PRIOR = -4;

    /** Adopted when the log evidence has gained to this, nats: odds of 400 to 1 ... */
    private static final double CERTAIN = 6;

    /** ... dropped when it has fallen to this ... */
    private static final double HOPELESS = -7;

    /** ... or when it has not decided in this many exchanges. */
    private static final int LONGEST = 40;

    private final int source;
    private final OscillatorBank bank;
    private double evidence = PRIOR;
    private int exchanges;

    /**
     * A suspicion.
     *
     * @param believed what is believed so far; copied
     * @param base the suspected base delay one way, s
     * @param sd its uncertainty, s
     */
    RouteShadow(OscillatorBank believed, int source, double base, double sd) {
        this.source = source;
        bank = believed.copy();
        bank.resetBase(source, base, sd);
    }

    /** What is believed if the route has changed. */
    OscillatorBank bank() {
        return bank;
    }

    int source() {
        return source;
    }

    /** Whether the two still differ; a base that has come down to the old one has become the same hypothesis. */
    private boolean isDistinct(OscillatorBank believed) {
        return bank.base(source) - believed.base(source) > believed.path(source).meanQueue();
    }

    /** Takes in an exchange that {@code believed} has just taken in. */
    Verdict add(Exchange exchange, long epochNanos, OscillatorBank believed) {
        bank.add(exchange, epochNanos);
        if (exchange.source() != source) {
            return Verdict.UNDECIDED;
        }
        exchanges++;
        evidence += bank.logEvidence() - believed.logEvidence();
        if (evidence >= CERTAIN) {
            return Verdict.ADOPT;
        }
        return evidence <= HOPELESS || exchanges >= LONGEST || !isDistinct(believed) ? Verdict.DROP : Verdict.UNDECIDED;
    }
}
