// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import io.chronotick.daemon.local.PtpCall.Triple;
import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import io.chronotick.engine.ntp.ClockReading;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A PTP hardware clock. It is read by the best call that its driver and the kernel know: what one does not know is found out by trying,
 * once. The device is opened anew after anything has gone wrong.
 */
final class PtpClock implements LocalClock {
    /** A server that followed such a clock would be of stratum 2. */
    private static final int STRATUM = 1;

    private static final int ENODEV = 19;
    private static final int ENOTTY = 25;
    private static final int EOPNOTSUPP = 95;

    /** What says that a call is not known, by this driver or this kernel. */
    private static final Set<Integer> UNKNOWN_CALL = Set.of(Libc.EINVAL, ENOTTY, EOPNOTSUPP);

    /** A call that a signal has cut off is made again so often. */
    private static final int ATTEMPTS = 5;

    /**
     * What the kernel reads of CLOCK_MONOTONIC_RAW lies between our own readings before and after, give or take this, ns; else this
     * process is in a time namespace, whose offset the driver does not know of.
     */
    private static final long NAMESPACE_NANOS = 10_000_000;

    /** What its time is worth, looked at after each reading. */
    interface ErrorBound {
        /**
         * What it may be off by, s.
         *
         * @throws IOException if nobody says that now
         */
        double seconds() throws IOException;
    }

    /** How its time becomes UTC. */
    interface Timescale {
        /** UTC, ns since the Unix epoch; empty if it is not known now. */
        OptionalLong utcNanos(long deviceNanos);
    }

    private final Path path;
    private final String what;
    private final PtpDevice.Opener opener;
    private final HostClocks clocks;
    private final ErrorBound errorBound;
    private final Timescale timescale;
    private final ClockPair earlier;
    private final ClockPair later;
    private int call;
    private @Nullable PtpDevice device;

    /** @param what it is, for people */
    PtpClock(
            Path path,
            String what,
            PtpDevice.Opener opener,
            HostClocks clocks,
            ErrorBound errorBound,
            Timescale timescale) {
        this.path = path;
        this.what = what;
        this.opener = opener;
        this.clocks = clocks;
        this.errorBound = errorBound;
        this.timescale = timescale;
        this.earlier = new ClockPair(clocks);
        this.later = new ClockPair(clocks);
    }

    @Override
    public String describe() {
        return what + ", read by " + call().text();
    }

    private PtpCall call() {
        return PtpCall.values()[call];
    }

    @Override
    public ClockReading read() throws IOException {
        try {
            return reading(triple());
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private ClockReading reading(Triple triple) throws IOException {
        OptionalLong utc = timescale.utcNanos(triple.device());
        if (utc.isEmpty()) {
            throw new IOException(
                    "it counts TAI, and nothing says what TAI - UTC is now: let clock_measurement.ntp.leap_seconds_list"
                            + " name a list that has not expired");
        }
        return new ClockReading(
                triple.before(), utc.getAsLong(), triple.after(), errorBound.seconds(), STRATUM, Optional.empty());
    }

    /** The shortest triple of a burst, on CLOCK_MONOTONIC_RAW. */
    private Triple triple() throws IOException {
        while (true) {
            PtpCall how = call();
            ByteBuffer struct = how.argument();
            long rawBefore = clocks.rawNanos();
            earlier.read();
            int errno = ioctl(how, struct);
            later.read();
            long rawAfter = clocks.rawNanos();
            if (errno == 0) {
                Triple triple = how.shortest(struct);
                requireMotion(how, struct);
                if (!how.isRaw()) {
                    return onRaw(triple);
                }
                if (triple.before() >= rawBefore - NAMESPACE_NANOS && triple.after() <= rawAfter + NAMESPACE_NANOS) {
                    return triple;
                }
            } else if (!UNKNOWN_CALL.contains(errno)) {
                throw new IOException(errno == ENODEV ? "the device is gone" : Libc.errnoText(errno));
            }
            if (call == PtpCall.values().length - 1) {
                throw new IOException(
                        "its driver cannot be read together with a clock of the system (error number " + errno + ")");
            }
            call++;
        }
    }

    /** One that has stopped is found out before its time is believed even once. */
    private void requireMotion(PtpCall how, ByteBuffer struct) throws IOException {
        long first = how.firstDeviceNanos(struct);
        long last = how.lastDeviceNanos(struct);
        for (int i = 0; i < ATTEMPTS && last == first && how == PtpCall.PRECISE; i++) {
            ByteBuffer next = how.argument();
            int errno = ioctl(how, next);
            if (errno != 0) {
                throw new IOException(Libc.errnoText(errno));
            }
            last = how.lastDeviceNanos(next);
        }
        if (last == first) {
            throw new IOException("it stands still");
        }
    }

    private int ioctl(PtpCall how, ByteBuffer struct) throws IOException {
        PtpDevice open = device;
        if (open == null) {
            open = opener.open(path);
            device = open;
        }
        int errno = Libc.EINTR;
        for (int i = 0; i < ATTEMPTS && errno == Libc.EINTR; i++) {
            errno = open.ioctl(how.request(), struct);
        }
        return errno;
    }

    /** From CLOCK_REALTIME, by readings of both clocks before and after: between them it may have been slewed, but not stepped. */
    private Triple onRaw(Triple triple) throws IOException {
        if (later.isSteppedSince(earlier)) {
            throw new IOException("the system clock was set while it was read");
        }
        long lead = earlier.realtimeNanos() - earlier.rawNanos();
        long leadAfter = later.realtimeNanos() - later.rawNanos();
        return new Triple(
                triple.before() - Math.max(lead, leadAfter),
                triple.device(),
                triple.after() - Math.min(lead, leadAfter));
    }

    @Override
    public void close() {
        PtpDevice open = device;
        device = null;
        if (open != null) {
            open.close();
        }
    }
}
