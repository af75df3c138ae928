// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.math.LogOdds;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.path.NetworkPath;

/**
 * What the hypotheses forecast a while ago, kept until an exchange tells what came of it: copies of the models that take in nothing
 * meanwhile. Not thread-safe.
 */
final class LongForecast {
    /** What is judged are forecasts this far ahead or farther, s. */
    static final double LEAD = 300;

    private final double[] shares;
    private final double[] gains;
    private final Observation found = new Observation();

    /** The models as they were; empty when nothing is pending. */
    private KalmanState[] pending = new KalmanState[0];

    LongForecast(int hypotheses) {
        shares = new double[hypotheses];
        gains = new double[hypotheses];
    }

    /** What is pending is void: the clock or the hypotheses are others now. */
    void drop() {
        pending = new KalmanState[0];
    }

    /**
     * Judges the forecast by an exchange if it is due, and begins the next.
     *
     * @param longTerm weights of the hypotheses by such forecasts
     * @param fusion of what was forecast with the weights of then against the long-term ones
     * @param models as they are now, the exchange taken in
     * @param shortTerm weights of the hypotheses now
     */
    void judge(
            Exchange exchange,
            double up,
            double down,
            NetworkPath path,
            EvidenceWeights longTerm,
            LogOdds fusion,
            KalmanState[] models,
            EvidenceWeights shortTerm) {
        int source = exchange.source();
        if (pending.length > 0
                && Nanos.toSeconds(exchange.middle() - pending[0].rawNanos()) >= LEAD
                && pending[0].knows(source)) {
            for (int j = 0; j < pending.length; j++) {
                KalmanState model = pending[j];
                model.prepare(source, exchange.middle(), (up - down) / 2, exchange.delay());
                model.observe(exchange, up, down, path, found);
                gains[j] = found.logEvidence();
            }
            fusion.add(EvidenceWeights.mixture(shares, pending.length, gains), longTerm.mixture(gains));
            longTerm.add(gains);
            drop();
        }
        if (pending.length == 0) {
            pending = new KalmanState[shortTerm.active()];
            for (int j = 0; j < pending.length; j++) {
                pending[j] = models[j].copy();
                shares[j] = shortTerm.share(j);
            }
        }
    }
}
