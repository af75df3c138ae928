// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ClockDomainException;
import io.chronotick.client.DeadWriterException;
import io.chronotick.client.ExpiredException;
import io.chronotick.client.IncompatibleSegmentException;
import io.chronotick.client.NoSegmentException;
import io.chronotick.client.Reading;
import io.chronotick.client.UntrustedSegmentException;

/** What a command tells the script that ran it. */
public final class ExitCode {
    public static final int OK = 0;

    /** The condition asked about does not hold: not READY, a check failed, no server answered. */
    public static final int NOT_MET = 1;

    /** Wrong usage or configuration. */
    public static final int USAGE = 2;

    /** No segment, or its writer is gone. */
    public static final int NO_DAEMON = 3;

    /** The record is expired although its writer lives. */
    public static final int EXPIRED = 4;

    public static final int INTERNAL_ERROR = 70;

    /** The output could not be written; the number is that of sysexits.h. */
    public static final int OUTPUT_LOST = 74;

    private ExitCode() {}

    /** What `read` and `json` return. */
    public static int of(Reading reading) {
        if (!reading.isWriterAlive()) {
            return NO_DAEMON;
        }
        ChronoTickException refusal = reading.refusal();
        if (refusal == null) {
            return OK;
        }
        return reading.isExpired() ? EXPIRED : of(refusal);
    }

    public static int of(ChronoTickException e) {
        if (e instanceof NoSegmentException || e instanceof DeadWriterException) {
            return NO_DAEMON;
        }
        if (e instanceof ExpiredException) {
            return EXPIRED;
        }
        if (e instanceof IncompatibleSegmentException
                || e instanceof UntrustedSegmentException
                || e instanceof ClockDomainException) {
            return USAGE;
        }
        return NOT_MET;
    }
}
