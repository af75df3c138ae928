// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.List;
import java.util.random.RandomGenerator;

/** A law of the time that a packet waits in queues, s, >= 0. */
public sealed interface DelayLaw {

    /** Draws one delay, s. */
    double sample(RandomGenerator random);

    /** No queue. */
    record None() implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            return 0;
        }
    }

    /** One queue that is memoryless. */
    record Exponential(double mean) implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            return -mean * Math.log(1 - random.nextDouble());
        }
    }

    /** Equally likely up to a largest. */
    record Uniform(double max) implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            return max * random.nextDouble();
        }
    }

    /** Its minimum is hardly ever reached. */
    record LogNormal(double median, double sigma) implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            return median * Math.exp(sigma * random.nextGaussian());
        }
    }

    /** Several queues in a row (shape above 1), or mostly none and sometimes long ones (below 1). */
    record Gamma(double mean, double shape) implements DelayLaw {

        /** By rejection (Marsaglia and Tsang 2000); below shape 1 with their power of a uniform number. */
        @Override
        public double sample(RandomGenerator random) {
            double raised = shape < 1 ? shape + 1 : shape;
            double d = raised - 1.0 / 3;
            double c = 1 / Math.sqrt(9 * d);
            double v;
            while (true) {
                double x = random.nextGaussian();
                double root = 1 + c * x;
                v = root * root * root;
                double u = 1 - random.nextDouble();
                if (root > 0 && Math.log(u) < x * x / 2 + d - d * v + d * Math.log(v)) {
                    break;
                }
            }
            double power = shape < 1 ? Math.pow(1 - random.nextDouble(), 1 / shape) : 1;
            return d * v * power * mean / shape;
        }
    }

    /** Stretched (shape below 1) or hardly ever near zero (above 1). */
    record Weibull(double scale, double shape) implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            return scale * Math.pow(-Math.log(1 - random.nextDouble()), 1 / shape);
        }
    }

    /** Power-law tail (Lomax); its variance is infinite up to shape 2. */
    record Pareto(double mean, double shape) implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            return mean * (shape - 1) * (Math.pow(1 - random.nextDouble(), -1 / shape) - 1);
        }
    }

    /**
     * One of several laws at random.
     *
     * @param shares of the laws, their sum is 1
     */
    record Mixture(List<Double> shares, List<DelayLaw> laws) implements DelayLaw {
        @Override
        public double sample(RandomGenerator random) {
            double left = random.nextDouble();
            int which = 0;
            while (which < laws.size() - 1 && left >= shares.get(which)) {
                left -= shares.get(which++);
            }
            return laws.get(which).sample(random);
        }
    }
}
