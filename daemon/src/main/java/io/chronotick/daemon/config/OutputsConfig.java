// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where the time goes beside the segment. Immutable.
 *
 * @param clockBound ClockBound's segment
 * @param chronySocket the socket of a chronyd's reference clock
 * @param ntpShm unit of NTP's shared memory, 0..255
 * @param ntpServerPort UDP port of an NTP server; 0: none
 * @param ntpServerAddress where it listens
 */
public record OutputsConfig(
        Optional<Path> clockBound,
        Optional<Path> chronySocket,
        OptionalInt ntpShm,
        int ntpServerPort,
        InetAddress ntpServerAddress) {
    /** Nowhere. */
    public static final OutputsConfig NONE = new OutputsConfig(
            Optional.empty(), Optional.empty(), OptionalInt.empty(), 0, InetAddress.getLoopbackAddress());

    static OutputsConfig of(Settings all) {
        int unit = all.get(ConfigKeys.NTP_SHM);
        return new OutputsConfig(
                all.get(ConfigKeys.CLOCKBOUND),
                all.get(ConfigKeys.CHRONY_SOCK),
                unit < 0 ? OptionalInt.empty() : OptionalInt.of(unit),
                all.get(ConfigKeys.NTP_SERVER_PORT),
                all.get(ConfigKeys.NTP_SERVER_ADDRESS));
    }
}
