// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CpuAffinityTest {
    @BeforeAll
    static void needsLinux() {
        assumeTrue(Libc.isSupported());
    }

    @Test
    void shouldBindTheThreadAndOnlyTheThread() {
        List<Integer> before = CpuAffinity.available();
        int cpu = before.get(before.size() - 1);
        List<Integer> bound = onThread(() -> {
            CpuAffinity.bindCurrentThread(List.of(cpu, cpu));
            return CpuAffinity.available();
        });
        assertThat(bound).containsExactly(cpu);
        assertThat(CpuAffinity.available()).isEqualTo(before);
    }

    @Test
    void shouldWidenWhatWasNarrowed() {
        List<Integer> before = CpuAffinity.available();
        List<Integer> after = onThread(() -> {
            CpuAffinity.bindCurrentThread(before.subList(0, 1));
            CpuAffinity.bindCurrentThread(before);
            return CpuAffinity.available();
        });
        assertThat(after).isEqualTo(before);
    }

    /** CPU 8191 is the last that Linux can have: no machine that runs this test does. */
    @Test
    void shouldNameTheCpuThatIsNotAvailableAndLeaveTheThreadAsItWas() {
        List<Integer> before = CpuAffinity.available();
        for (List<Integer> wanted : List.of(List.of(8191), List.of(before.get(0), 8191))) {
            List<Integer> after = onThread(() -> {
                assertThatThrownBy(() -> CpuAffinity.bindCurrentThread(wanted))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith(
                                "CPU 8191 is not available to this process; choose from: " + before.get(0));
                return CpuAffinity.available();
            });
            assertThat(after).isEqualTo(before);
        }
    }

    @Test
    void shouldRefuseNumbersThatAreNoCpu() {
        assertThatThrownBy(() -> CpuAffinity.bindCurrentThread(List.of(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("CPU -1");
        assertThatThrownBy(() -> CpuAffinity.bindCurrentThread(List.of(1 << 20)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("CPU 1048576");
        assertThatThrownBy(() -> CpuAffinity.bindCurrentThread(List.of())).isInstanceOf(IllegalArgumentException.class);
    }

    private static <T> T onThread(Supplier<T> action) {
        try {
            return CompletableFuture.supplyAsync(
                            action, task -> Thread.ofPlatform().start(task))
                    .join();
        } catch (CompletionException e) {
            throw new AssertionError(e.getCause());
        }
    }
}
