// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;

/**
 * Writes the log on a thread of its own: a pipe that nobody reads, or a terminal that was stopped, costs lines and never time.
 * Lines that find no room are dropped and counted; how many, a line says once there is room again. Thread-safe.
 */
final class NonBlockingAppender extends AsyncAppender {
    /** Lines that wait: some seconds of what DEBUG says of sixteen servers asked ten times a second. */
    static final int WAITING = 2048;

    private long missing;

    NonBlockingAppender() {
        setQueueSize(WAITING);
        setNeverBlock(true);
        // The library drops what is less than a warning while the queue is nearly full, and counts nothing.
        setDiscardingThreshold(0);
    }

    @Override
    protected synchronized void append(ILoggingEvent event) {
        int room = getRemainingCapacity();
        // Not for the first free place: a slow reader would get a line about missing lines with every second line.
        if (missing > 0 ? room < WAITING / 2 : room == 0) {
            missing++;
            return;
        }
        if (missing > 0) {
            super.append(note());
            missing = 0;
        }
        super.append(event);
    }

    private LoggingEvent note() {
        return new LoggingEvent(
                NonBlockingAppender.class.getName(),
                ((LoggerContext) getContext()).getLogger("chronotick"),
                Level.WARN,
                "{} lines of this log are missing here: nobody read it (a pipe that is full, a terminal that was stopped)",
                null,
                new Object[] {missing});
    }
}
