// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

/**
 * What the learned filter sees of the exchanges with one server before it looks at its own state. Every length of time is
 * divided by the scale of the queues or enters as a logarithm of such a ratio, so that multiplying all delays and offsets by a
 * constant changes nothing. The only place where these features are computed: training reads what this class wrote.
 *
 * <p>Deterministic. Not thread-safe. Allocates nothing after construction.
 */
public final class ExchangeFeatures {
    /** How many there are. */
    public static final int COUNT = 24;

    /** Bounds of every feature; a network is no judge of what is farther out. */
    private static final double LIMIT = 12;

    private static final int LONG_WINDOW = 512;
    private static final int WINDOW = 64;
    private static final int SHORT_WINDOW = 16;

    /** Step of the stamps, s: no scale is smaller. */
    private static final double RESOLUTION = 1e-9;

    /** Before there are samples enough, a part of the delay stands for the queues; halved with every exchange. */
    private static final double FIRST_SCALE = 0.25;

    private static final double EXCESS_FLOOR = 0.05;
    private static final double FAST = 0.8;
    private static final double SLOW = 0.98;
    private static final double GAP_MEMORY = 0.9;
    private static final double SHORT_MEMORY = 0.9;
    private static final double LONG_MEMORY = 0.98;

    private final double[] ring = new double[LONG_WINDOW];
    /** The newest {@link #WINDOW} delays in ascending order. */
    private final double[] sorted = new double[WINDOW];

    private final Differences recent = new Differences(SHORT_MEMORY);
    private final Differences past = new Differences(LONG_MEMORY);
    private final double[] values = new double[COUNT];

    private int count;
    private double scale;
    private double excess;
    private double raised;
    private double smoothedGap;
    private double logGap;
    private double fastExcess;
    private double slowExcess;
    private double lastDelay;
    private double lastOffset;
    private double lastGap;
    private double earlierDelay;
    private double earlierOffset;

    /** Moments of second differences of offset and delay, with forgetting. */
    private static final class Differences {
        private final double memory;
        private double oo;
        private double od;
        private double dd;

        Differences(double memory) {
            this.memory = memory;
        }

        void add(double offset, double delay) {
            oo = memory * oo + (1 - memory) * offset * offset;
            od = memory * od + (1 - memory) * offset * delay;
            dd = memory * dd + (1 - memory) * delay * delay;
        }

        double slope() {
            return dd > 0 ? od / dd : 0;
        }

        double correlation() {
            double product = oo * dd;
            return product > 0 ? od / Math.sqrt(product) : 0;
        }

        /** Variance that the delays do not explain. */
        double residual() {
            return dd > 0 ? Math.max(oo - od * od / dd, 0) : oo;
        }

        void clear() {
            oo = 0;
            od = 0;
            dd = 0;
        }
    }

    /** Forgets everything. */
    public void clear() {
        count = 0;
        fastExcess = 0;
        slowExcess = 0;
        recent.clear();
        past.clear();
    }

