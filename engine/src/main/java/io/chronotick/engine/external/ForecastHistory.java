// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.external;

import io.chronotick.engine.math.Nanos;
import java.util.Arrays;

/**
 * What a learned forecaster is shown: the engine's own offsets on a regular grid, as they were believed when they were
 * sampled, corrected after each measurement ({@link HistoryCorrection}). Not thread-safe.
 */
final class ForecastHistory {
    private final ExternalForecasterConfig config;
    private final double[] ring;
    private long count;
    private long newestNanos;
    private boolean measured;
    private long measuredNanos;
    private double measuredOffset;

    ForecastHistory(ExternalForecasterConfig config) {
        this.config = config;
        this.ring = new double[config.contextLength()];
    }

    void clear() {
        count = 0;
        measured = false;
    }

    boolean isFull() {
        return count >= ring.length;
    }

    /** The newest sample's instant, CLOCK_MONOTONIC_RAW, ns. */
    long newestNanos() {
        return newestNanos;
    }

    /** Adds the offset believed at {@code rawNanos}, one step after the sample before. */
    void add(long rawNanos, double offset) {
        ring[(int) (count % ring.length)] = offset;
        count++;
        newestNanos = rawNanos;
    }

    /**
     * A measurement has come: corrects what was predicted since the one before.
     *
     * @param offset what is believed of {@code rawNanos} with it, s
     * @param error that less what was believed without it, s
     * @param sd standard deviation of {@code offset}, s
     */
    void onMeasurement(long rawNanos, double offset, double error, double sd) {
        double seconds = Nanos.toSeconds(rawNanos - measuredNanos);
        if (measured && seconds > 0 && config.correction() != HistoryCorrection.NONE) {
            correct(new HistoryCorrection.Step(seconds, measuredOffset, offset, error, sd));
        }
        if (!measured || seconds > 0) {
            measured = true;
            measuredNanos = rawNanos;
            measuredOffset = offset;
        }
    }

    private void correct(HistoryCorrection.Step step) {
        int kept = (int) Math.min(count, ring.length);
        double[] elapsed = new double[kept];
        double[] offsets = new double[kept];
        long[] places = new long[kept];
        int n = 0;
        // The newest may be a little younger than the measurement, which takes its time to arrive.
        for (long place = count - kept; place < count; place++) {
            double since = Nanos.toSeconds(timeOf(place) - measuredNanos);
            if (since >= 0 && since <= step.seconds()) {
                elapsed[n] = since;
                offsets[n] = ring[(int) (place % ring.length)];
                places[n++] = place;
            }
        }
        double[] corrected = config.correction()
                .apply(
                        Arrays.copyOf(elapsed, n),
                        Arrays.copyOf(offsets, n),
                        step,
                        config.offsetSdSeconds(),
                        config.driftSd());
        for (int i = 0; i < n; i++) {
            ring[(int) (places[i] % ring.length)] = corrected[i];
        }
    }

    private long timeOf(long place) {
        return newestNanos - Nanos.ofSeconds((count - 1 - place) * config.stepSeconds());
    }

    /**
     * The context: oldest first, less the engine's own line through the newest sample, so that a straight clock gives zeros.
     * Only when {@link #isFull}.
     *
     * @param offset of that line at the newest sample, s
     * @param frequency of that line, s/s
     */
    double[] context(double offset, double frequency) {
        double[] context = new double[ring.length];
        for (int i = 0; i < context.length; i++) {
            long place = count - context.length + i;
            double back = (context.length - 1 - i) * config.stepSeconds();
            context[i] = ring[(int) (place % ring.length)] - (offset - frequency * back);
        }
        return withoutOutliers(context, config.outlierThreshold());
    }

    /**
     * Values outside [Q1 - k (Q3 - Q1), Q3 + k (Q3 - Q1)] replaced by linear interpolation between the nearest ones inside, or
     * by the nearest at an end (Tukey's fences).
     */
    static double[] withoutOutliers(double[] values, double k) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double q1 = quantile(sorted, 0.25);
        double q3 = quantile(sorted, 0.75);
        double fence = k * (q3 - q1);
        if (!(fence < Double.POSITIVE_INFINITY)) {
            return values;
        }
        double[] cleaned = values.clone();
        int last = -1;
        for (int i = 0; i <= values.length; i++) {
            boolean inside = i < values.length && values[i] >= q1 - fence && values[i] <= q3 + fence;
            if (inside || i == values.length) {
                bridge(cleaned, last, i);
                last = i;
            }
        }
        return cleaned;
    }

    /** Fills what lies between two good places; -1 and the length stand for none. */
    private static void bridge(double[] values, int from, int to) {
        for (int i = from + 1; i < to && !(from < 0 && to == values.length); i++) {
            if (from < 0) {
                values[i] = values[to];
            } else if (to == values.length) {
                values[i] = values[from];
            } else {
                double part = (i - from) / (double) (to - from);
                values[i] = values[from] + part * (values[to] - values[from]);
            }
        }
    }

    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
