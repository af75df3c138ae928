// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvidenceWeightsTest {
    private static EvidenceWeights weights(double forgetting, double... logPriors) {
        return new EvidenceWeights(forgetting, logPriors, logPriors);
    }

    private static double sum(EvidenceWeights weights) {
        return IntStream.range(0, weights.active()).mapToDouble(weights::share).sum();
    }

    @Test
    void beginsWithThePriors() {
        EvidenceWeights weights = weights(1, 0, Math.log(3), Math.log(4));
        assertThat(weights.share(0)).isCloseTo(1.0 / 8, within(1e-15));
        assertThat(weights.share(1)).isCloseTo(3.0 / 8, within(1e-15));
        assertThat(weights.share(2)).isCloseTo(4.0 / 8, within(1e-15));
        assertThat(weights.likeliest()).isEqualTo(2);
    }

    @Test
    void sumToOneWhateverComes() {
        Random random = new Random(1);
        EvidenceWeights weights = weights(0.9, 0, -2, -5, 1);
        for (int i = 0; i < 1000; i++) {
            double scale = Math.pow(10, random.nextInt(7) - 3);
            weights.add(random.doubles(4).map(u -> scale * (u - 0.5)).toArray());
            assertThat(sum(weights)).isCloseTo(1, within(1e-14));
            assertThat(IntStream.range(0, 4).mapToDouble(weights::share).min().orElseThrow())
                    .isPositive();
        }
    }

    /** What they begin with fades as evidence does, and what is left are the priors. */
    @Test
    void beginWithTheFirstWeightsAndFadeToThePriors() {
        EvidenceWeights weights = new EvidenceWeights(0.9, new double[] {0, -3}, new double[] {0, 1});
        assertThat(weights.share(1) / weights.share(0)).isCloseTo(Math.E, within(1e-15));
        weights.add(new double[] {0, 0});
        assertThat(weights.log(1) - weights.log(0)).isCloseTo(-3 + 0.9 * 4, within(1e-15));
        for (int i = 0; i < 400; i++) {
            weights.add(new double[] {0, 0});
        }
        assertThat(weights.log(1)).isCloseTo(-3, within(1e-12));
        weights.restart(2);
        assertThat(weights.share(1) / weights.share(0)).isCloseTo(Math.E, within(1e-15));
    }

    /** Without forgetting, Bayes' rule: prior times the product of the likelihoods, normalized. */
    @Test
    void followBayesRule() {
        EvidenceWeights weights = weights(1, Math.log(0.7), Math.log(0.3));
        weights.add(new double[] {Math.log(0.2), Math.log(0.5)});
        weights.add(new double[] {Math.log(0.9), Math.log(0.4)});
        double first = 0.7 * 0.2 * 0.9;
        double second = 0.3 * 0.5 * 0.4;
        assertThat(weights.share(0)).isCloseTo(first / (first + second), within(1e-15));
        // The next thing's evidence is the mean of what they give it, whatever its size.
        double mixed = weights.mixture(new double[] {-1000 + Math.log(0.5), -1000 + Math.log(0.25)});
        double expected = (0.5 * first + 0.25 * second) / (first + second);
        assertThat(mixed).isCloseTo(-1000 + Math.log(expected), within(1e-12));
    }

    /** Evidence f times as old counts f^n: L settles where it gains what it loses, at g / (1 - f). */
    @Test
    void forgetWhatIsLongAgo() {
        EvidenceWeights weights = weights(0.9, 0, 0);
        for (int i = 0; i < 300; i++) {
            weights.add(new double[] {0.3, 0});
        }
        assertThat(weights.log(1) - weights.log(0)).isCloseTo(-0.3 / (1 - 0.9), within(1e-9));
    }

    /** The better one wins, and one that was hopeless for ever comes back within some tens of exchanges. */
    @Test
    void letNobodyFallTooFarToComeBack() {
        EvidenceWeights weights = weights(0.997, 0, 0);
        for (int i = 0; i < 10_000; i++) {
            weights.add(new double[] {0, -3});
        }
        assertThat(weights.share(1)).isCloseTo(Math.exp(-EvidenceWeights.DEEPEST), within(1e-15));
        int turns = 0;
        while (weights.likeliest() == 0 && turns < 100) {
            weights.add(new double[] {-3, 0});
            turns++;
        }
        assertThat(turns).isLessThanOrEqualTo((int) Math.ceil(EvidenceWeights.DEEPEST / 3) + 1);
    }

    @Test
    void whoSleepsHasNoWeightUntilItEnters() {
        EvidenceWeights weights = weights(1, 0, 0, -2);
        weights.restart(2);
        weights.add(new double[] {-4, -1, 1000});
        assertThat(weights.active()).isEqualTo(2);
        assertThat(sum(weights)).isCloseTo(1, within(1e-15));
        weights.enter(2, -2);
        assertThat(weights.active()).isEqualTo(3);
        assertThat(sum(weights)).isCloseTo(1, within(1e-15));
        // Against the best, which stands at 0.
        assertThat(weights.share(2) / weights.share(1)).isCloseTo(Math.exp(-2), within(1e-15));
    }
}
