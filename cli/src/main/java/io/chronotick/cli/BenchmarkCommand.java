// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import com.sun.management.ThreadMXBean;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "benchmark",
        description = "Measure how long a read takes, compared with a request to a server process.",
        footer = {
            "",
            "One read is the whole record and the time with its interval. The rival asks for the record over a Unix-domain",
            "socket and waits for the answer, as a queue-based design does.",
            "",
            "Examples:",
            "  chronotick benchmark",
            "  chronotick benchmark --iterations 10000000"
        })
final class BenchmarkCommand extends SegmentCommand {
    /** Reads timed together: one read takes about as long as looking at the clock does. */
    static final int BATCH = 20;

    /** Enough for the compiler to have finished with the read path. */
    private static final int WARMUP_READS = 300_000;

    private static final int RIVAL_WARMUP = 5_000;
    private static final int MAX_RIVAL_REQUESTS = 50_000;

    /** Progress is shown this often, reads. */
    private static final int PROGRESS_READS = 1_000_000;

    @Option(
            names = {"-n", "--iterations"},
            paramLabel = "N",
            defaultValue = "1000000",
            description = "Reads to time, 20 or more. Default: ${DEFAULT-VALUE}.")
    long iterations;

    BenchmarkCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() throws IOException {
        if (iterations < BATCH) {
            throw new UserException(
                    ExitCode.USAGE, "--iterations " + iterations + " is too few: give " + BATCH + " or more");
        }
        Path segment = segment();
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Result own = measureReads(reader, iterations, shell);
            shell.line("Shared memory, " + Format.grouped(own.reads) + " reads");
            print(own);
            shell.line("  Allocation:  " + Format.fixed(own.bytesPerRead, 1) + " bytes a read");
            shell.line("  Rating:      " + rating(own.p50()));
            shell.line("");
            shell.out().flush();
            long requests = Math.min(iterations, MAX_RIVAL_REQUESTS);
            Result rival = measureRival(reader, requests);
            shell.line("Request over a Unix-domain socket, " + Format.grouped(rival.reads) + " requests");
            print(rival);
            shell.line("");
            shell.line("Shared memory is " + Format.fixed(rival.p50() / own.p50(), 0) + " times quicker.");
            return ExitCode.OK;
        }
    }

    private void print(Result result) {
        shell.line("  p50:         " + nanos(result.p50()));
        shell.line("  p99:         " + nanos(result.at(99)));
        shell.line("  Max:         " + nanos(result.at(100)));
        shell.line("  Throughput:  " + Format.grouped(Math.round(1e9 / result.mean())) + " a second");
    }

    /** The scale of the quick reference. */
    static String rating(double nanos) {
        if (nanos < 500) {
            return "⭐⭐⭐ EXCELLENT (below 500 ns)";
        }
        if (nanos < 1_000) {
            return "⭐⭐ GOOD (below 1 µs)";
        }
        if (nanos < 10_000) {
            return "⭐ ACCEPTABLE (below 10 µs)";
        }
        return "⚠️ CHECK LOAD (10 µs or more)";
    }

    /** Times reads of the record with the interval that follows. */
    static Result measureReads(ChronoTickReader reader, long iterations, Shell shell) {
        CorrectionRecord record = new CorrectionRecord();
        TimeInterval now = new TimeInterval();
        for (int i = 0; i < WARMUP_READS; i++) {
            reader.read(record);
            reader.now(now);
        }
        Histogram histogram = new Histogram(3);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long batches = iterations / BATCH;
        long allocated = 0;
        long checksum = 0;
        for (long batch = 0; batch < batches; batch++) {
            long bytes = threads.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            for (int i = 0; i < BATCH; i++) {
                reader.read(record);
                reader.now(now);
                checksum += record.sequenceNumber() + now.estimateNanos();
            }
            long elapsed = System.nanoTime() - start;
            allocated += threads.getCurrentThreadAllocatedBytes() - bytes;
            histogram.recordValue(elapsed);
            if (shell.terminal() && batch % (PROGRESS_READS / BATCH) == 0 && batches > PROGRESS_READS / BATCH) {
                shell.err().append("\r" + Format.percent(batch / (double) batches, 0) + " ");
                shell.err().flush();
            }
        }
        if (shell.terminal()) {
            shell.err().append("\r\u001b[K");
            shell.err().flush();
        }
        if (checksum == 0) {
            throw new IllegalStateException("nothing was read"); // keeps the compiler from leaving the reads out
        }
        return new Result(histogram, BATCH, batches * BATCH, allocated / (double) (batches * BATCH));
    }

    private static Result measureRival(ChronoTickReader reader, long requests) throws IOException {
        try (SocketRival rival = new SocketRival(reader)) {
            for (int i = 0; i < RIVAL_WARMUP; i++) {
                rival.request();
            }
            Histogram histogram = new Histogram(3);
            for (long i = 0; i < requests; i++) {
                long start = System.nanoTime();
                rival.request();
                histogram.recordValue(System.nanoTime() - start);
            }
            return new Result(histogram, 1, requests, Double.NaN);
        }
    }

    private static String nanos(double nanos) {
        return nanos < 1_000 ? Format.fixed(nanos, 1) + " ns" : Format.duration(nanos * 1e-9);
    }

    /**
     * Times of batches.
     *
     * @param histogram time of a batch, ns
     * @param batch reads in one
     * @param reads reads in all
     * @param bytesPerRead heap allocated by one read, bytes
     */
    record Result(Histogram histogram, int batch, long reads, double bytesPerRead) {
        double p50() {
            return at(50);
        }

        /** Time of one read, ns, at a percentile of the batches. */
        double at(double percentile) {
            return histogram.getValueAtPercentile(percentile) / (double) batch;
        }

        double mean() {
            return histogram.getMean() / batch;
        }
    }
}
