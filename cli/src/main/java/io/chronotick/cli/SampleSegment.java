// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;

/**
 * The bytes of a segment as a daemon that has been ready for a minute leaves it, for trying the commands out without one.
 * Change what is to be different, then write it.
 */
final class SampleSegment {
    private static final double UPTIME_SECONDS = 60;

    final ByteBuffer bytes = ByteBuffer.allocate(RecordLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /**
     * A record published just now.
     *
     * @param writerPid process that counts as its writer
     */
    SampleSegment(long writerPid) {
        // A multiple of 1/512 s is both a whole number of nanoseconds and a double.
        Instant now = Instant.now();
        long fraction = now.getNano() / 1_953_125;
        double anchor = now.getEpochSecond() + fraction / 512.0;
        long anchorMono = System.nanoTime() - (now.getNano() - fraction * 1_953_125);
        record(anchor, anchorMono, writerPid);
        page(anchor, anchorMono);
    }

    private void record(double anchor, long anchorMono, long writerPid) {
        bytes.putDouble(RecordLayout.CORRECTED_TIMESTAMP, anchor + 0.0231);
        bytes.putDouble(RecordLayout.SYSTEM_TIMESTAMP, anchor);
        bytes.putDouble(RecordLayout.OFFSET_CORRECTION, 0.0231);
        bytes.putDouble(RecordLayout.DRIFT_RATE, 12e-6);
        bytes.putDouble(RecordLayout.OFFSET_UNCERTAINTY, 20e-6);
        bytes.putDouble(RecordLayout.DRIFT_UNCERTAINTY, 1e-8);
        bytes.putDouble(RecordLayout.PREDICTION_TIME, anchor);
        bytes.putDouble(RecordLayout.VALID_UNTIL, anchor + UPTIME_SECONDS);
        bytes.putFloat(RecordLayout.CONFIDENCE, 0.98f);
        bytes.putInt(RecordLayout.SEQUENCE_NUMBER, 12_000);
        bytes.putInt(
                RecordLayout.FLAGS,
                RecordLayout.FLAG_VALID | RecordLayout.FLAG_NTP_READY | RecordLayout.FLAG_WARMUP_COMPLETE);
        bytes.putInt(RecordLayout.SOURCE, 2);
        bytes.putInt(RecordLayout.MEASUREMENT_COUNT, 40);
        bytes.putInt(RecordLayout.WRITER_PID, (int) writerPid);
        bytes.putDouble(RecordLayout.LAST_NTP_SYNC, anchor - 2);
        bytes.putDouble(RecordLayout.DAEMON_UPTIME, UPTIME_SECONDS);
        bytes.putInt(RecordLayout.TOTAL_CORRECTIONS, 6_000);
        bytes.putInt(RecordLayout.LAYOUT_VERSION, RecordLayout.VERSION);
        bytes.putFloat(RecordLayout.AVERAGE_LATENCY_MS, 0.002f);
        bytes.putFloat(RecordLayout.MAX_ERROR, 0.0006f);
        bytes.putLong(RecordLayout.MONOTONIC_NS, anchorMono);
    }

    private void page(double anchor, long anchorMono) {
        bytes.putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE);
        bytes.putInt(PageLayout.PAGE_VERSION, PageLayout.VERSION);
        bytes.putInt(PageLayout.PAGE_SEQUENCE, 2);
        bytes.putDouble(PageLayout.START_TIME, anchor - UPTIME_SECONDS);
        bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 100);
        bytes.putDouble(PageLayout.MAX_DRIFT, 50e-6);
        bytes.putFloat(PageLayout.WARMUP_PROGRESS, 1);
        bytes.putFloat(PageLayout.WEIGHT_SHORT_TERM, 1);
        bytes.putDouble(PageLayout.LATENCY_P50_NS, 1_800);
        bytes.putDouble(PageLayout.LATENCY_P99_NS, 9_500);
        bytes.putDouble(PageLayout.RESIDENT_BYTES, 64e6);
        bytes.putDouble(PageLayout.CPU_SECONDS, 0.24);
        bytes.putLong(PageLayout.PAGE_MONOTONIC_NS, anchorMono);
        text(PageLayout.CPU_AFFINITY, "0,1");
        text(PageLayout.DAEMON_VERSION, CommandTree.Version.program());
        bytes.putInt(PageLayout.SOURCE_COUNT, 2);
        source(0, "ntp1.example.net", 2, 0.4e-3);
        source(1, "ntp2.example.net:1123", 3, 80e-3);
    }

    private void source(int index, String name, int state, double offset) {
        int at = PageLayout.SOURCES + index * PageLayout.SOURCE_SIZE;
        text(at + PageLayout.SOURCE_NAME, name);
        bytes.put(at + PageLayout.SOURCE_STRATUM, (byte) 2);
        bytes.put(at + PageLayout.SOURCE_REACH, (byte) 0xFF);
        bytes.put(at + PageLayout.SOURCE_STATE, (byte) state);
        bytes.put(at + PageLayout.SOURCE_STAMP, (byte) 1);
        bytes.putFloat(at + PageLayout.SOURCE_POLL, 16);
        bytes.putFloat(at + PageLayout.SOURCE_AGE, 2);
        bytes.putDouble(at + PageLayout.SOURCE_OFFSET, offset);
        bytes.putDouble(at + PageLayout.SOURCE_SD, 50e-6);
        bytes.putDouble(at + PageLayout.SOURCE_DELAY, 1.2e-3);
        bytes.putDouble(at + PageLayout.SOURCE_JITTER, 80e-6);
        bytes.putDouble(at + PageLayout.SOURCE_ROOT_DISTANCE, 4e-3);
        bytes.putInt(at + PageLayout.SOURCE_SENT, 44);
        bytes.putInt(at + PageLayout.SOURCE_ACCEPTED, 40);
        bytes.putInt(at + PageLayout.SOURCE_DROPS + 4 * Integer.BYTES, 3);
    }

    /** Puts a string of the page; the bytes after it have to be zero already. */
    void text(int at, String value) {
        bytes.put(at, value.getBytes(StandardCharsets.UTF_8));
    }

    /** With the mode that a daemon gives it, whatever the umask: a reader does not trust others. */
    void writeTo(Path file) throws IOException {
        Files.write(file, bytes.array());
        if (Files.getFileAttributeView(file, PosixFileAttributeView.class) != null) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        }
    }
}
