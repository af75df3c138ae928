// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.oscillator.CovariateConfig;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.slf4j.event.Level;

/**
 * Everything an operator decides about the daemon, checked and typed. Immutable. Every component comes from one key of
 * the configuration file; every key that has an effect is here.
 *
 * @param servers to be asked; empty while it is left to the host ({@link LoadedConfig#withHostServers})
 * @param cookieFile file that NTS keys and cookies are kept in between two runs; empty: none
 * @param minServers so many servers have to agree on a time, 1..
 * @param leapSmear which time scale is followed where servers smear leap seconds; see {@link #followsSmear}
 * @param leapSecondsList the file of leap seconds; empty: none
 * @param vmClock the VMClock's device, or auto, or none
 * @param timeoutSeconds how long a reply is waited for, s
 * @param maxAcceptableUncertaintySeconds the stated standard deviation above which a correction is not valid, s
 * @param maxDrift most by which average frequencies of the oscillator over two stretches of an hour differ, s/s
 * @param maxStepSeconds most by which the servers may move together once they have been followed, s
 * @param asymmetry standard deviation of a server's time by an asymmetry of its path, as a share of the delay one way
 * @param minStratum lowest stratum accepted, 1..15
 * @param maxStratum highest stratum accepted, minStratum..15
 * @param warmupLimitSeconds longest a warm-up may take, s
 * @param warmupIntervalSeconds between two exchanges with one server during warm-up, s; ask
 *     {@link ServerConfig#burstSeconds} for what an address gets
 * @param measurementIntervalSeconds interval between exchanges in normal operation, s; empty: it adapts; see
 *     {@link ServerConfig#poll} for what an address gets
 * @param speaker who speaks once it can: SHORT_TERM, LONG_TERM, FUSION, or NTP: bare measurements
 * @param shortTermHorizonSeconds longest a published line may be followed without being refreshed, s
 * @param learnedFilter whether the learned filter speaks beside the clock model
 * @param learnedWeights the weights of that filter; empty: those that come with it
 * @param models models from files, at most one beside each forecaster
 * @param covariates names of what the clock model may follow, those of {@link CovariateConfig} or any other
 * @param logLevel least severe level that is logged
 * @param exchangeLog file that every exchange is kept in; empty: none
 * @param exchangeLogBytes size at which that file is put aside, bytes
 * @param frequencyHz records published a second, 1..1000
 * @param cpuAffinity numbers of the CPUs the writer is pinned to, ascending; empty: not pinned
 * @param shm name or path of the segment
 * @param httpPort TCP port of the page and of the metrics for Prometheus; 0: none
 * @param httpAddress address that it is listened at
 * @param httpTokenFile file with what callers have to present; empty: nothing
 * @param outputs where the time goes beside the segment
 */
public record DaemonConfig(
        List<ServerConfig> servers,
        Optional<Path> cookieFile,
        int minServers,
        LeapSmear leapSmear,
        Optional<Path> leapSecondsList,
        String vmClock,
        double timeoutSeconds,
        double maxAcceptableUncertaintySeconds,
        double maxDrift,
        double maxStepSeconds,
        double asymmetry,
        int minStratum,
        int maxStratum,
        double warmupLimitSeconds,
        double warmupIntervalSeconds,
        OptionalDouble measurementIntervalSeconds,
        Correction.Source speaker,
        double shortTermHorizonSeconds,
        boolean learnedFilter,
        Optional<Path> learnedWeights,
        List<ModelConfig> models,
        List<String> covariates,
        Level logLevel,
        Optional<Path> exchangeLog,
        long exchangeLogBytes,
        int frequencyHz,
        List<Integer> cpuAffinity,
        String shm,
        int httpPort,
        InetAddress httpAddress,
        Optional<Path> httpTokenFile,
        OutputsConfig outputs) {

    public DaemonConfig {
        servers = List.copyOf(servers);
        models = List.copyOf(models);
        covariates = List.copyOf(covariates);
        cpuAffinity = List.copyOf(cpuAffinity);
    }

    /** The same with other servers. */
    public DaemonConfig withServers(List<ServerConfig> others) {
        return new DaemonConfig(
                others,
                cookieFile,
                minServers,
                leapSmear,
                leapSecondsList,
                vmClock,
                timeoutSeconds,
                maxAcceptableUncertaintySeconds,
                maxDrift,
                maxStepSeconds,
                asymmetry,
                minStratum,
                maxStratum,
                warmupLimitSeconds,
                warmupIntervalSeconds,
                measurementIntervalSeconds,
                speaker,
                shortTermHorizonSeconds,
                learnedFilter,
                learnedWeights,
                models,
                covariates,
                logLevel,
                exchangeLog,
                exchangeLogBytes,
                frequencyHz,
                cpuAffinity,
                shm,
                httpPort,
                httpAddress,
                httpTokenFile,
                outputs);
    }

    /** Whether the servers' time is followed while they smear a leap second, instead of UTC. */
    public boolean followsSmear() {
        return leapSmear.follows(servers);
    }

    /** What people call the servers, each by another name: those of a pool are NAME#1, NAME#2, ... */
    public List<String> serverNames() {
        Map<String, Integer> seen = new HashMap<>();
        List<String> names = new ArrayList<>();
        for (ServerConfig server : servers) {
            long members = servers.stream()
                    .filter(other -> other.name().equals(server.name()))
                    .count();
            int number = seen.merge(server.name(), 1, Integer::sum);
            names.add(members == 1 ? server.name() : server.name() + "#" + number);
        }
        return names;
    }

    /** The same, but for measuring alone: other servers, asked at another interval, s, with neither models nor covariates. */
    public DaemonConfig measuring(List<ServerConfig> others, OptionalDouble intervalSeconds) {
        return new DaemonConfig(
                others,
                Optional.empty(),
                1,
                leapSmear,
                Optional.empty(),
                vmClock,
                timeoutSeconds,
                maxAcceptableUncertaintySeconds,
                maxDrift,
                maxStepSeconds,
                asymmetry,
                minStratum,
                maxStratum,
                warmupLimitSeconds,
                warmupIntervalSeconds,
                intervalSeconds,
                speaker,
                shortTermHorizonSeconds,
                false,
                Optional.empty(),
                List.of(),
                List.of(),
                logLevel,
                exchangeLog,
                exchangeLogBytes,
                frequencyHz,
                cpuAffinity,
                shm,
                httpPort,
                httpAddress,
                httpTokenFile,
                OutputsConfig.NONE);
    }
}
