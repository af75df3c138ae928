// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceReport;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * What the status page says, beside what never changes while the daemon runs. Immutable.
 *
 * @param warmupProgress 0..1
 * @param waitingFor what the warm-up waits for; empty when complete
 * @param leap leap indicator of the selected servers
 * @param tickOverruns deadlines the writer missed
 * @param weightShortTerm weight of the short-term forecaster in the published time, 0..1
 * @param weightLongTerm weight of the long-term forecaster, 0..1
 * @param latencyP50Nanos median time to produce and publish one record, ns
 * @param latencyP99Nanos 99th percentile of the same, ns
 * @param residentBytes resident memory, bytes
 * @param cpuSeconds CPU time used, s
 * @param clockSteps steps of the system clock seen
 * @param monotonicNanos now, CLOCK_MONOTONIC, ns
 * @param rawNanos now, CLOCK_MONOTONIC_RAW, ns
 * @param learnedModels how the learned models are doing, in words; empty when none is configured
 * @param statisticalSd the part of the stated uncertainty that measurements scatter by, s; infinite while nothing is known
 * @param systematicSd its part that no measurement shows, s
 * @param sources the servers
 * @param addresses where they are asked, in the same order; empty for one of which that is not known
 */
public record DaemonStatus(
        double warmupProgress,
        String waitingFor,
        LeapIndicator leap,
        long tickOverruns,
        double weightShortTerm,
        double weightLongTerm,
        double latencyP50Nanos,
        double latencyP99Nanos,
        double residentBytes,
        double cpuSeconds,
        long clockSteps,
        long monotonicNanos,
        long rawNanos,
        String learnedModels,
        double statisticalSd,
        double systematicSd,
        List<SourceReport> sources,
        List<Optional<InetSocketAddress>> addresses) {

    /** Of a warm daemon, and nothing else: for who wants records to be read and has no daemon, as a benchmark. */
    public static final DaemonStatus EMPTY =
            new DaemonStatus(1, "", LeapIndicator.NONE, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, "", 0, 0, List.of(), List.of());
}
