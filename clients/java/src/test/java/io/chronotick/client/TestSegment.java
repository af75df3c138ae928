// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static java.lang.invoke.MethodHandles.byteBufferViewVarHandle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/** The writer's half of the contract, in a real file: knows the layout and nothing of the daemon. */
final class TestSegment {
    /** Exactly representable, and a whole number of nanoseconds. */
    static final double ANCHOR = 1_741_880_000.5;

    static final long ANCHOR_NANOS = 1_741_880_000_500_000_000L;

    static final double MAX_DRIFT = 0x1p-14; // 61 ppm, exact

    private static final VarHandle INT = byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    final Path path;
    final ByteBuffer bytes;
    private int sequence;

    private TestSegment(Path path, ByteBuffer bytes) {
        this.path = path;
        this.bytes = bytes;
    }

    /** A segment as a daemon leaves it before its first record: the page's constants and nothing else. */
    static TestSegment create(Path path) {
        TestSegment segment = blank(path);
        segment.bytes
                .putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE)
                .putInt(PageLayout.PAGE_VERSION, PageLayout.VERSION)
                .putDouble(PageLayout.UPDATE_FREQUENCY, 100)
                .putDouble(PageLayout.MAX_DRIFT, MAX_DRIFT);
        return segment;
    }

    static TestSegment blank(Path path) {
        try {
            write(path, new byte[RecordLayout.SEGMENT_SIZE]);
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return new TestSegment(
                        path,
                        channel.map(FileChannel.MapMode.READ_WRITE, 0, RecordLayout.SEGMENT_SIZE)
                                .order(ByteOrder.LITTLE_ENDIAN));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a file that a reader trusts, whatever the umask. */
    static void write(Path path, byte[] content) throws IOException {
        Files.write(path, content, StandardOpenOption.CREATE_NEW);
        setMode(path, "rw-r--r--");
    }

    static void setMode(Path path, String mode) throws IOException {
        if (Files.getFileAttributeView(path, PosixFileAttributeView.class) != null) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
        }
    }

    /** A good record: 10 s of validity, all else zero, written by this process. */
    TestSegment fill(double system, long monotonicNanos) {
        bytes.putDouble(RecordLayout.SYSTEM_TIMESTAMP, system)
                .putDouble(RecordLayout.CORRECTED_TIMESTAMP, system)
                .putDouble(RecordLayout.PREDICTION_TIME, system)
                .putDouble(RecordLayout.VALID_UNTIL, system + 10)
                .putInt(RecordLayout.FLAGS, RecordLayout.FLAG_VALID | RecordLayout.FLAG_NTP_READY)
                .putInt(RecordLayout.SOURCE, 1) // NTP
                .putInt(RecordLayout.WRITER_PID, (int) ProcessHandle.current().pid())
                .putInt(RecordLayout.LAYOUT_VERSION, RecordLayout.VERSION)
                .putLong(RecordLayout.MONOTONIC_NS, monotonicNanos);
        return this;
    }

    TestSegment with(int offset, double value) {
        bytes.putDouble(offset, value);
        return this;
    }

    TestSegment withFloat(int offset, float value) {
        bytes.putFloat(offset, value);
        return this;
    }

    TestSegment withInt(int offset, int value) {
        bytes.putInt(offset, value);
        return this;
    }

    TestSegment withLong(int offset, long value) {
        bytes.putLong(offset, value);
        return this;
    }

    /** What the page says of its daemon's clocks. */
    TestSegment domain(UUID bootId, long timeNamespace) {
        return withLong(PageLayout.BOOT_ID, Long.reverseBytes(bootId.getMostSignificantBits()))
                .withLong(PageLayout.BOOT_ID + Long.BYTES, Long.reverseBytes(bootId.getLeastSignificantBits()))
                .withLong(PageLayout.TIME_NAMESPACE, timeNamespace);
    }

    /** Makes what was filled in a stable record. */
    TestSegment publish() {
        return withSequence((sequence | 1) + 1);
    }

    TestSegment withSequence(int value) {
        sequence = value;
        INT.setRelease(bytes, RecordLayout.SEQUENCE_NUMBER, value);
        return this;
    }

    /** A good record, published. */
    TestSegment write(double system, long monotonicNanos) {
        return fill(system, monotonicNanos).publish();
    }
}
