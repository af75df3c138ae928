// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.learned.ExchangeFeatures;
import java.nio.ByteBuffer;

/**
 * The exchanges of one made-up clock with one made-up server, in the order of their replies, with what the engine's features
 * make of them and the truth. All times in seconds, offsets against a fixed value that keeps them small. Immutable.
 */
public final class TrainingSequence {
    /** Instants after each exchange at which the truth is known. */
    public static final int TARGETS = 3;

    /** Values of an exchange that are no features: see {@link #write}. */
    private static final int RAW = 7 + 2 * TARGETS;

    /** Bytes of one exchange as {@link #write} puts it. */
    public static final int BYTES = RAW * Double.BYTES + ExchangeFeatures.COUNT * Float.BYTES;

    private final int length;
    private final double[] raw;
    private final float[] features;

    TrainingSequence(int length) {
        this.length = length;
        raw = new double[length * RAW];
        features = new float[length * ExchangeFeatures.COUNT];
    }

    /** Exchanges. */
    public int length() {
        return length;
    }

    void set(int i, double gap, double offset, double delay, ExchangeFeatures seen) {
        int at = i * RAW;
        raw[at] = gap;
        raw[at + 1] = offset;
        raw[at + 2] = delay;
        raw[at + 3] = seen.scale();
        raw[at + 4] = seen.excess();
        raw[at + 5] = seen.smoothedGap();
        raw[at + 6] = seen.raised();
        for (int k = 0; k < ExchangeFeatures.COUNT; k++) {
            features[i * ExchangeFeatures.COUNT + k] = (float) seen.value(k);
        }
    }

    void setTarget(int i, int target, double lead, double truth) {
        raw[i * RAW + 7 + 2 * target] = lead;
        raw[i * RAW + 8 + 2 * target] = truth;
    }

    /** Time since the middle of the exchange before, on the raw clock, s; of the first 0. */
    public double gap(int i) {
        return raw[i * RAW];
    }

    /** Measured UTC - raw at the middle of the exchange, s. */
    public double offset(int i) {
        return raw[i * RAW + 1];
    }

    /** Round-trip delay, s. */
    public double delay(int i) {
        return raw[i * RAW + 2];
    }

    /** From the middle of the exchange to an instant at which the truth is known, on the raw clock, s. */
    public double lead(int i, int target) {
        return raw[i * RAW + 7 + 2 * target];
    }

    /** UTC - raw at that instant, s. */
    public double truth(int i, int target) {
        return raw[i * RAW + 8 + 2 * target];
    }

    /** A feature as training sees it. */
    public float feature(int i, int k) {
        return features[i * ExchangeFeatures.COUNT + k];
    }

    /**
     * Appends all exchanges: of each the doubles gap, offset, delay, scale, excess, smoothed gap, raised minimum, then lead and truth of each
     * target, then the features as floats.
     */
    public void write(ByteBuffer out) {
        for (int i = 0; i < length; i++) {
            for (int k = 0; k < RAW; k++) {
                out.putDouble(raw[i * RAW + k]);
            }
            for (int k = 0; k < ExchangeFeatures.COUNT; k++) {
                out.putFloat(features[i * ExchangeFeatures.COUNT + k]);
            }
        }
    }
}
