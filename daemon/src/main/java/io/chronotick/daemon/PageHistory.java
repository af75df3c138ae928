// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.http.JsonText;

/**
 * The last ten minutes by the second, two hours by ten seconds, a day by the minute: as many numbers at the end of a year as at the start.
 * Not thread-safe.
 */
final class PageHistory {
    /** What is kept of an instant. */
    enum Series {
        /** Unix time, s. */
        TIME,
        /** Of the system clock, s. */
        OFFSET,
        /** Standard deviation, s. */
        UNCERTAINTY,
        /** s. */
        BOUND,
        /** Rate of UTC against the system clock, s/s. */
        DRIFT
    }

    private final Ring seconds = new Ring(600, 1);
    private final Ring tens = new Ring(720, 10);
    private final Ring minutes = new Ring(1440, 60);

    /** A number of rows, each for so many seconds: the newest of them, with the largest uncertainty and bound in that time. */
    private static final class Ring {
        final int step;
        private final double[][] rows;
        private long count;
        private int pending;
        private double uncertainty;
        private double bound;

        Ring(int length, int step) {
            this.rows = new double[length][Series.values().length];
            this.step = step;
        }

        void add(double[] row) {
            uncertainty = worse(uncertainty, row[Series.UNCERTAINTY.ordinal()]);
            bound = worse(bound, row[Series.BOUND.ordinal()]);
            if (++pending < step) {
                return;
            }
            double[] kept = rows[(int) (count++ % rows.length)];
            System.arraycopy(row, 0, kept, 0, row.length);
            kept[Series.UNCERTAINTY.ordinal()] = uncertainty;
            kept[Series.BOUND.ordinal()] = bound;
            pending = 0;
            uncertainty = 0;
            bound = 0;
        }

        /** None is worse than any. */
        private static double worse(double one, double other) {
            return Double.isNaN(one) || Double.isNaN(other) ? Double.NaN : Math.max(one, other);
        }

        void write(JsonText json) {
            int length = (int) Math.min(count, rows.length);
            json.array();
            for (Series series : Series.values()) {
                json.array();
                for (long i = count - length; i < count; i++) {
                    json.value(rows[(int) (i % rows.length)][series.ordinal()]);
                }
                json.endArray();
            }
            json.endArray();
        }
    }

    /** One second more, in the order of {@link Series}; not a number where there is no time. */
    void add(double... row) {
        seconds.add(row);
        tens.add(row);
        minutes.add(row);
    }

    /** Three arrays, by second, ten seconds and minute, of the columns in the order of {@link Series}, oldest first. */
    void write(JsonText json) {
        json.array();
        seconds.write(json);
        tens.write(json);
        minutes.write(json);
        json.endArray();
    }
}
