// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which time scale is followed where servers smear leap seconds: they run a little slower or quicker for about a day instead, and are off
 * UTC by up to a second meanwhile.
 */
public enum LeapSmear {
    /** Theirs if all servers are known to smear in the same way, else UTC. */
    AUTO,
    /** UTC. */
    REFUSE,
    /** Theirs: whoever says so knows that all servers smear in the same way. */
    FOLLOW;

    /**
     * Public services that smear, by what their operators say, each with its way of doing it: Google Public NTP
     * (developers.google.com/time/smear; metadata.google.internal is the same inside Compute Engine), and Amazon Time Sync inside EC2
     * and outside (EC2 User Guide, "Set the time"), linearly from noon to noon; Meta (engineering.fb.com) by a curve of its own.
     */
    private static final Map<String, Set<String>> KNOWN = Map.of(
            "noon to noon",
            Set.of(
                    "time.google.com",
                    "time1.google.com",
                    "time2.google.com",
                    "time3.google.com",
                    "time4.google.com",
                    "time.android.com",
                    "metadata.google.internal",
                    "169.254.169.123",
                    "fd00:ec2::123",
                    "time.aws.com"),
            "Meta's",
            Set.of(
                    "time.facebook.com",
                    "time1.facebook.com",
                    "time2.facebook.com",
                    "time3.facebook.com",
                    "time4.facebook.com",
                    "time5.facebook.com"));

    /** How a server is known to smear; empty if nothing is known of it. */
    static Optional<String> wayOf(ServerConfig server) {
        String host = server.host().toLowerCase(Locale.ROOT);
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        return KNOWN.entrySet().stream()
                .filter(way -> way.getValue().contains(name))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** Whether some of these servers must not be asked beside the others, or at all. */
    boolean refuses(List<ServerConfig> servers) {
        List<Optional<String>> ways =
                servers.stream().map(LeapSmear::wayOf).distinct().toList();
        return switch (this) {
            case AUTO -> ways.size() > 1;
            case REFUSE -> ways.stream().anyMatch(Optional::isPresent);
            case FOLLOW -> false;
        };
    }

    /** Whether the time of these servers is followed through a smear. */
    boolean follows(List<ServerConfig> servers) {
        return this == FOLLOW
                || (this == AUTO
                        && !servers.isEmpty()
                        && servers.stream().allMatch(server -> wayOf(server).isPresent()));
    }
}
