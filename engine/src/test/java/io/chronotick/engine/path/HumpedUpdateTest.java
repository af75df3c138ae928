// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumpedUpdateTest {
    /** Density of the law at a queue, by the definition of Erlang's. */
    private static double density(double queue, QueueLaw law) {
        double density = 0;
        for (int k = 0; k < law.size() && queue >= 0; k++) {
            double s = QueueLaw.scale(k) / law.shape(k);
            double x = queue / s;
            density += law.weight(k) * (law.shape(k) == 3 ? x * x / 2 : 1) * Math.exp(-x) / s;
        }
        return density;
    }

    @ParameterizedTest
    @CsvSource({
        "1e-5, 1e-4",
        "0, 1e-4",
        "-5e-5, 1e-4",
        "2e-4, 1e-4",
        "3e-3, 1e-4",
        "1e-3, 1e-3",
        "-3e-3, 1e-3",
        "1e-5, 1e-6"
    })
    void shouldMatchTheMomentsOfTheExactPosterior(double e, double sd) {
        QueueLaw law = QueueLaw.humped();
        law.seed(3e-4);
        HumpedUpdate update = new HumpedUpdate();
        update.compute(e, sd * sd, law);

        double[] expected = OneSidedUpdateTest.brute(e, sd * sd, queue -> density(queue, law));
        // As in OneSidedUpdateTest.
        assertThat(update.mean()).isCloseTo(expected[0], within(1e-3 * sd));
        assertThat(update.variance()).isCloseTo(Math.min(expected[1], sd * sd), within(2e-3 * sd * sd));
        assertThat(update.logEvidence()).isCloseTo(expected[2], within(1e-3));
    }

    /** The predictive distribution's derivative is the predictive density. */
    @Test
    void shouldTellHowProbableLessIs() {
        QueueLaw law = QueueLaw.humped();
        law.seed(3e-4);
        HumpedUpdate update = new HumpedUpdate();
        double v = 1e-8;
        double h = 1e-8;
        for (double e = -2e-4; e < 2e-3; e += 1e-4) {
            update.compute(e, v, law);
            double density = Math.exp(update.logEvidence()) - Math.exp(ScalarUpdate.LOG_NULL);
            update.compute(e + h, v, law);
            double above = update.probability();
            update.compute(e - h, v, law);
            double below = update.probability();
            assertThat((above - below) / (2 * h)).isCloseTo(density, within(1e-3 * density + 1e-2));
        }
    }

    @ParameterizedTest
    @CsvSource({"1e-1, 1e-6", "-1e-1, 1e-6", "1e6, 1e-9", "-1e6, 1e-9", "0, 1e3", "1e-12, 1e-9"})
    void shouldStayFiniteAndNeverGrowTheVariance(double e, double sd) {
        HumpedUpdate update = new HumpedUpdate();
        update.compute(e, sd * sd, QueueLaw.humped());

        assertThat(update.mean()).isFinite();
        assertThat(update.variance()).isPositive().isLessThanOrEqualTo(sd * sd);
        assertThat(update.logEvidence()).isFinite();
        assertThat(update.probability()).isBetween(0.0, 1.0);
        assertThat(Arrays.stream(update.responsibilities()).sum()).isBetween(0.0, 1.0 + 1e-9);
    }

    @Test
    void shouldLearnWhetherTheEdgeIsTouched() {
        // Single queues or three in a row: the packets themselves say which, with the edge known.
        assertThat(singleShare(1)).isGreaterThan(2 * singleShare(3));
    }

    /** Share of the single queues in a law that has learned from so many queues in a row, on average over the last packets. */
    private static double singleShare(int queues) {
        Random random = new Random(1);
        QueueLaw law = QueueLaw.humped();
        law.seed(1e-3);
        HumpedUpdate update = new HumpedUpdate();
        double share = 0;
        for (int i = 0; i < 1000; i++) {
            double waited = 0;
            for (int j = 0; j < queues; j++) {
                waited -= 1e-3 / queues * Math.log(1 - random.nextDouble());
            }
            update.compute(waited, 1e-10, law);
            law.learn(update.responsibilities());
            for (int k = 0; i >= 500 && k < law.size(); k++) {
                share += law.shape(k) == 1 ? law.weight(k) / 500 : 0;
            }
        }
        return share;
    }
}
