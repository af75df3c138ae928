// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.daemon.config.Settings.Setting;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which servers may be asked together, and by which other settings. Stateless. */
final class ServerRules {
    private ServerRules() {}

    /** Reports what is wrong with the servers that are named; those that the host is to name are not known yet. */
    static void check(Settings given, Mistakes inFile, int cpus) {
        checkAuthentication(given, inFile, cpus);
        checkServers(given, inFile, cpus);
    }

    private static void checkAuthentication(Settings given, Mistakes inFile, int cpus) {
        if (!given.given(ConfigKeys.REQUIRE_AUTHENTICATION).orElse(false)) {
            return;
        }
        List<ServerConfig> servers = ConfigLoader.given(ConfigKeys.SERVERS, given, cpus);
        if (servers.isEmpty()) {
            // What the host names need not have NTS, and is not known yet.
            rejectAuthentication(
                    given,
                    inFile,
                    "with servers: auto, which may name servers without NTS; name servers that offer it instead:"
                            + " clock_measurement.ntp.servers: [{host: NAME, nts: true}, ...]");
            return;
        }
        List<String> unauthenticated = servers.stream()
                .filter(server -> server.keyExchange().isEmpty())
                .map(ServerConfig::name)
                .toList();
        if (!unauthenticated.isEmpty()) {
            rejectAuthentication(
                    given,
                    inFile,
                    "and servers without nts: true (" + String.join(", ", unauthenticated)
                            + "), allowed: only servers that offer NTS, each as {host: NAME, nts: true}");
        }
    }

    private static void rejectAuthentication(Settings given, Mistakes inFile, String why) {
        inFile.report(
                given.find(ConfigKeys.REQUIRE_AUTHENTICATION).orElseThrow().node(),
                ConfigKeys.REQUIRE_AUTHENTICATION.path(),
                "found true, " + why);
    }

    /** Those that the file names; what the host names is not known yet. */
    private static void checkServers(Settings given, Mistakes inFile, int cpus) {
        List<ServerConfig> servers = ConfigLoader.given(ConfigKeys.SERVERS, given, cpus);
        if (servers.isEmpty()) {
            return;
        }
        Setting setting = given.find(ConfigKeys.SERVERS).orElseThrow();
        Mistakes there = setting.line() > 0 ? inFile : new Mistakes(setting.origin(), cpus, inFile.lines());
        tooFewServers(ConfigLoader.given(ConfigKeys.MIN_SERVERS, given, cpus), servers)
                .ifPresent(what -> there.report(setting.node(), ConfigKeys.SERVERS.path(), what));
        smearedServers(ConfigLoader.given(ConfigKeys.LEAP_SMEAR, given, cpus), servers)
                .ifPresent(what -> there.report(setting.node(), ConfigKeys.SERVERS.path(), what));
        if (servers.stream().anyMatch(ServerConfig::isSystemClock)) {
            systemClock(servers, given, cpus)
                    .ifPresent(what -> there.report(setting.node(), ConfigKeys.SERVERS.path(), what));
        }
    }

    /** It is an opinion that others have formed, and not one to hand back to them. */
    private static Optional<String> systemClock(List<ServerConfig> servers, Settings given, int cpus) {
        if (servers.size() > 1) {
            return Optional.of(
                    "found kind: system beside others, allowed: alone, since the system clock is no second opinion beside the"
                            + " servers that steer it; name these servers instead");
        }
        if (ConfigLoader.given(ConfigKeys.CHRONY_SOCK, given, cpus).isPresent()
                || ConfigLoader.given(ConfigKeys.NTP_SHM, given, cpus) >= 0) {
            return Optional.of(
                    "found kind: system beside outputs.chrony_sock or outputs.ntp_shm, allowed: without, since the system clock"
                            + " would be steered by itself");
        }
        return Optional.empty();
    }

    static Optional<String> tooFewServers(int least, List<ServerConfig> servers) {
        return servers.size() >= least
                ? Optional.empty()
                : Optional.of("found " + servers.size() + " servers, allowed: at least min_servers, which is " + least);
    }

    static Optional<String> smearedServers(LeapSmear smear, List<ServerConfig> servers) {
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
}
