// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.engine.Correction;
import io.chronotick.engine.CovariateConfig;
import java.util.List;
import org.slf4j.event.Level;

/**
 * Everything an operator decides about the daemon, checked and typed. Immutable. Every component comes from one key of
 * the configuration file; every key that has an effect is here.
 *
 * @param servers the servers to measure against, 1..16
 * @param timeoutSeconds how long a reply is waited for, s
 * @param maxAcceptableUncertaintySeconds the stated standard deviation above which a correction is not valid, s
 * @param minStratum lowest stratum accepted, 1..15
 * @param maxStratum highest stratum accepted, minStratum..15
 * @param warmupLimitSeconds longest a warm-up may take, s
 * @param warmupIntervalSeconds between two exchanges with one server during warm-up, s; ask
 *     {@link ServerConfig#burstSeconds} for what an address gets
 * @param measurementIntervalSeconds between two exchanges with one server in normal operation, s; ask
 *     {@link ServerConfig#pollSeconds} for what an address gets
 * @param speaker who speaks once it can: SHORT_TERM, LONG_TERM, FUSION, or NTP: bare measurements
 * @param shortTermHorizonSeconds longest a published line may be followed without being refreshed, s
 * @param learnedFilter whether the learned filter speaks beside the clock model
 * @param models models from files, at most one beside each forecaster
 * @param covariates names of what the clock model may follow, those of {@link CovariateConfig} or any other
 * @param logLevel least severe level that is logged
 * @param frequencyHz records published a second, 1..1000
 * @param cpuAffinity numbers of the CPUs the writer is pinned to, ascending; empty: not pinned
 * @param shm name or path of the segment
 */
public record DaemonConfig(
        List<ServerConfig> servers,
        double timeoutSeconds,
        double maxAcceptableUncertaintySeconds,
        int minStratum,
        int maxStratum,
        double warmupLimitSeconds,
        double warmupIntervalSeconds,
        double measurementIntervalSeconds,
        Correction.Source speaker,
        double shortTermHorizonSeconds,
        boolean learnedFilter,
        List<ModelConfig> models,
        List<String> covariates,
        Level logLevel,
        int frequencyHz,
        List<Integer> cpuAffinity,
        String shm) {

    public DaemonConfig {
        servers = List.copyOf(servers);
        models = List.copyOf(models);
        covariates = List.copyOf(covariates);
        cpuAffinity = List.copyOf(cpuAffinity);
    }
}
