// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.Reading;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/**
 * What {@code get_daemon_status} returns. When no daemon runs, all counts are zero and the message says what to do.
 *
 * @param status how the daemon is doing
 * @param warmupComplete whether it has measured enough
 * @param warmupProgress how much of that, 0..1
 * @param measurementCount measurements accepted since it started
 * @param totalCorrections records published
 * @param daemonUptime time since it started, s
 * @param lastNtpSync newest accepted measurement, Unix seconds of the system clock; 0 if none
 * @param secondsSinceNtp time since then, s; absent if none
 * @param ntpReady whether servers have been measured
 * @param modelsReady whether the models have learned enough
 * @param memoryUsageMb resident memory of the daemon, MB; 0 if unknown
 * @param cpuAffinity CPUs its writer is bound to; empty: any
 * @param averageLatencyMs mean time to produce and publish a record, ms
 * @param dataSource what the correction rests on
 * @param confidence share of recent forecasts that held what they promised, 0..1
 * @param callLatencyMs time that this call took, ms
 * @param sources the servers
 * @param message what is wrong and what to do about it; absent if nothing is
 */
public record DaemonStatus(
        @About(
                "ready: the time is good. warming_up: measuring, wait some seconds. holdover: no server answers, the time"
                        + " is still good but its uncertainty grows. expired: too old to use. not_running: no daemon.")
        Reading.State status,

        @About("Whether the daemon has measured enough.") boolean warmupComplete,
        @About("Progress of the warm-up, 0 to 1.") double warmupProgress,
        @About("NTP measurements accepted since the start.") long measurementCount,
        @About("Records published since the start.") long totalCorrections,
        @About("Seconds since the daemon started.") double daemonUptime,

        @About("Newest accepted NTP measurement, Unix seconds of the system clock; 0 if none.")
        BigDecimal lastNtpSync,

        @About("Seconds since the newest accepted measurement.")
        Optional<Double> secondsSinceNtp,

        @About("Whether NTP servers have been measured.") boolean ntpReady,

        @About("Whether the clock models have learned enough.")
        boolean modelsReady,

        @About("Resident memory of the daemon, MB; 0 if unknown.")
        double memoryUsageMb,

        @About("CPUs the daemon's writer is bound to, for example 0,1; empty: any.")
        String cpuAffinity,

        @About("Mean time the daemon takes to produce and publish a record, milliseconds.")
        double averageLatencyMs,

        @About("What the correction rests on: NO_DATA, NTP, CPU_MODEL, GPU_MODEL, FUSION.")
        String dataSource,

        @About("0 to 1: share of the recent forecasts that kept what they promised.")
        double confidence,

        @About("How long this call took inside the server, milliseconds.")
        double callLatencyMs,

        @About("The NTP servers.") List<Source> sources,

        @About("What is wrong and what to do about it, if anything is.")
        Optional<String> message)
        implements ToolResult {

    public DaemonStatus {
        sources = List.copyOf(sources);
    }

    /**
     * One NTP server. Offsets are positive when it is ahead.
     *
     * @param name as configured
     * @param state what the daemon makes of it
     * @param stratum 1..15; 0 if it has not answered
     * @param reach which of the last eight requests were answered, newest in bit 0
     * @param offset server minus published time, s; absent if it has not answered, like the rest
     * @param delay round-trip delay, s
     * @param jitter mean excess of the delay over its base, s
     * @param rootDistance bound on its own error as seen from here, s
     * @param secondsSinceAnswer time since its newest accepted answer, s
     */
    public record Source(
            @About("As configured.") String name,

            @About(
                    "selected: used. candidate: not usable yet. falseticker: contradicts the majority. unreachable: does not"
                            + " answer. unauthenticated, denied: as they say.")
            String state,

            @About("Distance from a reference clock, 1 to 15; 0 if it has not answered.")
            int stratum,

            @About("Which of the last eight requests were answered, as bits, newest lowest.")
            int reach,

            @About("Its time minus the published one, seconds.")
            Optional<Double> offset,

            @About("Round-trip delay, seconds.") Optional<Double> delay,

            @About("Mean excess of the delay over its base, seconds.")
            Optional<Double> jitter,

            @About("Bound on its error as seen from here, seconds.")
            Optional<Double> rootDistance,

            @About("Seconds since its newest accepted answer.")
            Optional<Double> secondsSinceAnswer) {}

    @Override
    public String summary() {
        String text = "ChronoTick is " + status.label() + ": ";
        if (status == Reading.State.NOT_RUNNING || status == Reading.State.EXPIRED) {
            return text + message.orElse("no valid time") + ".";
        }
        long selected = sources.stream()
                .filter(source -> source.state().equals("selected"))
                .count();
        return text + measurementCount + " measurements, " + selected + " of " + sources.size() + " servers selected"
                + secondsSinceNtp
                        .map(age -> ", last measured " + Text.seconds(age) + " ago")
                        .orElse("")
                + ", confidence " + Math.round(confidence * 100) + " %."
                + message.map(line -> " " + line + ".").orElse("");
    }
}
