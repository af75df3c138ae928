// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The leap second that is announced, and the one that has passed: UTC steps by it, the raw clock does not. Time is POSIX
 * time, as servers have it: an inserted second (23:59:60) repeats the one before it, a deleted one (23:59:59) is left out. Not
 * thread-safe.
 *
 * <p>A {@link LeapSecondList} that covers the end of the month decides alone, for a leap second and against one: its checksum has been
 * verified and nobody on the network can change it. Else most servers do.
 *
 * <p>Leap seconds are announced for the end of the month (RFC 5905, section 7.3), and there has never been one but at the end of June
 * or December, so that an announcement in other months, as of servers that go on announcing the last one, moves nothing.
 */
final class LeapSecond {
    private static final long DAY_NANOS = 86_400_000_000_000L;

    /** July to December. */
    private static final long DAYS_FROM_JULY = 184;

    /** Of the years 1 to 1969. */
    private static final long LEAP_DAYS_TO_1970 = 1969 / 4 - 1969 / 100 + 1969 / 400;

    /** What the reading of the raw clock may add to the doubt about the instant, ns. */
    private static final long READING_NANOS = 1_000;

    /** A smear begins or ends at most a day before or after, and the bound remembers an hour, ns. */
    private static final long NEAR_NANOS = 25 * 3_600_000_000_000L;

    private final boolean isSmeared;

    private LeapSecondList list = LeapSecondList.NOTHING;

    /** What most servers say. */
    private LeapIndicator said = LeapIndicator.NONE;

    /** When the present month ends, where there may be a leap second then. */
    private OptionalLong monthEnd = OptionalLong.empty();

    private LeapIndicator announced = LeapIndicator.NONE;

    /** The midnight that it is announced for, and the one of the last that has passed, ns since the Unix epoch. */
    private long midnightNanos = Long.MIN_VALUE;

    private long passedMidnightNanos = Long.MIN_VALUE;

    /** When it takes effect, CLOCK_MONOTONIC_RAW, ns, ... */
    private long rawNanos = Correction.NO_LEAP;

    /** ... give or take this, ns. */
    private long doubtNanos;

    /** The same of the one that has passed, and by how much UTC has stepped, ns. */
    private long passedRawNanos = Correction.NO_LEAP;

    private long passedDoubtNanos;
    private long passedStepNanos;

    /** @param isSmeared whether the servers smear leap seconds, and UTC as they tell it takes no step */
    LeapSecond(boolean isSmeared) {
        this.isSmeared = isSmeared;
    }

    /** What is announced; for a day after it has passed nothing, for servers go on announcing it until they are asked again. */
    LeapIndicator announced(long now) {
        boolean isPast = passedRawNanos != Correction.NO_LEAP && now - passedRawNanos < DAY_NANOS;
        return isPast ? LeapIndicator.NONE : announced;
    }

    /** Another list, or a newer one. */
    void onList(LeapSecondList other, long now) {
        list = other;
        decide(now);
    }

    /** What most servers say. What they have said holds until most of them say otherwise: nobody may be heard at the instant. */
    void onAnnouncement(LeapIndicator leap, long now) {
        if (!isImminent(now)) {
            said = leap;
            decide(now);
        }
    }

    private void decide(long now) {
        LeapIndicator decided =
                (monthEnd.isPresent() ? list.at(monthEnd.getAsLong()) : Optional.<LeapIndicator>empty()).orElse(said);
        if (decided != announced && !isImminent(now) && !isSmeared) {
            announced = decided;
            rawNanos = Correction.NO_LEAP;
        }
    }

    /** The raw clock has jumped: what is known of its readings is void. */
    void onDiscontinuity() {
        rawNanos = Correction.NO_LEAP;
        passedRawNanos = Correction.NO_LEAP;
    }

    /** Finds out when it takes effect by the newest correction, and adds that to it. */
    Correction plan(Correction newest) {
        long now = newest.rawNanos();
        if (!newest.withdrawn() && !isImminent(now)) {
            rawNanos = Correction.NO_LEAP;
            monthEnd = endOfMonth(newest.utcNanos());
            decide(now);
            monthEnd.ifPresent(midnight -> plan(midnight, newest));
        }
        return newest.withLeap(announced(now), rawNanos);
    }

