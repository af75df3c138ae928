// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.document;

import io.chronotick.lab.simulate.Figure;
import io.chronotick.lab.simulate.SimulationResult;
import io.chronotick.lab.simulate.WindowScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Simulations for programs. Times in seconds, shares 0..1; null where something is not known. */
public final class SimulationDocument {
    private SimulationDocument() {}

    /** A tree of maps and lists. */
    public static Map<String, Object> tree(List<SimulationResult> results) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put(
                "scenarios", results.stream().map(SimulationDocument::scenario).toList());
        return document;
    }

    private static Map<String, @Nullable Object> scenario(SimulationResult result) {
        Map<String, @Nullable Object> of = new LinkedHashMap<>();
        of.put("name", result.scenario().name());
        of.put("about", result.scenario().about());
        of.put("first_seed", result.firstSeed());
        of.put("ready_s", JsonText.number(result.readySeconds()));
        of.put("passed", result.passed());
        of.put("breaches", result.breaches());
        List<Object> windows = new ArrayList<>();
        for (WindowScore score : result.windows()) {
            Map<String, @Nullable Object> window = new LinkedHashMap<>();
            window.put("from_s", JsonText.number(score.from()));
            window.put("to_s", JsonText.number(score.to()));
            for (Figure figure : Figure.values()) {
                window.put(figure.name().toLowerCase(Locale.ROOT), JsonText.number(figure.of(score)));
            }
            windows.add(window);
        }
        of.put("windows", windows);
        return of;
    }
}
