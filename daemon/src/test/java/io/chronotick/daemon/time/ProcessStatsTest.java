// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class ProcessStatsTest {
    /** What counters of CPU time are exact to, and a little. */
    private static final double TICK_SECONDS = 0.02;

    @Test
    void shouldTellTheResidentMemoryOfAVirtualMachine() {
        assumeTrue(Libc.isSupported());
        // No JVM lives in less than 10 MB, and none runs this test in 100 GB.
        assertThat(ProcessStats.residentBytes()).isBetween(10_000_000L, 100_000_000_000L);
    }

    @Test
    void shouldTellTheCpuTimeThatTheManagementBeanTells() {
        OperatingSystemMXBean bean = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double before = bean.getProcessCpuTime() * 1e-9;
        double told = ProcessStats.cpuSeconds();
        double after = bean.getProcessCpuTime() * 1e-9;
        assertThat(before).isPositive();
        assertThat(told).isBetween(before - TICK_SECONDS, after + TICK_SECONDS);
    }
}
