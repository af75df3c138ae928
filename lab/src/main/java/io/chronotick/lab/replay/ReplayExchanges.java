// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.lab.LabException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Turns delays into exchanges by the rules of the replay set. */
final class ReplayExchanges {
    /** True time zero, ns since the Unix epoch: any instant will do. */
    static final long UTC_AT_ZERO = 1_800_000_000L * ReplayRules.SECOND;

    /**
     * An exchange and when it becomes known.
     *
     * @param trueNanos true time at which the reply arrives, ns
     */
    record Arrival(long trueNanos, Exchange exchange) {}

    private ReplayExchanges() {}

    /** How many requests are sent. */
    static int requests(ReplayRules rules) {
        int count = 0;
        while (rules.pollNanos(count) < rules.endSeconds() * ReplayRules.SECOND) {
            count++;
        }
        return count;
    }

    /** The exchanges that were not lost, in the order in which they become known. */
    static List<Arrival> of(ReplayRules rules, RawClock clock, PathDelays delays) {
        List<Arrival> arrivals = new ArrayList<>();
        int requests = requests(rules);
        int replies = 0;
        for (int i = 0; i < requests; i++) {
            long sent = rules.pollNanos(i);
            double forward = next(delays.forward(), i, delays.name() + "_fwd");
            if (forward < 0) {
                continue;
            }
            // A request that never arrived is never answered: the way back is not used up.
            double back = next(delays.back(), replies++, delays.name() + "_ret");
            if (back < 0) {
                continue;
            }
            long atServer = sent + Math.round(forward * 1e9);
            long received = atServer + Math.round(back * 1e9);
            arrivals.add(new Arrival(
                    received,
                    new Exchange(
                            0,
                            clock.rawNanos(sent),
                            UTC_AT_ZERO + atServer,
                            UTC_AT_ZERO + atServer,
                            clock.rawNanos(received),
                            0,
                            0,
                            0)));
        }
        arrivals.sort(Comparator.comparingLong(Arrival::trueNanos));
        return arrivals;
    }

    static double next(double[] delays, int index, String name) {
        if (index >= delays.length) {
            throw new LabException("delay_" + name + " ends after " + delays.length
                    + " packets, before the replay does: give at least one line a packet");
        }
        return delays[index];
    }
}
