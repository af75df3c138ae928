// SPDX-License-Identifier: Apache-2.0
package io.chronotick.logback;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import io.chronotick.client.ChronoTickClock;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/**
 * When an event happened by ChronoTick's time, in UTC to the microsecond: {@code 2026-11-27T18:27:00.123456Z}. While ChronoTick has no time it is the system clock's,
 * which a question mark after it says: a log must not break, and must not say more than it knows.
 *
 * <p>An event carries the system clock's time of its making; it is put right by what that clock is off by when the line is written. If the system clock was
 * stepped between the two, which takes an asynchronous appender, the line is off by that step.
 *
 * <p>The first option of the word names the daemon's segment (by default CHRONOTICK_SHM of the environment, else chronotick_shm). As thread-safe as Logback wants its
 * converters.
 */
public final class ChronoTickConverter extends ClassicConverter {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSX").withZone(ZoneOffset.UTC);

    private @Nullable ChronoTickClock clock;

    @Override
    public void start() {
        String segment = getFirstOption();
        try {
            clock = ChronoTickClock.of(
                    segment == null ? ChronoTickReader.defaultSegment() : ChronoTickReader.resolve(segment));
        } catch (IllegalArgumentException e) {
            addError("the segment of a ChronoTick daemon: " + e.getMessage());
        }
        super.start();
    }

    @Override
    public void stop() {
        super.stop();
        if (clock != null) {
            clock.close();
        }
    }

    @Override
    public String convert(ILoggingEvent event) {
        Instant made = event.getInstant();
        ChronoTickClock time = clock;
        if (time != null) {
            try {
                Instant corrected = time.instant();
                return FORMAT.format(made.plus(Duration.between(Instant.now(), corrected)));
            } catch (ChronoTickException | DateTimeException | ArithmeticException e) {
                return FORMAT.format(made) + "?"; // why is what the daemon's own log says
            }
        }
        return FORMAT.format(made) + "?";
    }
}