    /**
     * Takes in one exchange.
     *
     * @param gap time since the exchange before, on the raw clock, s, > 0; of the first any
     * @param offset measured UTC - raw, s, from any fixed value
     * @param delay round-trip delay, s
     */
    public void add(double gap, double offset, double delay) {
        if (count >= WINDOW) {
            remove(ring[(count - WINDOW) % LONG_WINDOW], WINDOW);
        }
        insert(delay, Math.min(count, WINDOW - 1));
        ring[count % LONG_WINDOW] = delay;
        count++;
        int n = Math.min(count, WINDOW);
        double min64 = sorted[0];
        double min512 = minimum(LONG_WINDOW);
        double min16 = minimum(SHORT_WINDOW);
        double median = quantile(n, 0.5);
        double first = Math.max(min64, 0) * FIRST_SCALE * Math.pow(0.5, count - 1.0);
        scale = Math.max((median - min64) / 2, first) + RESOLUTION;
        excess = (delay - min64) / 2;
        raised = (min64 - min512) / 2;
        double longExcess = (delay - min512) / 2 / scale;
        double shortExcess = (delay - min16) / 2 / scale;
        double logExcess = Math.log(EXCESS_FLOOR + excess / scale);
        fastExcess = count == 1 ? logExcess : FAST * fastExcess + (1 - FAST) * logExcess;
        slowExcess = count == 1 ? logExcess : SLOW * slowExcess + (1 - SLOW) * logExcess;
        double gapRatio = 0;
        if (count == 2) {
            smoothedGap = gap;
            logGap = Math.log(gap);
        } else if (count > 2) {
            gapRatio = Math.log(gap) - logGap;
            logGap = GAP_MEMORY * logGap + (1 - GAP_MEMORY) * Math.log(gap);
            smoothedGap = Math.exp(logGap);
            double ratio = gap / lastGap;
            double norm = Math.sqrt(1 + (1 + ratio) * (1 + ratio) + ratio * ratio) * scale;
            double offsets = (offset - lastOffset - ratio * (lastOffset - earlierOffset)) / norm;
            double delays = (delay - lastDelay - ratio * (lastDelay - earlierDelay)) / 2 / norm;
            // One sample that is off by milliseconds says nothing of the others.
            offsets = Math.min(Math.max(offsets, -1e3), 1e3);
            delays = Math.min(Math.max(delays, -1e3), 1e3);
            recent.add(offsets, delays);
            past.add(offsets, delays);
        }
        double low = median - min64 + RESOLUTION;
        int i = 0;
        values[i++] = asinh(longExcess);
        values[i++] = Math.log(EXCESS_FLOOR + longExcess);
        values[i++] = asinh(excess / scale);
        values[i++] = logExcess;
        values[i++] = asinh(shortExcess);
        values[i++] = Math.log(EXCESS_FLOOR + shortExcess);
        values[i++] = Math.log(EXCESS_FLOOR + (quantile(n, 0.9) - median) / low);
        values[i++] = Math.log(EXCESS_FLOOR + (quantile(n, 0.25) - min64) / low);
        values[i++] = count < 2 ? 0 : (logGap - 3) / 2;
        values[i++] = gapRatio;
        values[i++] = recent.slope();
        values[i++] = recent.correlation();
        values[i++] = Math.log(1e-4 + recent.residual()) / 2;
        values[i++] = past.slope();
        values[i++] = past.correlation();
        values[i++] = Math.log(1e-4 + past.residual()) / 2;
        values[i++] = fastExcess;
        values[i++] = slowExcess;
        values[i++] = Math.log(count) / 3 - 1;
        values[i++] = asinh(raised / scale);
        values[i++] = asinh((min16 - min64) / 2 / scale);
        values[i++] = count < 2 ? 0 : asinh((delay - lastDelay) / 2 / scale);
        values[i++] = Math.log(Math.max(min64, RESOLUTION) / scale) / 3;
        values[i++] = (quantile(n, 0.75) - quantile(n, 0.25)) / low;
        for (int k = 0; k < COUNT; k++) {
            values[k] = Math.min(Math.max(values[k], -LIMIT), LIMIT);
        }
        earlierOffset = lastOffset;
        earlierDelay = lastDelay;
        lastOffset = offset;
        lastDelay = delay;
        lastGap = gap;
    }

    /** Feature {@code i} of the newest exchange, 0 <= i < {@link #COUNT}. */
    public double value(int i) {
        return values[i];
    }

    /** Exchanges taken in. */
    public int count() {
        return count;
    }

    /** Scale of the queues: half of the median excess of the newest 64 delays over their minimum, s, > 0. */
    public double scale() {
        return scale;
    }

    /** Half of what the newest delay is above the minimum of the newest 64, s, >= 0. */
    public double excess() {
        return excess;
    }

    /** Half of what the minimum of the newest 64 delays is above that of the newest 512, s, >= 0: a route that has become longer. */
    public double raised() {
        return raised;
    }

    /** Smoothed time between exchanges, s; from the second exchange on. */
    public double smoothedGap() {
        return smoothedGap;
    }

    private double minimum(int window) {
        double least = Double.POSITIVE_INFINITY;
        for (int k = Math.max(count - window, 0); k < count; k++) {
            least = Math.min(least, ring[k % LONG_WINDOW]);
        }
        return least;
    }

    private double quantile(int n, double share) {
        return sorted[(int) Math.floor(share * (n - 1) + 0.5)];
    }

    private void remove(double value, int n) {
        int at = 0;
        while (sorted[at] < value) {
            at++;
        }
        System.arraycopy(sorted, at + 1, sorted, at, n - 1 - at);
    }

    private void insert(double value, int n) {
        int at = n;
        while (at > 0 && sorted[at - 1] > value) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = value;
    }

    /** The inverse of the hyperbolic sine, which the JDK lacks. */
    static double asinh(double x) {
        double size = Math.abs(x);
        return Math.copySign(Math.log(size + Math.sqrt(size * size + 1)), x);
    }
}
