// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.http.JsonText;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What has happened of late, by what is different from a second before: states, liars, holdover, steps. Not thread-safe. */
final class PageEvents {
    private static final int KEPT = 200;

    /**
     * One of them.
     *
     * @param unixSeconds when it was seen
     * @param grave whether somebody should look into it
     */
    record Event(double unixSeconds, boolean grave, String text) {
        void write(JsonText json) {
            json.array().value(unixSeconds).value(grave).value(text).endArray();
        }
    }

    private final Deque<Event> kept = new ArrayDeque<>();
    private final Map<String, SourceState> states = new HashMap<>();
    private String state = "";
    private long steps;

    /** Looks; returns what is new. */
    List<Event> look(double unixSeconds, String stateNow, List<SourceReport> sources, long stepsNow) {
        List<Event> fresh = new ArrayList<>();
        if (!stateNow.equals(state)) {
            boolean grave = !stateNow.equals("READY") && !state.isEmpty() && !stateNow.equals("WARMING UP");
            fresh.add(new Event(unixSeconds, grave, stateNow));
            state = stateNow;
        }
        if (stepsNow > steps) {
            fresh.add(new Event(unixSeconds, true, "the system clock was stepped"));
        }
        steps = stepsNow;
        Set<String> present = new HashSet<>();
        for (SourceReport source : sources) {
            present.add(source.name());
            SourceState before = states.put(source.name(), source.state());
            if (before == null) {
                fresh.add(new Event(unixSeconds, false, source.name() + " is asked"));
            }
            // One may have been judged before anybody looked for the first time.
            if (before == null ? isJudged(source.state()) : before != source.state()) {
                fresh.add(new Event(unixSeconds, isGrave(source.state()), source.name() + " " + words(source.state())));
            }
        }
        for (String gone : List.copyOf(states.keySet())) {
            if (!present.contains(gone)) {
                states.remove(gone);
                fresh.add(new Event(unixSeconds, false, gone + " is not asked any more"));
            }
        }
        for (Event event : fresh) {
            kept.addLast(event);
            if (kept.size() > KEPT) {
                kept.removeFirst();
            }
        }
        return fresh;
    }

    private static boolean isJudged(SourceState state) {
        return state != SourceState.CANDIDATE && state != SourceState.UNREACHABLE;
    }

    private static boolean isGrave(SourceState state) {
        return state != SourceState.SELECTED && state != SourceState.CANDIDATE;
    }

    private static String words(SourceState state) {
        return switch (state) {
            case SELECTED -> "agrees with the majority";
            case FALSETICKER -> "is a falseticker";
            case UNREACHABLE -> "does not answer";
            case UNAUTHENTICATED -> "does not authenticate itself";
            case DENIED -> "refuses";
            case SMEARING -> "smears a leap second";
            case CANDIDATE -> "is not judged yet";
        };
    }

    void write(JsonText json) {
        json.array();
        kept.forEach(event -> event.write(json));
        json.endArray();
    }
}
