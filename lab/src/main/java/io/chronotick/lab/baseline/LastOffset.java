// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.baseline;

/** The newest offset holds until the next: no frequency at all. */
final class LastOffset implements Baseline {
    private double newest = Double.NaN;

    @Override
    public String name() {
        return "last offset";
    }

    @Override
    public void add(double seconds, double offset, double delay) {
        newest = offset;
    }

    @Override
    public double offsetAt(double seconds) {
        return newest;
    }
}
