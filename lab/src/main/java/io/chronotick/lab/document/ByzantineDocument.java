// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.document;

import static io.chronotick.lab.document.JsonText.number;

import io.chronotick.lab.simulate.ByzantineFamily;
import io.chronotick.lab.simulate.ByzantineResult;
import io.chronotick.lab.simulate.ByzantineSummary;
import io.chronotick.lab.simulate.Findings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Worlds with an adversary for programs. Times in seconds, shares 0..1; null where something is not known. */
public final class ByzantineDocument {
    private ByzantineDocument() {}

    /** A tree of maps and lists: all of them, each family, each world. */
    public static Map<String, Object> tree(List<ByzantineResult> results) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("all", summary(results));
        Map<String, Object> families = new LinkedHashMap<>();
        for (ByzantineFamily family : ByzantineFamily.values()) {
            List<ByzantineResult> of =
                    results.stream().filter(result -> result.family() == family).toList();
            if (!of.isEmpty()) {
                families.put(name(family), summary(of));
            }
        }
        document.put("families", families);
        List<Object> worlds = new ArrayList<>();
        results.forEach(result -> worlds.add(world(result)));
        document.put("worlds", worlds);
        return document;
    }

    private static String name(ByzantineFamily family) {
        return family.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, @Nullable Object> summary(List<ByzantineResult> results) {
        ByzantineSummary of = ByzantineSummary.of(results);
        Map<String, @Nullable Object> summary = new LinkedHashMap<>();
        summary.put("worlds", of.worlds());
        summary.put("violated", of.violated());
        summary.put("worst_excess_s", number(of.worstExcess()));
        summary.put("longest_outside_s", number(of.longestOutside()));
        summary.put("majority_answers_s", of.answered());
        summary.put("valid_while_majority_answers", number(of.availability()));
        summary.put("bound_median_s", number(of.boundMedian()));
        return summary;
    }

    private static Map<String, @Nullable Object> world(ByzantineResult result) {
        Findings findings = result.findings();
        Map<String, @Nullable Object> world = new LinkedHashMap<>();
        world.put("seed", result.seed());
        world.put("family", name(result.family()));
        world.put("about", result.about());
        world.put("duration_s", number(result.duration()));
        world.put("failure", result.failure().map(Throwable::toString).orElse(null));
        world.put("looks", findings.looks());
        world.put("outside", findings.outside());
        world.put("first_outside_s", number(findings.firstOutside()));
        world.put("last_outside_s", number(findings.lastOutside()));
        world.put("worst_excess_s", number(findings.worstExcess()));
        world.put("worst_at_s", number(findings.worstAt()));
        world.put("seconds", findings.seconds());
        world.put("valid_s", findings.valid());
        world.put("majority_answers_s", findings.answered());
        world.put("valid_while_majority_answers_s", findings.answeredValid());
        world.put("first_not_valid_then_s", number(findings.firstSilent()));
        world.put("bound_median_s", number(findings.boundMedian()));
        return world;
    }
}
