// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.ContentionException;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Reads against a writer that runs flat out in another process, with the reader and, as the control, without its check. */
final class TornReads {
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private TornReads() {}

    /** What came of the reads; torn: fields of two different records in one. */
    record Result(long reads, long torn, long contended) {}

    static Result checked(Path segment, long reads) {
        CorrectionRecord record = new CorrectionRecord();
        long torn = 0;
        long contended = 0;
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            for (long i = 0; i < reads; i++) {
                try {
                    reader.read(record);
                } catch (ContentionException e) {
                    contended++;
                    continue;
                }
                torn += isTorn(record.offsetCorrection(), record.measurementCount(), record.maxError()) ? 1 : 0;
            }
        }
        return new Result(reads, torn, contended);
    }

    static Result unchecked(Path segment, long reads) throws IOException {
        MappedByteBuffer buffer;
        try (FileChannel channel = FileChannel.open(segment)) {
            buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, RecordLayout.SEGMENT_SIZE);
        }
        long torn = 0;
        for (long i = 0; i < reads; i++) {
            // Opaque: plain loads are moved out of the loop by the compiler, and a record read once is never torn.
            double offset = Double.longBitsToDouble((long) LONGS.getOpaque(buffer, RecordLayout.OFFSET_CORRECTION));
            long count = (int) INTS.getOpaque(buffer, RecordLayout.MEASUREMENT_COUNT);
            float bound = Float.intBitsToFloat((int) INTS.getOpaque(buffer, RecordLayout.MAX_ERROR));
            torn += isTorn(offset, count, bound) ? 1 : 0;
        }
        return new Result(reads, torn, 0);
    }

    /** See {@link LiveWriter#correction}: the offset is the count in seconds, the bound a tenth of it. */
    private static boolean isTorn(double offset, long count, float bound) {
        return Math.round(offset) != count || Math.round(bound * 10) != count;
    }
}
