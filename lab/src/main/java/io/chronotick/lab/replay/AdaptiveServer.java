// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import java.util.Optional;

/**
 * The server of a replay for an engine that asks by itself, with the path to it: each request takes the next delay there and, where
 * it arrives, the next one back. One request at a time.
 */
final class AdaptiveServer {
    private static final int STRATUM = 1;

    /** A precision of 2^-32 s: that of the time stamps. */
    private static final int PRECISION = -32;

    private final RawClock clock;
    private final PathDelays delays;
    private int requests;
    private int arrived;
    private long replyNanos = Long.MAX_VALUE;
    private byte[] reply = new byte[0];

    AdaptiveServer(RawClock clock, PathDelays delays) {
        this.clock = clock;
        this.delays = delays;
    }

    int requests() {
        return requests;
    }

    /** A request leaves when the raw clock reads {@code rawNanos}. */
    void request(byte[] payload, long rawNanos) {
        replyNanos = Long.MAX_VALUE;
        double forward = ReplayExchanges.next(delays.forward(), requests++, delays.name() + "_fwd");
        if (forward < 0) {
            return;
        }
        double back = ReplayExchanges.next(delays.back(), arrived++, delays.name() + "_ret");
        if (back < 0) {
            return;
        }
        long atServer = clock.trueNanos(rawNanos) + Math.round(forward * 1e9);
        replyNanos = clock.rawNanos(atServer + Math.round(back * 1e9));
        NtpTimestamp time = NtpTimestamp.ofUnixNanos(ReplayExchanges.UTC_AT_ZERO + atServer);
        NtpPacket request = NtpPacket.parse(payload, payload.length).orElseThrow();
        reply = new NtpPacket(
                        LeapIndicator.NONE,
                        request.version(),
                        NtpPacket.MODE_SERVER,
                        STRATUM,
                        0,
                        PRECISION,
                        0,
                        0,
                        0,
                        time,
                        request.transmit(),
                        time,
                        time)
                .toBytes();
    }

    /** When the reply that is under way arrives, reading of the raw clock, ns; the end of time if there is none. */
    long replyNanos() {
        return replyNanos;
    }

    /** The reply that arrives now, if one does. */
    Optional<byte[]> reply(long rawNanos) {
        if (rawNanos < replyNanos) {
            return Optional.empty();
        }
        replyNanos = Long.MAX_VALUE;
        return Optional.of(reply);
    }
}
