// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

/** While this is open, a thread of a name dies of the first line that it logs. Thread-safe. */
final class DeadlyLog implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger("chronotick");
    private final AppenderBase<ILoggingEvent> appender;

    DeadlyLog(String thread) {
        appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (Thread.currentThread().getName().equals(thread)) {
                    throw new LinkageError("the log is gone");
                }
            }
        };
        appender.start();
        logger.addAppender(appender);
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
    }
}
