// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.http.JsonText;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import io.chronotick.engine.ntp.StampKind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PageEventsTest {
    private final PageEvents events = new PageEvents();

    private static SourceReport server(String name, SourceState state) {
        return new SourceReport(
                name,
                state,
                1,
                1,
                16,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                LeapIndicator.NONE,
                StampKind.USER,
                1,
                1,
                0,
                List.of(),
                Optional.empty(),
                SourceTrouble.NONE,
                false,
                0);
    }

    private List<String> look(String state, long steps, SourceReport... servers) {
        return events.look(7, state, List.of(servers), steps).stream()
                .map(event -> (event.grave() ? "! " : "") + event.text())
                .toList();
    }

    @Test
    void shouldTellOfAServerThatWasJudgedBeforeTheFirstLook() {
        assertThat(look("READY", 0, server("a", SourceState.SELECTED), server("b", SourceState.FALSETICKER)))
                .containsExactly(
                        "READY", "a is asked", "a agrees with the majority", "b is asked", "! b is a falseticker");
    }

    @Test
    void shouldTellOfWhatIsDifferentAndOfNothingElse() {
        assertThat(look("WARMING UP", 0, server("a", SourceState.CANDIDATE)))
                .containsExactly("WARMING UP", "a is asked");
        assertThat(look("READY", 0, server("a", SourceState.SELECTED)))
                .containsExactly("READY", "a agrees with the majority");
        assertThat(look("READY", 0, server("a", SourceState.SELECTED))).isEmpty();
        assertThat(look("HOLDOVER", 1, server("a", SourceState.FALSETICKER), server("b", SourceState.CANDIDATE)))
                .containsExactly("! HOLDOVER", "! the system clock was stepped", "! a is a falseticker", "b is asked");
        assertThat(look("HOLDOVER", 1, server("b", SourceState.UNREACHABLE)))
                .containsExactly("! b does not answer", "a is not asked any more");
    }

    @Test
    void shouldKeepTwoHundred() {
        for (int i = 0; i < 500; i++) {
            look(i % 2 == 0 ? "READY" : "HOLDOVER", 0);
        }
        JsonText json = new JsonText();
        events.write(json);
        assertThat(json.toString().split("HOLDOVER", -1)).hasSize(101);
    }
}
