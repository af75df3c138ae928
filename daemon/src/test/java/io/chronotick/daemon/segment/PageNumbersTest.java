// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.NtsStatus;
import io.chronotick.client.PageLayout;
import io.chronotick.client.SourceRow;
import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import io.chronotick.engine.nts.KeyExchangeFailure;
import io.chronotick.engine.nts.NtsReport;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The numbers that the daemon writes by the order of the engine's constants are those that readers know by name. */
class PageNumbersTest {
    private static List<String> names(Enum<?>... constants) {
        return Arrays.stream(constants).map(Enum::name).toList();
    }

    @Test
    void statesOfServers() {
        assertThat(names(SourceRow.State.values())).isEqualTo(names(SourceState.values()));
        assertThat(SourceRow.State.values()).allMatch(state -> state.code() == state.ordinal());
    }

    @Test
    void reasonsOfDrops() {
        assertThat(SourceRow.DROP_REASONS)
                .isEqualTo(names(DropReason.values()).stream()
                        .map(name -> name.toLowerCase(Locale.ROOT).replace('_', ' '))
                        .toList())
                .hasSize(PageLayout.DROP_REASONS);
    }

    @Test
    void statesOfAuthentication() {
        assertThat(names(NtsStatus.State.values())).isEqualTo(names(NtsReport.State.values()));
        assertThat(NtsStatus.State.values()).allMatch(state -> state.code() == 1 + state.ordinal());
    }

    @Test
    void failuresOfKeyExchanges() {
        List<String> failures = names(KeyExchangeFailure.values());
        assertThat(failures.getFirst()).isEqualTo("NONE");
        assertThat(names(NtsStatus.Failure.values())).isEqualTo(failures.subList(1, failures.size()));
        assertThat(NtsStatus.Failure.values()).allMatch(failure -> failure.code() == 1 + failure.ordinal());
    }

    @Test
    void troubles() {
        List<String> troubles = names(SourceTrouble.values());
        assertThat(troubles.getFirst()).isEqualTo("NONE");
        assertThat(names(SourceRow.Trouble.values())).isEqualTo(troubles.subList(1, troubles.size()));
        assertThat(SourceRow.Trouble.values()).allMatch(trouble -> trouble.code() == 1 + trouble.ordinal());
    }
}
