// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueueShapeTest {
    private static final double MILLI = 1e-3;

    /** Where an exponential law's edge is below its quantile at the normal deviate -2.1, in distances from there to the median. */
    private static final double TOUCHED = -Math.log(1 - 0.0178644) / (Math.log(2) + Math.log(1 - 0.0178644));

    private static QueueShape of(int packets, double sd, ToDoubleFunction<Random> delay, long seed) {
        QueueShape shape = new QueueShape();
        Random random = new Random(seed);
        for (int i = 0; i < packets; i++) {
            shape.add(delay.applyAsDouble(random), sd);
        }
        return shape;
    }

    private static double shift(QueueShape forward, QueueShape reverse) {
        return Math.sqrt(QueueShape.shiftVariance(forward, reverse));
    }

    /** Root mean square over some worlds of what the time may be shifted by. */
    private static double shift(int packets, ToDoubleFunction<Random> forward, ToDoubleFunction<Random> reverse) {
        double squares = 0;
        for (int seed = 1; seed <= 40; seed++) {
            double shift = shift(of(packets, 0, forward, seed), of(packets, 0, reverse, 1000 + seed));
            squares += shift * shift / 40;
        }
        return Math.sqrt(squares);
    }

    private static double exponential(Random random) {
        return -MILLI * Math.log(1 - random.nextDouble());
    }

    private static double pareto(Random random) {
        return MILLI * (Math.pow(1 - random.nextDouble(), -0.4) - 1);
    }

    private static double uniform(Random random) {
        return 2 * MILLI * random.nextDouble();
    }

    private static double logNormal(Random random) {
        return logNormal(random, 0.3);
    }

    private static double logNormal(Random random, double shape) {
        return MILLI * Math.exp(shape * random.nextGaussian());
    }

    private static double sum(Random random, int queues) {
        double waited = 0;
        for (int i = 0; i < queues; i++) {
            waited += exponential(random);
        }
        return waited;
    }

    @Test
    void packetsThatTouchTheirEdgesLeaveLittleOpen() {
        ToDoubleFunction<Random> exponential = QueueShapeTest::exponential;
        assertThat(shift(QueueShape.MEMORY, exponential, exponential)).isLessThan(0.02 * MILLI);
        assertThat(shift(QueueShape.MEMORY, exponential, QueueShapeTest::pareto))
                .isLessThan(0.02 * MILLI);
        assertThat(shift(QueueShape.MEMORY, exponential, QueueShapeTest::uniform))
                .isLessThan(0.15 * MILLI);
    }

    /** A law that is not among those that are weighed is covered by those that are. */
    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.3, 0.5})
    void packetsThatNeverTouchTheirEdgeShiftTheTimeByHalfOfWhatTheyHide(double shape) {
        double lowest = Math.exp(-2.1 * shape);
        double hides = MILLI * (lowest - TOUCHED * (1 - lowest));
        double shift = shift(QueueShape.MEMORY, random -> logNormal(random, shape), QueueShapeTest::exponential);
        assertThat(shift).isBetween(0.6 * hides / 2, 1.7 * hides / 2);
        assertThat(shift(QueueShape.MEMORY, QueueShapeTest::exponential, random -> logNormal(random, shape)))
                .isBetween(0.6 * hides / 2, 1.7 * hides / 2);
    }

    /** A sum of queues looks like a log-normal law whose edge is farther away, so that is in it, too. */
    @ParameterizedTest
    @CsvSource({"4, 0.91", "8, 3.12"})
    void queuesInARowHideSome(int queues, double hides) {
        double shift = shift(QueueShape.MEMORY, random -> sum(random, queues), QueueShapeTest::exponential);
        assertThat(shift).isBetween(hides / 2 * MILLI, 3.5 * hides / 2 * MILLI);
    }

    /** What both hide alike cancels; but nothing says that they do. */
    @Test
    void likeDirectionsShiftLessThanUnlikeOnes() {
        double alike = shift(QueueShape.MEMORY, QueueShapeTest::logNormal, QueueShapeTest::logNormal);
        double unlike = shift(QueueShape.MEMORY, QueueShapeTest::logNormal, QueueShapeTest::exponential);
        assertThat(alike).isBetween(0.02 * MILLI, 0.6 * unlike);
    }

    @Test
    void theFewerPacketsTheMoreIsOpen() {
        double before = 0;
        for (int packets : new int[] {512, 128, 32, 16}) {
            double now = shift(packets, QueueShapeTest::exponential, QueueShapeTest::exponential);
            assertThat(now).isGreaterThan(before);
            before = now;
        }
    }

    @Test
    void aConstantInAllDelaysChangesNothingAndAFactorIsAFactor() {
        QueueShape reverse = of(300, 0, QueueShapeTest::exponential, 8);
        double here = shift(of(300, 0, QueueShapeTest::logNormal, 7), reverse);
        double there = shift(of(300, 0, random -> logNormal(random) - 0.5, 7), reverse);
        assertThat(there).isCloseTo(here, within(1e-12));
        double slower =
                shift(of(300, 0, random -> 3 * logNormal(random), 7), of(300, 0, random -> 3 * exponential(random), 8));
        assertThat(slower).isCloseTo(3 * here, within(1e-12));
    }

    @Test
    void tooFewPacketsSayNothing() {
        QueueShape forward = of(QueueShape.LEAST - 1, 0, QueueShapeTest::logNormal, 7);
        QueueShape reverse = of(QueueShape.LEAST, 0, QueueShapeTest::exponential, 8);
        assertThat(shift(forward, reverse)).isZero();
        forward.add(MILLI, 0);
        assertThat(shift(forward, reverse)).isPositive();
    }

    /** An uncertain clock blurs the edge, which is not to be taken for a hidden one. */
    @Test
    void whatTheClockBlursIsTakenOff() {
        double sd = 0.2 * MILLI;
        ToDoubleFunction<Random> blurred = random -> exponential(random) + sd * random.nextGaussian();
        QueueShape reverse = of(QueueShape.MEMORY, 0, QueueShapeTest::exponential, 8);
        double believed = shift(of(QueueShape.MEMORY, 0, blurred, 7), reverse);
        double known = shift(of(QueueShape.MEMORY, sd, blurred, 7), reverse);
        assertThat(believed).isGreaterThan(3 * known);
    }

    @Test
    void remembersTheNewestOnly() {
        QueueShape reverse = of(QueueShape.MEMORY, 0, QueueShapeTest::exponential, 8);
        QueueShape shape = of(QueueShape.MEMORY, 0, QueueShapeTest::logNormal, 7);
        double before = shift(shape, reverse);
        QueueShape fresh = new QueueShape();
        Random random = new Random(9);
        for (int i = 0; i < QueueShape.MEMORY; i++) {
            double delay = exponential(random);
            shape.add(delay, 0);
            fresh.add(delay, 0);
        }
        assertThat(shift(shape, reverse)).isEqualTo(shift(fresh, reverse)).isLessThan(before);
        shape.clear();
        assertThat(shift(shape, reverse)).isZero();
    }

    @Test
    void aCopyGoesItsOwnWay() {
        QueueShape reverse = of(100, 0, QueueShapeTest::exponential, 8);
        QueueShape shape = of(100, 0, QueueShapeTest::logNormal, 7);
        QueueShape copy = new QueueShape();
        copy.copyFrom(shape);
        assertThat(shift(copy, reverse)).isEqualTo(shift(shape, reverse));
        copy.add(0, 0);
        assertThat(shift(copy, reverse)).isNotEqualTo(shift(shape, reverse));
    }

    @Test
    void delaysThatAreAllTheSameHideNothing() {
        assertThat(shift(of(100, 0, random -> MILLI, 7), of(100, 0, QueueShapeTest::exponential, 8)))
                .isZero();
    }
}
