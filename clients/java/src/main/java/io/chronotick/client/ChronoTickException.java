// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * No time can be given. The message is one line that names the segment, the cause and the remedy; the subclass says which
 * of the causes it is. Being unable to tell the time is exceptional: readers do not return sentinels.
 */
public abstract sealed class ChronoTickException extends RuntimeException
        permits NoSegmentException,
                UntrustedSegmentException,
                IncompatibleSegmentException,
                ClockDomainException,
                NotReadyException,
                ExpiredException,
                DeadWriterException,
                ContentionException {
    ChronoTickException(String message) {
        super(message);
    }

    ChronoTickException(String message, Throwable cause) {
        super(message, cause);
    }
}