    /** Whether it may have taken effect already, for the servers or for us. */
    private boolean isImminent(long now) {
        return rawNanos != Correction.NO_LEAP && now >= rawNanos - doubtNanos;
    }

    /** Whether a smear may be under way: servers that smear announce nothing, so that only a list can tell that there is none. */
    boolean maySmear(long utcNanos) {
        return isSmeared
                && nearMidnight(utcNanos)
                        .filter(midnight -> list.at(midnight)
                                .filter(kind -> kind == LeapIndicator.NONE)
                                .isEmpty())
                        .isPresent();
    }

    /** Whether an instant lies within about a day of one at which there may be a leap second. */
    static boolean mayBeNear(long utcNanos) {
        return nearMidnight(utcNanos).isPresent();
    }

    private static Optional<Long> nearMidnight(long utcNanos) {
        for (long instant : new long[] {utcNanos, utcNanos - NEAR_NANOS}) {
            OptionalLong end = endOfMonth(instant);
            if (end.isPresent() && Math.abs(end.getAsLong() - utcNanos) <= NEAR_NANOS) {
                return Optional.of(end.getAsLong());
            }
        }
        return Optional.empty();
    }

    private void plan(long midnight, Correction newest) {
        // A deleted second is the last of the day, an inserted one comes after it.
        long utc = announced == LeapIndicator.DELETE ? midnight - announced.stepNanos() : midnight;
        long ahead = utc - newest.utcNanos();
        if (announced.stepNanos() != 0 && midnight != passedMidnightNanos && ahead > 0) {
            midnightNanos = midnight;
            rawNanos = newest.rawNanos() + Math.round(ahead / (1 + newest.frequency()));
            doubtNanos = Nanos.ofSeconds(newest.lineErrorAt(rawNanos)) + READING_NANOS;
        }
    }

    /**
     * The midnight at which the month ends, ns since the Unix epoch; empty but in June and December. The engine has no java.time, which
     * could tell it the time.
     */
    static OptionalLong endOfMonth(long utcNanos) {
        long day = Math.floorDiv(utcNanos, DAY_NANOS);
        if (day < 0) {
            return OptionalLong.empty();
        }
        long year = 1970 + day / 366;
        while (firstDayOf(year + 1) <= day) {
            year++;
        }
        long newYear = firstDayOf(year + 1);
        long july = newYear - DAYS_FROM_JULY;
        if (day >= newYear - 31) {
            return OptionalLong.of(newYear * DAY_NANOS);
        }
        return day >= july - 30 && day < july ? OptionalLong.of(july * DAY_NANOS) : OptionalLong.empty();
    }

    /** Days from the Unix epoch to January 1, in the Gregorian calendar. */
    private static long firstDayOf(long year) {
        long last = year - 1;
        return 365 * (year - 1970) + (last / 4 - last / 100 + last / 400) - LEAP_DAYS_TO_1970;
    }

    /** Whether it has passed beyond doubt, and {@link #pass} is due. */
    boolean isOver(long now) {
        return rawNanos != Correction.NO_LEAP && now - rawNanos > doubtNanos;
    }

    /** It has passed; returns what UTC has stepped by, ns. */
    long pass() {
        passedMidnightNanos = midnightNanos;
        passedRawNanos = rawNanos;
        passedDoubtNanos = doubtNanos;
        passedStepNanos = announced.stepNanos();
        rawNanos = Correction.NO_LEAP;
        return passedStepNanos;
    }

    /** An exchange on the UTC of now; empty if it lies so near to a leap second that nobody knows whether its server had stepped. */
    Optional<Exchange> onPresentUtc(Exchange exchange) {
        long server = Nanos.ofSeconds(exchange.serverError());
        if (rawNanos != Correction.NO_LEAP && exchange.t4() >= rawNanos - doubtNanos - server) {
            return Optional.empty();
        }
        if (passedRawNanos == Correction.NO_LEAP || exchange.t1() > passedRawNanos + passedDoubtNanos + server) {
            return Optional.of(exchange);
        }
        return exchange.t4() < passedRawNanos - passedDoubtNanos - server
                ? Optional.of(exchange.withUtcMoved(passedStepNanos))
                : Optional.empty();
    }
}
