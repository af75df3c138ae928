// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.forecast.Forecast;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/**
 * Ten seconds between two measurements, 1 and 2 ms; predicted were 1.0 ms all along, so the error is 1 ms. With an uncertainty of
 * the offset of 3 and of the drift of 0.4 per second, accumulated 4, the offset bears 9 / 25 of the error.
 */
class HistoryCorrectionTest {
    private static final Offset<Double> EXACT = within(1e-15);
    private static final double[] ELAPSED = {0, 2, 4, 6, 8};
    private static final double[] PREDICTED = {1e-3, 1e-3, 1e-3, 1e-3, 1e-3};
    private static final HistoryCorrection.Step STEP = new HistoryCorrection.Step(10, 1e-3, 2e-3, 1e-3, 0);

    private static double[] apply(HistoryCorrection method) {
        return method.apply(ELAPSED, PREDICTED, STEP, 3e-3, 0.4e-3);
    }

    private static double[] moved(HistoryCorrection method) {
        double[] corrected = apply(method);
        return Arrays.stream(corrected).map(offset -> offset - 1e-3).toArray();
    }

    @Test
    void shouldLeaveThePredictionsAlone() {
        assertThat(apply(HistoryCorrection.NONE)).containsExactly(PREDICTED);
    }

    @Test
    void shouldRampTheErrorUpFromTheMeasurementBefore() {
        assertThat(moved(HistoryCorrection.LINEAR)).containsExactly(new double[] {0, 2e-4, 4e-4, 6e-4, 8e-4}, EXACT);
    }

    @Test
    void shouldShareTheErrorOutBetweenOffsetAndDrift() {
        assertThat(moved(HistoryCorrection.DRIFT_AWARE))
                .containsExactly(new double[] {0.36e-3, 0.488e-3, 0.616e-3, 0.744e-3, 0.872e-3}, EXACT);
    }

    /** Variances 9 + (0.4 t)^2: 9, 9.64, 11.56, 14.76, 19.24; together 64.2. */
    @Test
    void shouldShareTheErrorOutByVariance() {
        double[] moved = moved(HistoryCorrection.ADVANCED);
        assertThat(Arrays.stream(moved).sum()).isCloseTo(1e-3, EXACT);
        assertThat(moved[0]).isCloseTo(1e-3 * 9 / 64.2, EXACT);
        assertThat(moved[4]).isCloseTo(1e-3 * 19.24 / 64.2, EXACT);
    }

    /** Towards 1.0, 1.2, 1.4, 1.6, 1.8 ms, by 5/2 times the same shares of the way. */
    @Test
    void shouldMoveTowardsTheLineBetweenTheMeasurements() {
        double[] moved = moved(HistoryCorrection.ADVANCE_ABSOLUTE);
        assertThat(moved[0]).isCloseTo(0, EXACT);
        assertThat(moved[1]).isCloseTo(0.2e-3 * 2.5 * 9.64 / 64.2, EXACT);
        assertThat(moved[4]).isCloseTo(0.8e-3 * 2.5 * 19.24 / 64.2, EXACT);
    }

    @Test
    void shouldReplaceWhatWasPredictedByTheLineBetweenTheMeasurements() {
        assertThat(apply(HistoryCorrection.BACKTRACKING))
                .containsExactly(new double[] {1e-3, 1.2e-3, 1.4e-3, 1.6e-3, 1.8e-3}, EXACT);
    }

    /** No overshoot and no division by zero when nothing is known of the uncertainties. */
    @Test
    void shouldStayFiniteAndBetweenPredictionAndLineWithoutUncertainties() {
        for (HistoryCorrection method : HistoryCorrection.values()) {
            double[] corrected = method.apply(ELAPSED, PREDICTED, STEP, 0, 0);
            assertThat(corrected).hasSize(5);
            for (double offset : corrected) {
                assertThat(offset).as(method.name()).isBetween(1e-3, 2e-3);
            }
        }
    }

    @Test
    void shouldCorrectOnlyWhatWasPredictedSinceTheMeasurementBefore() {
        ExternalForecasterConfig config = new ExternalForecasterConfig(
                Forecast.Forecaster.SHORT_TERM,
                1,
                6,
                5,
                List.of(0.1, 0.9),
                1,
                1,
                HistoryCorrection.LINEAR,
                1e-3,
                1e-4,
                Double.POSITIVE_INFINITY);
        ForecastHistory history = new ForecastHistory(config);
        long second = 1_000_000_000L;
        // Nine samples of 1 ms into a history of six; measured at 4 s and, 1 ms higher, at 8 s.
        for (int i = 0; i <= 8; i++) {
            if (i == 5) {
                history.onMeasurement(4 * second, 1e-3, 0, 0);
            }
            history.add(i * second, 1e-3);
        }
        history.onMeasurement(8 * second, 2e-3, 1e-3, 0);
        assertThat(history.isFull()).isTrue();
        assertThat(history.context(0, 0))
                .containsExactly(new double[] {1e-3, 1e-3, 1.25e-3, 1.5e-3, 1.75e-3, 2e-3}, EXACT);
        // Less a line through 2 ms with 0.25 ms/s.
        assertThat(history.context(2e-3, 0.25e-3)).containsExactly(new double[] {0.25e-3, 0, 0, 0, 0, 0}, EXACT);
    }

    @Test
    void shouldReplaceOutliersByWhatLiesBetweenTheirNeighbours() {
        double[] values = {90, 1, 2, 3, -50, 70, 6, 7, 8, 99};
        // Quartiles 2.25 and 54.5: a tenth of the width between them more leaves -3..59.7.
        assertThat(ForecastHistory.withoutOutliers(values, 0.1)).containsExactly(1, 1, 2, 3, 4, 5, 6, 7, 8, 8);
        assertThat(ForecastHistory.withoutOutliers(values, Double.POSITIVE_INFINITY))
                .containsExactly(values);
        assertThat(ForecastHistory.withoutOutliers(new double[] {1, 2}, 0)).containsExactly(1, 2);
        assertThat(values[0]).isEqualTo(90);
    }
}
