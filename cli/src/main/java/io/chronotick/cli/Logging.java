// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.read.ListAppender;
import io.chronotick.daemon.LogSetup;
import java.util.List;
import org.slf4j.LoggerFactory;

/** Sends the daemon's log to stderr, one line an event; set up in code, so that no file has to be found and parsed. */
final class Logging {
    private Logging() {}

    static void toStderr(org.slf4j.event.Level level) {
        start(level, LogSetup.standardError(context()));
    }

    /** From now on, this is the least severe level. */
    static void setLevel(org.slf4j.event.Level level) {
        root().setLevel(Level.convertAnSLF4JLevel(level));
    }

    /** Events that are kept until they may be shown. */
    static final class Held {
        private final ListAppender<ILoggingEvent> kept = new ListAppender<>();

        private Held() {}

        /** Prints what was kept to stderr, and from now on what comes. */
        void release() {
            org.slf4j.event.Level level =
                    org.slf4j.event.Level.valueOf(root().getLevel().toString());
            List<ILoggingEvent> events = List.copyOf(kept.list);
            kept.list.clear();
            toStderr(level);
            events.forEach(event -> root().callAppenders(event));
        }
    }

    /** Keeps the log for later. */
    static Held held(org.slf4j.event.Level level) {
        Held held = new Held();
        held.kept.setContext(context());
        held.kept.start();
        start(level, held.kept);
        return held;
    }

    /** Writes what still waits to be written, for a second at most, before the process ends without ceremony. */
    static void end() {
        root().detachAndStopAllAppenders();
    }

    private static void start(org.slf4j.event.Level level, Appender<ILoggingEvent> appender) {
        context().reset();
        root().addAppender(appender);
        root().setLevel(Level.convertAnSLF4JLevel(level));
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    private static Logger root() {
        return context().getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }
}
