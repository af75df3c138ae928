// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.document;

import static io.chronotick.lab.document.JsonText.number;

import io.chronotick.lab.trace.DelaySlope;
import io.chronotick.lab.trace.NoiseFloor;
import io.chronotick.lab.trace.TraceResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Forecasts of traces for programs. Times in seconds; null where something is not known. */
public final class TraceDocument {
    private TraceDocument() {}

    /** A tree of maps and lists. */
    public static Map<String, Object> tree(List<TraceResult> results) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("leads_s", TraceResult.LEADS);
        document.put("traces", results.stream().map(TraceDocument::trace).toList());
        return document;
    }

    private static Map<String, @Nullable Object> trace(TraceResult result) {
        Map<String, @Nullable Object> trace = new LinkedHashMap<>();
        trace.put("name", result.trace().name());
        trace.put("exchanges", result.trace().size());
        trace.put("interval_s", number(result.trace().interval()));
        trace.put("duration_s", number(result.trace().duration()));
        trace.put("delays_recorded", result.trace().delaysRecorded());
        trace.put("floor", floor(result.floor()));
        List<Object> scores = new ArrayList<>();
        for (TraceResult.Score score : result.scores()) {
            Map<String, @Nullable Object> of = new LinkedHashMap<>();
            of.put("forecaster", score.name());
            of.put("baseline", result.isBaseline(score.name()));
            of.put("scored", score.counts());
            of.put("mae", JsonText.numbers(score.mae()));
            if (!score.corrected().isEmpty()) {
                of.put("mae_corrected", JsonText.numbers(score.corrected()));
            }
            scores.add(of);
        }
        trace.put("scores", scores);
        result.slope().ifPresent(slope -> trace.put("delay_slope", slope(slope)));
        Optional<NoiseFloor> corrected = result.correctedFloor();
        corrected.ifPresent(floor -> trace.put("corrected_floor", floor(floor)));
        return trace;
    }

    private static Map<String, @Nullable Object> floor(NoiseFloor floor) {
        Map<String, @Nullable Object> of = new LinkedHashMap<>();
        of.put("smoother", number(floor.smoother()));
        of.put("second_differences", number(floor.secondDifferences()));
        return of;
    }

    private static Map<String, @Nullable Object> slope(DelaySlope slope) {
        Map<String, @Nullable Object> of = new LinkedHashMap<>();
        of.put("slope", number(slope.slope()));
        of.put("correlation", number(slope.correlation()));
        of.put("median_delay_s", number(slope.medianDelay()));
        return of;
    }
}
