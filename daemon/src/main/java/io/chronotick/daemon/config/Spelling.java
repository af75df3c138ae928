// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.Collection;
import java.util.Optional;

/** Guesses what a misspelt name was meant to be. */
final class Spelling {
    private static final int SHORTEST_BEGINNING = 3;

    private Spelling() {}

    /**
     * The candidate nearest to a name, if it is near: up to a third of its letters wrong, and two in any case; failing
     * that, one of which the name is the beginning, or the other way round.
     */
    static Optional<String> nearest(String name, Collection<String> candidates) {
        int bestDistance = Math.max(2, name.length() / 3) + 1;
        Optional<String> best = Optional.empty();
        for (String candidate : candidates) {
            int distance = distance(name, candidate);
            if (distance < bestDistance && distance < candidate.length()) {
                bestDistance = distance;
                best = Optional.of(candidate);
            }
        }
        return best.or(() -> candidates.stream()
                .filter(candidate -> isBeginning(name, candidate) || isBeginning(candidate, name))
                .findFirst());
    }

    private static boolean isBeginning(String start, String word) {
        return start.length() >= SHORTEST_BEGINNING && word.startsWith(start);
    }

    /** Letters to insert, delete or replace to get from one word to the other (Levenshtein). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
