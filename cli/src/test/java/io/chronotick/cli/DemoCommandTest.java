// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DemoCommandTest {
    /** The newcomer's command: servers, daemon and reader at work, and in the end what they came to. */
    @Test
    void shouldEndWithTheTableAndTheTruthInsideTheBound() {
        TestShell shell = new TestShell();
        assertThat(shell.run("demo", "--duration", "10")).as(shell.err()).isZero();
        assertThat(shell.out())
                .contains("three tell a time 23.1 ms and 12 ppm", "   10 s  ", "Next:\n  chronotick daemon ")
                .containsPattern("True error: +RMS .* worst ")
                .containsPattern("Truth inside the 95 % interval: +\\d")
                .containsPattern("Truth inside the bound: +100.0 % of the time")
                .containsPattern("First valid reading: +after ")
                .containsPattern("READY: +after ")
                .containsPattern("Lying server: +found out: falseticker")
                .containsPattern("Read latency: +\\d+ ns median");
        assertThat(shell.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(shell.err()).isEmpty();
    }
}
