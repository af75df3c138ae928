// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;

/**
 * What the record does not say of the time, and those who hand it on have to.
 *
 * @param leap the announced leap second
 * @param frequency rate of UTC against CLOCK_MONOTONIC_RAW, less one
 * @param stratum of the best server in use; 0 without one
 * @param referenceId that server, as RFC 5905 writes it (section 7.3): by it hosts that ask each other notice
 * @param disruptionMarker what the VMClock said before the record was looked at; 0 where there is none
 */
public record Upstream(LeapIndicator leap, double frequency, int stratum, int referenceId, long disruptionMarker) {
    private static final int NOBODY = 0;

    /** Of a correction and the servers that it rests on. */
    public static Upstream of(
            Correction correction,
            List<SourceReport> sources,
            List<Optional<InetSocketAddress>> addresses,
            long disruptionMarker) {
        int best = -1;
        for (int i = 0; i < sources.size(); i++) {
            if (sources.get(i).state() == SourceState.SELECTED
                    && (best < 0 || sources.get(i).stratum() < sources.get(best).stratum())) {
                best = i;
            }
        }
        return new Upstream(
                correction.leap(),
                correction.frequency(),
                best < 0 ? 0 : sources.get(best).stratum(),
                best < 0 || best >= addresses.size()
                        ? NOBODY
                        : addresses
                                .get(best)
                                .map(at -> referenceId(at.getAddress()))
                                .orElse(NOBODY),
                disruptionMarker);
    }

    /** An IPv4 address as it is, of an IPv6 address the first bytes of its MD5 hash. */
    static int referenceId(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (!(address instanceof Inet4Address)) {
            try {
                bytes = MessageDigest.getInstance("MD5").digest(bytes);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has MD5", e);
            }
        }
        return ByteBuffer.wrap(bytes).getInt();
    }
}
