// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The calls by which a PTP hardware clock is read together with a clock of the system (Linux, include/uapi/linux/ptp_clock.h), the best
 * first, with the bytes of their arguments.
 *
 * <p>A time is i64 seconds, u32 nanoseconds and u32 reserved.
 */
enum PtpCall {
    /** One instant of the device, CLOCK_REALTIME and CLOCK_MONOTONIC_RAW, where the hardware latches them together. */
    PRECISE(0xC040_3D08L, 64, 1),

    /** So many times the system's, the device's and the system's again, of CLOCK_MONOTONIC_RAW (Linux 6.12 and later). */
    EXTENDED_RAW(0xC4C0_3D09L, 1216, 3),

    /** The same of CLOCK_REALTIME. */
    EXTENDED(0xC4C0_3D09L, 1216, 3),

    /** The system's and the device's in turn, of CLOCK_REALTIME: each triple shares its ends with the next. */
    PLAIN(0x4340_3D05L, 832, 2);

    /** Readings in a burst, of which the shortest counts: enough that one is not disturbed, some 20 us in all. */
    static final int BURST = 10;

    private static final int CLOCK_MONOTONIC_RAW = 4;
    private static final int CLOCK_ID = 4;
    private static final int HEADER_BYTES = 16;
    private static final int TIME_BYTES = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** No clock that is of any use is beyond the year 2200, s. */
    private static final long LATEST_SECONDS = 7_258_118_400L;

    private final long request;
    private final int bytes;
    private final int stride;

    PtpCall(long request, int bytes, int stride) {
        this.request = request;
        this.bytes = bytes;
        this.stride = stride;
    }

    /**
     * The device's time between two of the system's, ns of the clock that the call reads.
     *
     * @param before on the system's clock
     * @param device on the device's clock
     * @param after on the system's clock
     */
    record Triple(long before, long device, long after) {
        long width() {
            return after - before;
        }
    }

    /** What is passed to ioctl(2) with the argument. */
    long request() {
        return request;
    }

    /** Whether the system's times are those of CLOCK_MONOTONIC_RAW. */
    boolean isRaw() {
        return this == PRECISE || this == EXTENDED_RAW;
    }

    /** Name of the call, for people. */
    String text() {
        return switch (this) {
            case PRECISE -> "PTP_SYS_OFFSET_PRECISE";
            case EXTENDED_RAW -> "PTP_SYS_OFFSET_EXTENDED with CLOCK_MONOTONIC_RAW";
            case EXTENDED -> "PTP_SYS_OFFSET_EXTENDED";
            case PLAIN -> "PTP_SYS_OFFSET";
        };
    }

    /** A new argument. */
    ByteBuffer argument() {
        ByteBuffer struct = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
        if (this != PRECISE) {
            struct.putInt(0, BURST);
        }
        if (this == EXTENDED_RAW) {
            struct.putInt(CLOCK_ID, CLOCK_MONOTONIC_RAW);
        }
        return struct;
    }

    /**
     * The shortest triple of what the call has written.
     *
     * @throws IOException if it is no time
     */
    Triple shortest(ByteBuffer struct) throws IOException {
        if (this == PRECISE) {
            long raw = time(struct, 2 * TIME_BYTES);
            return new Triple(raw, time(struct, 0), raw);
        }
        Triple shortest = triple(struct, 0);
        for (int i = 1; i < BURST; i++) {
            Triple next = triple(struct, i);
            shortest = next.width() < shortest.width() ? next : shortest;
        }
        return shortest;
    }

    /** What the device read first. */
    long firstDeviceNanos(ByteBuffer struct) throws IOException {
        return this == PRECISE ? time(struct, 0) : triple(struct, 0).device();
    }

    /** What the device read last in that call. */
    long lastDeviceNanos(ByteBuffer struct) throws IOException {
        return this == PRECISE ? time(struct, 0) : triple(struct, BURST - 1).device();
    }

    private Triple triple(ByteBuffer struct, int i) throws IOException {
        int at = HEADER_BYTES + stride * i * TIME_BYTES;
        Triple triple = new Triple(time(struct, at), time(struct, at + TIME_BYTES), time(struct, at + 2 * TIME_BYTES));
        if (triple.width() < 0) {
            throw new IOException("its readings go back in time");
        }
        return triple;
    }

    private static long time(ByteBuffer struct, int at) throws IOException {
        long seconds = struct.getLong(at);
        long nanos = Integer.toUnsignedLong(struct.getInt(at + Long.BYTES));
        if (seconds < 0 || seconds > LATEST_SECONDS || nanos >= NANOS_PER_SECOND) {
            throw new IOException("it reads " + seconds + " s and " + nanos + " ns, which is no time");
        }
        return seconds * NANOS_PER_SECOND + nanos;
    }
}
