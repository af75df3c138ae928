// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which servers do not go together, or not with the rest of a configuration. Each says what was found and what is allowed, or nothing. */
final class ServerRules {
    private ServerRules() {}

    static Optional<String> tooFew(int least, List<ServerConfig> servers) {
        return servers.size() >= least
                ? Optional.empty()
                : Optional.of("found " + servers.size() + " servers, allowed: at least min_servers, which is " + least);
    }

    static Optional<String> smeared(LeapSmear smear, List<ServerConfig> servers) {
        if (!smear.refuses(servers)) {
            return Optional.empty();
        }
        String smearing = servers.stream()
                .filter(server -> LeapSmear.wayOf(server).isPresent())
                .map(ServerConfig::name)
                .distinct()
                .collect(Collectors.joining(", "));
        return Optional.of("found servers that smear leap seconds (" + smearing + ") "
                + (smear == LeapSmear.REFUSE ? "with leap_smear: refuse" : "beside others that do not do it like them")
                + ", allowed: only servers that do not smear, or only servers that smear in the same way");
    }

    /**
     * The system clock is an opinion that others have formed, and not one to hand back to them.
     *
     * @param isSteering whether the time goes to programs that may steer the system clock by it
     */
    static Optional<String> systemClock(List<ServerConfig> servers, boolean isSteering) {
        if (servers.stream().noneMatch(ServerConfig::isSystemClock)) {
            return Optional.empty();
        }
        if (servers.size() > 1) {
            return Optional.of(
                    "found kind: system beside others, allowed: alone, since the system clock is no second opinion beside the"
                            + " servers that steer it; name these servers instead");
        }
        return isSteering
                ? Optional.of(
                        "found kind: system beside outputs.chrony_sock or outputs.ntp_shm, allowed: without, since the system clock"
                                + " would be steered by itself")
                : Optional.empty();
    }
}
