// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * The correction record: bytes 0 to 127 of the segment, little-endian. Offsets are bytes from the start of the file.
 *
 * <p>Byte-compatible with the older Python clients, whose format is {@code 'ddddddddfIIIIddIIf12s'} with native
 * alignment.
 */
public final class RecordLayout {
    /** Size of the segment, bytes: one page. */
    public static final int SEGMENT_SIZE = 4096;

    /** Size of the correction record, bytes: two cache lines. */
    public static final int RECORD_SIZE = 128;

    /** Value of {@link #LAYOUT_VERSION}. */
    public static final int VERSION = 2;

    /** f64: best estimate of UTC at the anchor, Unix seconds; for people and old clients. */
    public static final int CORRECTED_TIMESTAMP = 0;

    /** f64: the anchor, CLOCK_REALTIME, Unix seconds, chosen to be exactly representable. */
    public static final int SYSTEM_TIMESTAMP = 8;

    /** f64: seconds to add to CLOCK_REALTIME at {@link #PREDICTION_TIME}. */
    public static final int OFFSET_CORRECTION = 16;

    /** f64: how the offset grows with CLOCK_REALTIME, s/s. */
    public static final int DRIFT_RATE = 24;

    /** f64: one standard deviation of the offset at {@link #PREDICTION_TIME}, s. */
    public static final int OFFSET_UNCERTAINTY = 32;

    /** f64: one standard deviation of the drift, s/s. */
    public static final int DRIFT_UNCERTAINTY = 40;

    /** f64: origin of the correction line, CLOCK_REALTIME, Unix seconds. */
    public static final int PREDICTION_TIME = 48;

    /** f64: CLOCK_REALTIME after which the record is expired, Unix seconds. */
    public static final int VALID_UNTIL = 56;

    /** f32: 0..1. */
    public static final int CONFIDENCE = 64;

    /** u32: the seqlock, odd while a write is under way. */
    public static final int SEQUENCE_NUMBER = 68;

    /** u32: the FLAG bits. */
    public static final int FLAGS = 72;

    /** u32: ordinal of the source, NO_DATA 0 .. FUSION 4. */
    public static final int SOURCE = 76;

    /** u32: NTP measurements accepted since start. */
    public static final int MEASUREMENT_COUNT = 80;

    /** u32: process id of the writer. */
    public static final int WRITER_PID = 84;

    /** f64: CLOCK_REALTIME of the newest accepted measurement, Unix seconds, 0 if none. */
    public static final int LAST_NTP_SYNC = 88;

    /** f64: time since the daemon started, s. */
    public static final int DAEMON_UPTIME = 96;

    /** u32: records published, wraps. */
    public static final int TOTAL_CORRECTIONS = 104;

    /** u32: {@link #VERSION}. */
    public static final int LAYOUT_VERSION = 108;

    /** f32: mean time the writer takes to produce and publish one record, ms. */
    public static final int AVERAGE_LATENCY_MS = 112;

    /** f32: hard bound on abs(corrected - UTC) at the anchor, s; grows by {@link PageLayout#MAX_DRIFT} per second. */
    public static final int MAX_ERROR = 116;

    /** i64: CLOCK_MONOTONIC at the anchor, ns. */
    public static final int MONOTONIC_NS = 120;

    public static final int FLAG_VALID = 0x01;
    public static final int FLAG_NTP_READY = 0x02;
    public static final int FLAG_MODELS_READY = 0x04;
    public static final int FLAG_WARMUP_COMPLETE = 0x08;
    public static final int FLAG_HOLDOVER = 0x10;
    public static final int FLAG_CLOCK_STEPPED = 0x20;
    public static final int FLAG_LEAP_PENDING = 0x40;
    public static final int FLAG_AUTHENTICATED = 0x80;

    private RecordLayout() {}
}
