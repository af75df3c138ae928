// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import io.chronotick.engine.nts.NtsReport;
import java.util.List;
import java.util.Optional;

/**
 * What is known of one server, for people. Immutable.
 *
 * @param name as configured
 * @param state what the selection makes of it
 * @param stratum of the newest reply, 0 if none
 * @param reach the last eight requests, a bit each, newest in bit 0 (RFC 5905, section 9.2)
 * @param pollSeconds present polling interval, s
 * @param offset newest estimate of UTC minus CLOCK_MONOTONIC_RAW-derived time of the daemon, relative to the combined
 *     time, s (+ = the server is ahead of the published time)
 * @param sd standard deviation of the newest exchange's offset, s
 * @param delay round-trip delay of the newest exchange, s
 * @param jitter mean excess of the round-trip delay over its base, s
 * @param rootDistance half of root delay and own delay, plus root dispersion, s
 * @param rootDelay as the server states, s
 * @param rootDispersion as the server states, s
 * @param leap as the server states
 * @param stampKind where the newest exchange was stamped; kernel only when both stamps were
 * @param sent requests sent
 * @param accepted exchanges accepted
 * @param lastRawNanos newest accepted exchange, CLOCK_MONOTONIC_RAW, ns; 0 if none
 * @param drops datagrams dropped, indexed by {@link DropReason#ordinal}
 * @param nts how its authentication is doing; empty where it is not to be authenticated
 * @param trouble what is wrong with its answers
 * @param interleaved whether its newest good reply was interleaved (RFC 9769)
 * @param unanswered requests that were not answered, since the newest answer or since it is asked where it is asked now
 */
public record SourceReport(
        String name,
        SourceState state,
        int stratum,
        int reach,
        double pollSeconds,
        double offset,
        double sd,
        double delay,
        double jitter,
        double rootDistance,
        double rootDelay,
        double rootDispersion,
        LeapIndicator leap,
        StampKind stampKind,
        long sent,
        long accepted,
        long lastRawNanos,
        List<Long> drops,
        Optional<NtsReport> nts,
        SourceTrouble trouble,
        boolean interleaved,
        long unanswered) {

    /** The same of a server by another name, with what its host knows of the way to it. */
    public SourceReport with(String otherName, SourceTrouble otherTrouble) {
        return new SourceReport(
                otherName,
                state,
                stratum,
                reach,
                pollSeconds,
                offset,
                sd,
                delay,
                jitter,
                rootDistance,
                rootDelay,
                rootDispersion,
                leap,
                stampKind,
                sent,
                accepted,
                lastRawNanos,
                drops,
                nts,
                otherTrouble,
                interleaved,
                unanswered);
    }
}
