// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

/** The newest measurements, in no particular order, for estimators that fit a line to them. */
abstract class Window implements Baseline {
    /** Measurements that are fitted: about nine minutes at a poll of 16 s. */
    static final int SIZE = 32;

    final double[] seconds = new double[SIZE];
    final double[] offsets = new double[SIZE];
    int count;
    private int next;
    private double origin;
    private double level = Double.NaN;
    private double slope;

    @Override
    public final void add(double instant, double offset, double delay) {
        seconds[next] = instant;
        offsets[next] = offset;
        next = (next + 1) % SIZE;
        count = Math.min(count + 1, SIZE);
        fit();
    }

    @Override
    public final double offsetAt(double instant) {
        return level + slope * (instant - origin);
    }

    /** Fits a line to the first {@link #count} measurements and tells {@link #line}. */
    abstract void fit();

    final void line(double atSeconds, double offset, double rate) {
        origin = atSeconds;
        level = offset;
        slope = rate;
    }
}
