// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class ProcessStatsTest {
    @Test
    void shouldTellTheResidentMemoryOfAVirtualMachine() {
        assumeTrue(Libc.isSupported());
        // No JVM lives in less than 10 MB, and none runs this test in 100 GB.
        assertThat(ProcessStats.residentBytes()).isBetween(10_000_000L, 100_000_000_000L);
    }

    @Test
    void shouldTellTheCpuTimeThatTheManagementBeanTells() {
        OperatingSystemMXBean bean = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double expected = bean.getProcessCpuTime() * 1e-9;
        // The bean counts in ticks of 10 ms; the rest is what the threads of the JVM take between the two reads.
        assertThat(ProcessStats.cpuSeconds()).isCloseTo(expected, within(0.5));
        assertThat(expected).isPositive();
    }
}
