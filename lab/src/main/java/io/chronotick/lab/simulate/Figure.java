// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.Locale;

/** What can be limited in a window of time. */
public enum Figure {
    RMS(Quantity.TIME, true),
    P95(Quantity.TIME, true),
    MAX(Quantity.TIME, true),
    INSIDE_50(Quantity.SHARE, false),
    INSIDE_80(Quantity.SHARE, false),
    INSIDE_95(Quantity.SHARE, false),
    INSIDE_99(Quantity.SHARE, false),
    /** By statistical and systematic uncertainty together; those above go by the statistical one alone. */
    COMBINED_95(Quantity.SHARE, false),
    INSIDE_BOUND(Quantity.SHARE, false),
    /** Median width of the 95 % interval from end to end. */
    WIDTH_95(Quantity.TIME, true),
    /** The same of the combined uncertainty. */
    COMBINED_WIDTH_95(Quantity.TIME, true),
    /** {@link #WIDTH_95} over what the same share inside would have needed in hindsight. */
    HINDSIGHT_95(Quantity.NUMBER, true),
    /** Median of the hard bound from the middle to an end. */
    BOUND(Quantity.TIME, true),
    /** Share of the readings that were published as valid; only these are in the other figures. */
    VALID(Quantity.SHARE, false);

    private final Quantity quantity;
    private final boolean smallIsGood;

    Figure(Quantity quantity, boolean smallIsGood) {
        this.quantity = quantity;
        this.smallIsGood = smallIsGood;
    }

    /** As scenario files have it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Its value in a window. */
    public double of(WindowScore score) {
        return switch (this) {
            case RMS -> score.error().rms();
            case P95 -> score.error().p95();
            case MAX -> score.error().max();
            case INSIDE_50 -> score.interval().covered().get(0);
            case INSIDE_80 -> score.interval().covered().get(1);
            case INSIDE_95 -> score.interval().covered().get(2);
            case INSIDE_99 -> score.interval().covered().get(3);
            case COMBINED_95 -> score.combined().covered().get(2);
            case INSIDE_BOUND -> score.boundCovered();
            case WIDTH_95 -> score.interval().medianWidth95();
            case COMBINED_WIDTH_95 -> score.combined().medianWidth95();
            case HINDSIGHT_95 -> score.interval().hindsight95();
            case BOUND -> score.boundMedian();
            case VALID -> score.valid();
        };
    }

    /** What it is measured in. */
    public Quantity quantity() {
        return quantity;
    }

    /** Whether a single limit is the largest value allowed, not the smallest. */
    boolean smallIsGood() {
        return smallIsGood;
    }
}
