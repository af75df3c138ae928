// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NetworkPathTest {
    /** Mean of the first law after so many round trips of two exponential queues, some of them half a second late. */
    private static double firstMean(double queue, int late) {
        Random random = new Random(3);
        NetworkPath path = new NetworkPath();
        for (int i = 0; i < 96; i++) {
            double waited = -queue * (Math.log(1 - random.nextDouble()) + Math.log(1 - random.nextDouble()));
            path.count(1e-3 + waited + (i % 24 < late ? 0.5 : 0));
        }
        path.seedLaws();
        return path.forward().mean();
    }

    @Test
    void shouldNotLetAFewLatePacketsMakeTheFirstLawLong() {
        assertThat(firstMean(2e-5, 1)).isBetween(1 * firstMean(2e-5, 0), 1.2 * firstMean(2e-5, 0));
    }

    /** Mean scale of the first law of noise after round trips of two queues of a law of this deviation. */
    private static double firstNoise(double queueSd, int late) {
        Random random = new Random(4);
        NetworkPath path = new NetworkPath();
        for (int i = 0; i < 96; i++) {
            double waited = queueSd * (20 + random.nextGaussian() + random.nextGaussian());
            path.count(1e-3 + waited + (i % 24 < late ? 0.5 : 0));
        }
        path.seedLaws();
        return path.noise().mean();
    }

    /** Offsets have half of the difference of two queues, of which round trips show the sum: sd / sqrt(2) either way. */
    @Test
    void shouldKnowTheNoiseOfOffsetsFromRoundTrips() {
        for (double sd : new double[] {1e-5, 1e-4, 1e-3}) {
            // The scales are a factor of 2.3 apart, and those above count for more than those below.
            assertThat(firstNoise(sd, 0) / (sd / Math.sqrt(2))).isBetween(0.8, 2.0);
        }
        assertThat(firstNoise(1e-4, 1)).isBetween(firstNoise(1e-4, 0), 3 * firstNoise(1e-4, 0));
    }

    @Test
    void shouldKnowNothingOfQueuesFromOneRoundTrip() {
        NetworkPath path = new NetworkPath();
        double before = path.forward().mean();
        path.count(1e-3);
        path.seedLaws();
        assertThat(path.forward().mean()).isEqualTo(before);
    }

    @Test
    void shouldCopyAll() {
        NetworkPath path = new NetworkPath();
        for (int i = 0; i < 20; i++) {
            path.count(1e-3 + 1e-5 * (i % 7));
        }
        NetworkPath copy = path.copy();
        path.seedLaws();
        copy.seedLaws();
        for (DelayModel delays : DelayModel.values()) {
            assertThat(copy.first(delays).mean()).isEqualTo(path.first(delays).mean());
            assertThat(copy.second(delays).mean()).isEqualTo(path.second(delays).mean());
        }
    }

    /** Deviation by the shapes of what packets waited, ms: log-normal of such shapes either way, 0 for exponential, and a median of 1 ms. */
    private static double byShapes(double there, double back, double clockSd) {
        Random random = new Random(5);
        NetworkPath path = new NetworkPath();
        for (int i = 0; i < 400; i++) {
            double forward = 1e-3 * waited(random, there);
            double reverse = 1e-3 * waited(random, back);
            path.count(20e-3 + forward + reverse);
            path.shape(forward, reverse, clockSd);
        }
        return 1e3 * Math.sqrt(path.shapeVariance());
    }

    private static double waited(Random random, double shape) {
        return shape > 0 ? Math.exp(shape * random.nextGaussian()) : -Math.log(random.nextDouble());
    }

    @Test
    void shouldNotKnowTheTimeWhereOneDirectionHidesItsEdge() {
        assertThat(byShapes(0, 0, 0)).isLessThan(0.03);
        // Half of 0.52 ms: exp(-2.1 * 0.3), less what an exponential law would have below that.
        assertThat(byShapes(0.3, 0, 0)).isBetween(0.13, 0.4);
        assertThat(byShapes(0, 0.3, 0)).isBetween(0.13, 0.4);
        assertThat(byShapes(0.3, 0.3, 0)).as("some of what both hide cancels").isLessThan(byShapes(0.3, 0, 0));
    }

    @Test
    void shouldNotTellShapesWithAClockThatIsUnknown() {
        assertThat(byShapes(0.3, 0, 1e-3)).isZero();
    }

    @Test
    void shouldForgetShapesWithTheRoute() {
        NetworkPath path = new NetworkPath();
        Random random = new Random(6);
        for (int i = 0; i < 100; i++) {
            double forward = 1e-3 * waited(random, 0.3);
            path.count(20e-3 + forward);
            path.shape(forward, 1e-4 * waited(random, 0), 0);
        }
        assertThat(path.copy().shapeVariance()).isEqualTo(path.shapeVariance()).isPositive();
        path.renewBase();
        assertThat(path.shapeVariance()).isZero();
    }
}
