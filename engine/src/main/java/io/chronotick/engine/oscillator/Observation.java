// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import io.chronotick.engine.path.DelayModel;
import io.chronotick.engine.path.HumpedUpdate;
import io.chronotick.engine.path.OneSidedUpdate;
import io.chronotick.engine.path.QueueLaw;
import io.chronotick.engine.path.ScalarUpdate;
import io.chronotick.engine.path.SymmetricUpdate;

/** What {@link MeasurementUpdate#observe} finds in one exchange. Reused; allocates nothing after construction. */
final class Observation {
    final OneSidedUpdate oneSided = new OneSidedUpdate();
    final HumpedUpdate humped = new HumpedUpdate();
    final SymmetricUpdate symmetric = new SymmetricUpdate();
    private final double[] first = new double[QueueLaw.LARGEST];
    private final double[] second = new double[QueueLaw.LARGEST];
    private double logEvidence;
    private double firstProbability;
    private double secondProbability;
    private double early;

    void first(ScalarUpdate update, QueueLaw law) {
        logEvidence = update.logEvidence();
        firstProbability = update.probability();
        early = earliness(update, law);
        System.arraycopy(update.responsibilities(), 0, first, 0, update.responsibilities().length);
    }

    void second(ScalarUpdate update, QueueLaw law) {
        logEvidence += update.logEvidence();
        secondProbability = update.probability();
        if (update != symmetric) {
            early += earliness(update, law);
        }
        System.arraycopy(update.responsibilities(), 0, second, 0, update.responsibilities().length);
    }

    private static double earliness(ScalarUpdate update, QueueLaw law) {
        return update.rejected() * Math.min(law.mean(), Math.max(-update.seen(), 0));
    }

    /** The observation was of other values than the directions' times: their density by the determinant of the change. */
    void changeVariables(double logDeterminant) {
        logEvidence += logDeterminant;
    }

    /** Natural logarithm of the predictive density of the two directions' times. */
    double logEvidence() {
        return logEvidence;
    }

    /** Posterior weights of the components of the {@link DelayModel}'s first law; what it has less of is zero. */
    double[] first() {
        return first;
    }

    /** Posterior weights of the components of its second law. */
    double[] second() {
        return second;
    }

    /** Predictive probability of a smaller first value. */
    double firstProbability() {
        return firstProbability;
    }

    /** Predictive probability of a smaller second value. */
    double secondProbability() {
        return secondProbability;
    }

    /** How much earlier than possible the exchange was, s, as far as that was not believed. */
    double early() {
        return early;
    }
}
