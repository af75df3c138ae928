// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import java.util.List;

/** Counts the answers of one server, at its present address, that were of no use. Belongs to the network thread. */
final class UselessAnswers {
    /** After so many in a row, or as a falseticker, a server is left for another address of its name. */
    private static final int MOST = 4;

    /** Refusals of an answer that its server is to blame for. */
    private static final List<DropReason> USELESS =
            List.of(DropReason.UNSYNCHRONIZED, DropReason.STRATUM, DropReason.NONSENSE);

    /** Exchanges that were accepted, when last seen. */
    private long accepted;

    /** The same when the server was last no falseticker. */
    private long acceptedAsTruechimer;

    /** Of no use since the last that was accepted, and before that. */
    private long useless;

    private long uselessBefore;

    void observe(SourceReport report) {
        long all = report.drops().isEmpty()
                ? 0
                : USELESS.stream()
                        .mapToLong(reason -> report.drops().get(reason.ordinal()))
                        .sum();
        if (report.accepted() != accepted) {
            accepted = report.accepted();
            uselessBefore = all;
        }
        useless = all - uselessBefore;
        if (report.state() != SourceState.FALSETICKER) {
            acceptedAsTruechimer = accepted;
        }
    }

    /** Whether it is time to leave that address. */
    boolean areTooMany() {
        return useless >= MOST || accepted - acceptedAsTruechimer >= MOST;
    }

    /** The server is asked at another address. */
    void begin() {
        uselessBefore += useless;
        useless = 0;
        acceptedAsTruechimer = accepted;
    }
}
