// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A segment as a daemon leaves it, with one server and a time that any reader can compute; valid for a day. */
public final class SampleSegment {
    /** Exactly representable: 2025-03-13T15:33:20.5Z. */
    public static final double ANCHOR = 1_741_880_000.5;

    public static final double OFFSET = 0.25;
    public static final double DRIFT = 10e-6;
    public static final double MAX_ERROR = 0.001953125;

    private final ByteBuffer bytes =
            ByteBuffer.allocate(RecordLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /** Of a daemon that is READY and lives in this process; its anchor is now. */
    public SampleSegment() {
        bytes.putDouble(RecordLayout.CORRECTED_TIMESTAMP, ANCHOR + OFFSET)
                .putDouble(RecordLayout.SYSTEM_TIMESTAMP, ANCHOR)
                .putDouble(RecordLayout.OFFSET_CORRECTION, OFFSET)
                .putDouble(RecordLayout.DRIFT_RATE, DRIFT)
                .putDouble(RecordLayout.OFFSET_UNCERTAINTY, 20e-6)
                .putDouble(RecordLayout.DRIFT_UNCERTAINTY, 1e-8)
                .putDouble(RecordLayout.PREDICTION_TIME, ANCHOR)
                .putDouble(RecordLayout.VALID_UNTIL, ANCHOR + 86_400)
                .putFloat(RecordLayout.CONFIDENCE, 0.98f)
                .putInt(RecordLayout.SEQUENCE_NUMBER, 2)
                .putInt(RecordLayout.SOURCE, 4)
                .putInt(RecordLayout.MEASUREMENT_COUNT, 40)
                .putInt(RecordLayout.WRITER_PID, (int) ProcessHandle.current().pid())
                .putDouble(RecordLayout.LAST_NTP_SYNC, ANCHOR - 2)
                .putDouble(RecordLayout.DAEMON_UPTIME, 60)
                .putInt(RecordLayout.TOTAL_CORRECTIONS, 6_000)
                .putInt(RecordLayout.LAYOUT_VERSION, RecordLayout.VERSION)
                .putFloat(RecordLayout.AVERAGE_LATENCY_MS, 0.002f)
                .putFloat(RecordLayout.MAX_ERROR, (float) MAX_ERROR)
                .putLong(RecordLayout.MONOTONIC_NS, System.nanoTime());
        withFlags(RecordLayout.FLAG_VALID
                | RecordLayout.FLAG_NTP_READY
                | RecordLayout.FLAG_MODELS_READY
                | RecordLayout.FLAG_WARMUP_COMPLETE);
        bytes.putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE)
                .putInt(PageLayout.PAGE_VERSION, PageLayout.VERSION)
                .putInt(PageLayout.PAGE_SEQUENCE, 2)
                .putDouble(PageLayout.UPDATE_FREQUENCY, 0.001)
                .putDouble(PageLayout.MAX_DRIFT, 600e-6)
                .putFloat(PageLayout.WARMUP_PROGRESS, 1)
                .putDouble(PageLayout.RESIDENT_BYTES, 64e6)
                .putInt(PageLayout.SOURCE_COUNT, 1);
        int row = PageLayout.SOURCES;
        bytes.put(row + PageLayout.SOURCE_NAME, "ntp.example.net".getBytes(StandardCharsets.UTF_8))
                .put(row + PageLayout.SOURCE_STATE, (byte) 2)
                .put(row + PageLayout.SOURCE_STRATUM, (byte) 2)
                .putDouble(row + PageLayout.SOURCE_OFFSET, Double.NaN);
    }

    public SampleSegment withFlags(int flags) {
        bytes.putInt(RecordLayout.FLAGS, flags);
        return this;
    }

    public SampleSegment withValidity(double seconds) {
        bytes.putDouble(RecordLayout.VALID_UNTIL, ANCHOR + seconds);
        return this;
    }

    public SampleSegment withMaxDrift(double perSecond) {
        bytes.putDouble(PageLayout.MAX_DRIFT, perSecond);
        return this;
    }

    /** In one step, as daemons do it. */
    public void publish(Path file) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".draft");
        Files.write(draft, bytes.array());
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
