// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/**
 * The record's confidence: how often the recent one-step-ahead forecasts fell inside their own stated 95 % interval,
 * lowered with the age of the newest measurement.
 *
 * <p>With h hits in the last n (at most {@value #WINDOW}) forecasts: confidence = min(1, h / (0.95 n)) * freshness(age),
 * freshness(a) = 1 / (1 + a^2) where a is the age in units of the time in which it halves. Without a forecast to judge,
 * 0. Not thread-safe; allocates nothing after construction.
 */
public final class Confidence {
    /** Forecasts remembered. */
    static final int WINDOW = 100;

    private static final double NOMINAL = 0.95;

    private final boolean[] hits = new boolean[WINDOW];
    private int count;
    private int next;
    private int hitCount;

    public void add(boolean hit) {
        if (count == WINDOW) {
            hitCount -= hits[next] ? 1 : 0;
        } else {
            count++;
        }
        hits[next] = hit;
        hitCount += hit ? 1 : 0;
        next = (next + 1) % WINDOW;
    }

    public double value() {
        return count == 0 ? 0 : Math.min(1, hitCount / (NOMINAL * count));
    }

    /** Smooth fall from 1 at age 0 over 1/2 at age 1 towards 0. */
    static double freshness(double age) {
        return 1 / (1 + age * age);
    }
}
