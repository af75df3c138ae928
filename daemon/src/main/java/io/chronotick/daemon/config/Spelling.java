// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.Collection;
import java.util.Optional;

/** Guesses what a misspelt name was meant to be. */
public final class Spelling {
    private static final int SHORTEST_BEGINNING = 3;

    private Spelling() {}

    /**
     * The candidate nearest to a name, if it is near: up to a third of its letters wrong, and two in any case; failing
     * that, one of which the name is the beginning, or the other way round.
     */
    public static Optional<String> nearest(String name, Collection<String> candidates) {
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

    /** Letters to insert, delete, replace or swap with their neighbour to get from one word to the other (Damerau). */
    private static int distance(String from, String to) {
        int[][] rows = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            rows[i][0] = i;
        }
        for (int j = 0; j <= to.length(); j++) {
            rows[0][j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            for (int j = 1; j <= to.length(); j++) {
                char last = from.charAt(i - 1);
                int replaced = rows[i - 1][j - 1] + (last == to.charAt(j - 1) ? 0 : 1);
                rows[i][j] = Math.min(replaced, 1 + Math.min(rows[i - 1][j], rows[i][j - 1]));
                boolean swapped = i > 1 && j > 1 && last == to.charAt(j - 2) && from.charAt(i - 2) == to.charAt(j - 1);
                if (swapped) {
                    rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
                }
            }
        }
        return rows[from.length()][to.length()];
    }
}
