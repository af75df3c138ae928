// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.DeadWriterException;
import io.chronotick.client.NoSegmentException;
import io.chronotick.client.NotReadyException;
import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import io.chronotick.client.TimeBounds;
import io.chronotick.client.TimeInterval;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The time, and what can be done with it, as the operations that agents are given; {@link Tool} describes them to models.
 *
 * <p>Works without a daemon: every call then says what to do, and as soon as one runs, they work. Calls look at shared memory
 * and take microseconds, but for {@link #waitUntil}. Thread-safe.
 *
 * <p>What cannot be done is thrown, with one line that names cause and remedy: {@link ChronoTickException} if there is no
 * time, {@link ToolException} for arguments that make no sense.
 */
public final class ChronoTickTools implements AutoCloseable {
    // Long because: the operations on one reader, and the records that they answer with filled in.

    /** The furthest that {@link #getTimeWithFutureUncertainty} looks ahead, s. */
    public static final double MAX_FUTURE_SECONDS = 3600;

    /** The longest that {@link #waitUntil} waits, s. */
    public static final double MAX_WAIT_SECONDS = 3600;

    /** How long it waits unless told otherwise, s: hosts often give a tool a minute. */
    public static final double DEFAULT_WAIT_SECONDS = 50;

    /**
     * Part of the page's max_drift that allows for another program that slews the system clock while nobody writes records: the
     * most that kernels do, s/s. A daemon that goes on follows such a slew.
     */
    private static final double SLEW_BY_OTHERS = 500e-6;

    /** Between two reports of progress, ns. */
    private static final long PROGRESS_NANOS = 1_000_000_000;

    private static final Pattern OFFSET = Pattern.compile("[+-]\\d{1,2}|[+-]\\d{2}:?\\d{2}|[Zz]");

    private final List<Path> segments;
    private final ZoneId hostZone;

    /** Whether the system clock stands in where there is no time. */
    private final boolean orSystemClock;

    /** By segment; those that are not attached are missing. */
    private final Map<Path, ChronoTickReader> readers = new ConcurrentHashMap<>();

    /** Tools on the segment of {@link ChronoTickReader#defaultSegment()}. */
    public ChronoTickTools() {
        this(ChronoTickReader.defaultSegment());
    }

    /**
     * Tools on a segment.
     *
     * @param segment its file, which need not exist yet
     */
    public ChronoTickTools(Path segment) {
        this(segment, ZoneId.systemDefault());
    }

    /**
     * Tools on a segment, on a host of which a zone is said.
     *
     * @param segment its file, which need not exist yet
     * @param hostZone in which the local time is given where none is asked for
     */
    public ChronoTickTools(Path segment, ZoneId hostZone) {
        this(List.of(segment), hostZone, false);
    }

    private ChronoTickTools(List<Path> segments, ZoneId hostZone, boolean orSystemClock) {
        this.segments = segments;
        this.hostZone = hostZone;
        this.orSystemClock = orSystemClock;
    }

    /**
     * Tools as models call them, by {@link Tool}, on the first of some segments that has a time, looked for at every call; where none has,
     * get_time and wait_until go by the system clock, and say so. The methods of this class go on refusing to tell a time that nobody
     * has measured.
     *
     * @param segments their files, the preferred one first, at least one; none need exist yet
     */
    public static ChronoTickTools orSystemClock(List<Path> segments) {
        if (segments.isEmpty()) {
            throw new IllegalArgumentException("no segment");
        }
        return new ChronoTickTools(List.copyOf(segments), ZoneId.systemDefault(), true);
    }

    /** The corrected time now, in UTC and in the host's own zone. */
    public TimeReading getTime() {
        return getTime(null);
    }

    /**
     * The corrected time now.
     *
     * @param timezone IANA name of a zone to show it in too, in any case, or an offset such as +05:30; null or blank: the host's
     * @throws ToolException if there is no such zone
     * @throws ChronoTickException if there is no time
     */
    public TimeReading getTime(@Nullable String timezone) {
        long began = System.nanoTime();
        Optional<ZoneId> zone = zone("timezone", timezone);
        Reading reading = validReading();
        StatusPage page = reader().status();
        CorrectionRecord record = reading.record();
        TimeInterval now = reading.now();
        CivilTime local = CivilTime.of(now.estimate(), zone.orElse(hostZone));
        return new TimeReading(
                true,
                unix(now.estimateNanos()),
                unix(reading.systemNanos()),
                reading.offset(),
                record.driftRate(),
                record.offsetUncertainty(),
                record.driftUncertainty(),
                reading.uncertainty(),
                Optional.of(page).filter(StatusPage::isUncertaintyDivided).map(StatusPage::statisticalUncertainty),
                Optional.of(page).filter(StatusPage::isUncertaintyDivided).map(StatusPage::systematicUncertainty),
                decimal(record.confidence()),
                record.source().name(),
                unix(record.predictionTime()),
                unix(record.validUntil()),
                true,
                record.isNtpReady(),
                record.isModelsReady(),
                millisSince(began),
                now.estimate(),
                now.earliest(),
                now.latest(),
                now.boundNanos() / 1e9,
                CivilTime.of(now.estimate(), ZoneOffset.UTC).dateInWords(),
                local.localTimeIso(),
                local.utcOffset(),
                local.dateInWords(),
                zone.isPresent() ? Optional.empty() : Optional.of(local.timezone()));
    }

    /** As {@link #getTime(String)}; by the system clock where that is allowed and there is no time. */
    ToolResult getTimeForModel(@Nullable String timezone) {
        long began = System.nanoTime();
        try {
            return getTime(timezone);
        } catch (ChronoTickException e) {
            if (!orSystemClock) {
                throw e;
            }
            return SystemTime.of(
                    Instant.now(), zone("timezone", timezone), hostZone, withoutTime(e), millisSince(began));
        }
    }

    /** What is the matter, where this process or another like it measures by itself. */
    private static String withoutTime(ChronoTickException e) {
        return e instanceof NotReadyException
                ? "Time servers are being asked: call again in some seconds. If it stays so, none of them answers: see"
                        + " get_daemon_status."
                : "No time server has answered yet: call again in some seconds. If it stays so, this machine reaches none (UDP port"
                        + " 123): name one that it reaches in the configuration file of CHRONOTICK_CONFIG, or run a daemon.";
    }

    /** How the daemon is doing; also says when there is none, and never throws for that. */
    public DaemonStatus getDaemonStatus() {
        long began = System.nanoTime();
        try {
            Reading reading = new Reading(reader());
            return status(reading, reader().status(), began);
        } catch (NoSegmentException | DeadWriterException e) {
            return statusWithoutRecord(Reading.State.NOT_RUNNING, e, began);
        } catch (ChronoTickException e) {
            return statusWithoutRecord(Reading.State.WARMING_UP, e, began);
        }
    }

    /**
     * How well the time will be known if no server is heard until then: if the daemon goes on, and if nobody writes any more.
     *
     * @param futureSeconds how far ahead, 0 to {@link #MAX_FUTURE_SECONDS} s
     * @throws ToolException if it is not in that range
     * @throws ChronoTickException if there is no time
     */
    public FutureTime getTimeWithFutureUncertainty(double futureSeconds) {
        long began = System.nanoTime();
        Arguments.inRange("future_seconds", futureSeconds, MAX_FUTURE_SECONDS);
        Reading reading = validReading();
        CorrectionRecord record = reading.record();
        long aheadNanos = Math.round(futureSeconds * 1e9);
        long futureNanos = reading.now().estimateNanos() + aheadNanos + Math.round(record.driftRate() * aheadNanos);
        double maxError = reading.now().boundNanos() / 1e9;
        // Counted on the monotonic clock, which nobody steps.
        double horizon = record.systemTimestamp() - record.predictionTime() + reading.ageSeconds() + futureSeconds;
        double future = record.timeUncertainty(horizon);
        double maxDrift = reader().status().maxDrift();
        double slew = maxDrift > SLEW_BY_OTHERS ? SLEW_BY_OTHERS : 0;
        // Anything from none to the most, either way, with equal probability.
        double slewDeviation = slew * futureSeconds / Math.sqrt(3);
        return new FutureTime(
                unix(reading.now().estimateNanos()),
                unix(reading.systemNanos()),
                reading.uncertainty(),
                futureSeconds,
                unix(futureNanos),
                unix(reading.systemNanos() + aheadNanos),
                future,
                future - reading.uncertainty(),
                decimal(record.confidence()),
                millisSince(began),
                maxError,
                maxError + (maxDrift - slew) * futureSeconds,
                Math.hypot(future, slewDeviation),
                maxError + maxDrift * futureSeconds);
    }

    /**
     * Waits until a time has certainly passed.
     *
     * @param time what to wait for
     * @param maxWaitSeconds how long at most, 0 to {@link #MAX_WAIT_SECONDS} s
     * @throws ToolException if the time is further away than that; it is not waited for in vain
     * @throws ChronoTickException if there is no time, also when that happens during the wait
     * @throws InterruptedException if the thread is interrupted before or while it waits
     */
    public WaitResult waitUntil(Instant time, double maxWaitSeconds) throws InterruptedException {
        return waitUntil(time, maxWaitSeconds, remaining -> {});
    }

    /**
     * As {@link #waitUntil(Instant, double)}, and tells about once a second how long it will still take.
     *
     * @param progress takes the remaining time, s
     */
    public WaitResult waitUntil(Instant time, double maxWaitSeconds, Consumer<Double> progress)
            throws InterruptedException {
        return waitUntil(
                "corrected_time " + time, Arguments.epochNanos("corrected_time", time), maxWaitSeconds, progress);
    }

    /**
     * Waits until a number of seconds from now has certainly passed.
     *
     * @param seconds how many, 0 to {@link #MAX_WAIT_SECONDS} s
     * @param maxWaitSeconds how long at most, 0 to {@link #MAX_WAIT_SECONDS} s
     * @param progress takes the remaining time, s
     * @throws ToolException if either is not in its range, or it would take longer than that
     * @throws ChronoTickException if there is no time, also when that happens during the wait
     * @throws InterruptedException if the thread is interrupted before or while it waits
     */
    public WaitResult waitFor(double seconds, double maxWaitSeconds, Consumer<Double> progress)
            throws InterruptedException {
        Arguments.inRange("seconds", seconds, MAX_WAIT_SECONDS);
        long target = look().estimateNanos() + Math.round(seconds * 1e9);
        return waitUntil("what is " + Text.seconds(seconds) + " from now", target, maxWaitSeconds, progress);
    }

    private WaitResult waitUntil(String what, long target, double maxWaitSeconds, Consumer<Double> progress)
            throws InterruptedException {
        Arguments.inRange("max_wait_seconds", maxWaitSeconds, MAX_WAIT_SECONDS);
        long deadline = System.nanoTime() + Math.round(maxWaitSeconds * 1e9);
        while (true) {
            Look now = look();
            double remaining = (target - (double) now.earliestNanos()) * 1e-9;
            double patience = (deadline - System.nanoTime()) * 1e-9;
            if (remaining < 0) {
                return new WaitResult(
                        Instant.ofEpochSecond(0, now.estimateNanos()),
                        (now.estimateNanos() - target) / 1e9,
                        now.isSynchronized()
                                ? Optional.of((now.estimateNanos() - now.earliestNanos()) / 1e9)
                                : Optional.empty(),
                        now.isSynchronized());
            }
            if (remaining > patience) {
                throw new ToolException(what + " will certainly have passed only in "
                        + Text.seconds(remaining) + ", later than max_wait_seconds allows ("
                        + Text.seconds(maxWaitSeconds) + " in all): "
                        + (remaining <= MAX_WAIT_SECONDS
                                ? "give a larger max_wait_seconds, or do something else first"
                                : "check the date, or do something else first"));
            }
            progress.accept(remaining);
            long until = Math.min(target, now.earliestNanos() + PROGRESS_NANOS);
            if (now.isSynchronized()) {
                waitUntil(until);
            } else {
                // At least a nanosecond past it, and looked at anew: the system clock may be set meanwhile.
                TimeUnit.NANOSECONDS.sleep(until - now.earliestNanos() + 1);
            }
        }
    }

    /**
     * One look at the time.
     *
     * @param estimateNanos best estimate, ns since the epoch
     * @param earliestNanos it is certainly not before this; the estimate itself where nobody has measured
     */
    private record Look(long estimateNanos, long earliestNanos, boolean isSynchronized) {}

    private Look look() {
        try {
            TimeInterval now = new TimeInterval();
            reader().now(now);
            return new Look(now.estimateNanos(), now.earliestNanos(), true);
        } catch (ChronoTickException e) {
            if (!orSystemClock) {
                throw e;
            }
            Instant now = Instant.now();
            long nanos = now.getEpochSecond() * 1_000_000_000 + now.getNano();
            return new Look(nanos, nanos, false);
        }
    }

    /** Until the time has certainly passed, or is not known any more and the system clock may stand in. */
    private void waitUntil(long nanos) throws InterruptedException {
        try {
            reader().waitUntil(nanos);
        } catch (ChronoTickException e) {
            if (!orSystemClock) {
                throw e;
            }
        }
    }

    /**
     * What is certain of the order of two events, also of different machines.
     *
     * @param first when the one happened
     * @param second when the other did
     */
    public Comparison compareTimestamps(TimeBounds first, TimeBounds second) {
        return new Comparison(
                first.orderTo(second),
                first.gapNanos(second) / 1e9,
                first.waitNanos(second) / 1e9,
                text(first),
                text(second));
    }

    /**
     * A time in another zone, and how far it is from now. Works without a daemon, and then says nothing of now.
     *
     * @param time ISO 8601 with Z or an offset, Unix seconds, or a local time without offset, such as 2026-03-13T15:33
     * @param sourceTimezone the zone of a local time, as for {@link #getTime(String)}; else a zone to show the time in, or null
     * @param targetTimezone zone to convert to; null or blank: UTC
     * @throws ToolException if there is no such time or zone, or a local time comes without its zone
     */
    public Conversion convertTime(String time, @Nullable String sourceTimezone, @Nullable String targetTimezone) {
        Optional<ZoneId> source = zone("source_timezone", sourceTimezone);
        ZoneId target = zone("target_timezone", targetTimezone).orElse(ZoneOffset.UTC);
        Optional<LocalDateTime> local = Arguments.localTime(time);
        if (local.isEmpty()) {
            return Conversion.of(
                    Arguments.offsetTime("time", time, ", or a local time and source_timezone"), source, target, now());
        }
        return Conversion.of(
                local.get(),
                source.orElseThrow(() -> new ToolException("time is " + Text.quote(time)
                        + ", without an offset: give source_timezone with it, or the time with Z or an offset")),
                target,
                now());
    }

    /** Absent if there is no time. */
    private Optional<Instant> now() {
        try {
            return Optional.of(validReading().now().estimate());
        } catch (ChronoTickException e) {
            return Optional.empty(); // the conversion is right without
        }
    }

    /**
     * A reading as models hand it on.
     *
     * @param reading a result of {@link #getTime} as a map, or earliest and latest, or time and uncertainty
     * @throws ToolException if bounds do not follow from it
     */
    public static TimeBounds parseReading(Map<String, Object> reading) {
        return Arguments.reading("the reading", reading);
    }

    /**
     * The record as it stands in shared memory, each field by its name; valid or not.
     *
     * @throws ChronoTickException if there is none
     */
    public Map<String, Object> record() {
        CorrectionRecord record = new CorrectionRecord();
        reader().read(record);
        return RecordFields.of(record);
    }

    /** Lets go of the segments; later calls attach to them again. */
    @Override
    public void close() {
        readers.values().forEach(ChronoTickReader::close);
        readers.clear();
    }

    /** Of the preferred segment if none has a time: what is the matter there is what has to be mended. */
    private ChronoTickReader reader() {
        return segments.stream()
                .skip(segments.size() == 1 ? 1 : 0) // there is no choice
                .filter(this::hasTime)
                .findFirst()
                .map(this::attached)
                .orElseGet(() -> attached(segments.get(0)));
    }

    private boolean hasTime(Path segment) {
        try {
            return new Reading(attached(segment)).refusal() == null;
        } catch (ChronoTickException e) {
            return false;
        }
    }

    private ChronoTickReader attached(Path segment) {
        return readers.computeIfAbsent(segment, ChronoTickReader::attach);
    }

    private Reading validReading() {
        Reading reading = new Reading(reader());
        ChronoTickException refusal = reading.refusal();
        if (refusal != null) {
            throw refusal;
        }
        return reading;
    }

    private static Optional<ZoneId> zone(String argument, @Nullable String timezone) {
        if (timezone == null || timezone.isBlank()) {
            return Optional.empty();
        }
        String name = timezone.strip();
        try {
            if (OFFSET.matcher(name).matches()) {
                return Optional.of(ZoneOffset.of(name.toUpperCase(Locale.ROOT)));
            }
        } catch (DateTimeException e) {
            throw unknownZone(argument, timezone);
        }
        return Optional.of(ZoneId.of(ZoneId.getAvailableZoneIds().stream()
                .filter(name::equalsIgnoreCase)
                .findFirst()
                .orElseThrow(() -> unknownZone(argument, timezone))));
    }

    private static ToolException unknownZone(String argument, String timezone) {
        return new ToolException(
                argument + " is " + Text.quote(timezone) + ", which is no IANA time zone and no offset: give a"
                        + " name such as Europe/Berlin or America/New_York, an offset such as +05:30, or leave it out");
    }

    private static DaemonStatus status(Reading reading, StatusPage page, long began) {
        CorrectionRecord record = reading.record();
        Reading.State state = reading.state();
        Optional<String> message = Optional.empty();
        ChronoTickException refusal = reading.refusal();
        if (refusal != null) {
            message = Optional.ofNullable(refusal.getMessage());
        } else if (state == Reading.State.NOT_RUNNING) {
            message = Optional.of("the daemon (process " + record.writerPid()
                    + ") is gone and its last record is about to" + " expire; start it with: "
                    + System.getProperty("chronotick.command", "chronotick") + " daemon");
        } else if (state == Reading.State.WARMING_UP && !page.waitingFor().isEmpty()) {
            message = Optional.of("waiting for " + page.waitingFor());
        }
        boolean measured = record.lastNtpSync() > 0;
        return new DaemonStatus(
                state,
                record.isWarmupComplete(),
                decimal((float) page.warmupProgress()),
                record.measurementCount(),
                record.totalCorrections(),
                record.daemonUptime(),
                unix(record.lastNtpSync()),
                measured
                        ? Optional.of(Math.max(0, reading.systemNanos() * 1e-9 - record.lastNtpSync()))
                        : Optional.empty(),
                record.isNtpReady(),
                record.isModelsReady(),
                page.residentBytes() / 1e6,
                page.cpuAffinity(),
                decimal(record.averageLatencyMs()),
                record.source().name(),
                decimal(record.confidence()),
                millisSince(began),
                page.sources().stream().map(ChronoTickTools::source).toList(),
                message);
    }

    private static DaemonStatus statusWithoutRecord(Reading.State state, ChronoTickException why, long began) {
        return new DaemonStatus(
                state,
                false,
                0,
                0,
                0,
                0,
                BigDecimal.ZERO,
                Optional.empty(),
                false,
                false,
                0,
                "",
                0,
                "NO_DATA",
                0,
                millisSince(began),
                List.of(),
                Optional.ofNullable(why.getMessage()));
    }

    private static DaemonStatus.Source source(SourceRow row) {
        boolean answered = Double.isFinite(row.ageSeconds());
        return new DaemonStatus.Source(
                row.name(),
                row.state().name().toLowerCase(Locale.ROOT),
                row.stratum(),
                row.reach(),
                known(answered, row.offset()),
                known(answered, row.delay()),
                known(answered, row.jitter()),
                known(answered, row.rootDistance()),
                known(answered, row.ageSeconds()));
    }

    private static Optional<Double> known(boolean answered, double value) {
        return answered && Double.isFinite(value) ? Optional.of(value) : Optional.empty();
    }

    private static String text(TimeBounds bounds) {
        return Fields.iso(Instant.ofEpochSecond(0, bounds.earliestNanos())) + "/"
                + Fields.iso(Instant.ofEpochSecond(0, bounds.latestNanos()));
    }

    private static BigDecimal unix(long epochNanos) {
        return BigDecimal.valueOf(epochNanos, 9);
    }

    /** Of a field that holds Unix seconds as a double; what is not a number reads 0. */
    private static BigDecimal unix(double seconds) {
        return Double.isFinite(seconds) ? new BigDecimal(seconds).setScale(9, RoundingMode.HALF_EVEN) : BigDecimal.ZERO;
    }

    /** A float's own digits: 0.98, not 0.9800000190734863; what is not a number reads 0. */
    private static double decimal(float value) {
        return Float.isFinite(value) ? Double.parseDouble(Float.toString(value)) : 0;
    }

    private static double millisSince(long began) {
        return (System.nanoTime() - began) / 1e6;
    }
}
