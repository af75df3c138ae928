// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.ExchangeCsv;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.lab.EngineUnderTest;
import io.chronotick.lab.LabException;
import io.chronotick.lab.Parallel;
import io.chronotick.lab.input.TextFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * Pauses and delays of a real network, from recorded exchanges. A record has no truth; what it has is when packets were sent and how
 * long both of them took together. The engine goes through it once and says which part of a round trip was the way there:
 * with a made-up clock such a path gives exchanges whose truth is known. Half of what the ways always differ by is unknown to
 * the engine, and so no part of the path. Immutable; thread-safe.
 */
public final class RecordedPaths {
    /** Exchanges at the beginning of a stretch by which the engine gets to know the clock; nobody else sees them. */
    public static final int SETTLING = 32;

    /** Apart from the stream that the made-up part of a sequence is drawn from. */
    private static final long OWN_STREAM = 0x5DEECE66D1CE4E5BL;

    private static final double SHORTEST = 1e-9;

    private final List<Stretch> stretches;
    private final double share;
    private final int broken;

    /** Exchanges with one server without a restart or a jump between them: pause before each, ways there and back, s. */
    private static final class Stretch {
        final double[] pauses;
        final double[] forward;
        final double[] back;

        Stretch(int length) {
            pauses = new double[length];
            forward = new double[length];
            back = new double[length];
        }

        int starts(int length) {
            return Math.max(pauses.length - length + 1, 0);
        }
    }

    /** Exchanges in a row. */
    static final class Run {
        private final Stretch stretch;
        private final int from;

        private Run(Stretch stretch, int from) {
            this.stretch = stretch;
            this.from = from;
        }

        /** From the reply before to the request of exchange i, s. */
        double pause(int i) {
            return stretch.pauses[from + i];
        }

        double forward(int i) {
            return stretch.forward[from + i];
        }

        double back(int i) {
            return stretch.back[from + i];
        }
    }

    private RecordedPaths(List<Stretch> stretches, double share, int broken) {
        this.stretches = stretches;
        this.share = share;
        this.broken = broken;
    }

    /**
     * Reads records and takes them apart. What one file ends with the next may continue.
     *
     * @param share of the sequences that get a recorded path, 0..1
     * @param length exchanges that a sequence needs in a row
     * @param progress is told how many stretches there are, and gives what is told how many are done, from any thread
     * @throws LabException if a file is no record, or all of them hold no stretch that is long enough
     */
    public static RecordedPaths read(
            List<Path> files, double share, int length, int jobs, IntFunction<IntConsumer> progress)
            throws InterruptedException {
        Reader reader = new Reader();
        files.forEach(reader::read);
        List<Callable<Stretch>> tasks = new ArrayList<>();
        int longest = 0;
        for (List<Exchange> exchanges : reader.stretches) {
            longest = Math.max(longest, exchanges.size());
            if (exchanges.size() >= SETTLING + length) {
                tasks.add(() -> takeApart(exchanges));
            }
        }
        if (tasks.isEmpty()) {
            throw new LabException("the records hold " + longest + " exchanges in a row with one server at most ("
                    + reader.broken + " broken lines left out); sequences of " + length + " need " + (SETTLING + length)
                    + ": record on, or give a shorter --length");
        }
        return new RecordedPaths(Parallel.run(tasks, jobs, progress.apply(tasks.size())), share, reader.broken);
    }

    /** Sorts lines into stretches. */
    private static final class Reader {
        final List<List<Exchange>> stretches = new ArrayList<>();
        private final Map<String, ExchangeCsv> newest = new HashMap<>();
        private final Map<String, List<Exchange>> open = new HashMap<>();
        int broken;

        void read(Path file) {
            int[] lines = new int[1];
            TextFile.forEachLine(file, (line, number) -> {
                lines[0] = number;
                if (number == 1) {
                    if (!line.equals(ExchangeCsv.HEADER)) {
                        throw noRecord(file);
                    }
                } else {
                    ExchangeCsv.parse(line).ifPresentOrElse(this::add, () -> broken++);
                }
            });
            if (lines[0] == 0) {
                throw noRecord(file);
            }
        }

        private static LabException noRecord(Path file) {
            return new LabException(file + " is no record of exchanges: 'chronotick lab record' makes one, and the"
                    + " daemon with logging.exchanges");
        }

        private void add(ExchangeCsv exchange) {
            if (exchange.measured().stamps() == StampKind.DEVICE) {
                return; // a clock of the host, to which there is no path
            }
            ExchangeCsv before = newest.put(exchange.server(), exchange);
            List<Exchange> stretch = open.get(exchange.server());
            if (before == null || stretch == null || !exchange.continues(before)) {
                stretch = new ArrayList<>();
                stretches.add(stretch);
                open.put(exchange.server(), stretch);
            }
            stretch.add(exchange.exchange());
        }
    }

    private static Stretch takeApart(List<Exchange> exchanges) {
        int length = exchanges.size() - SETTLING;
        Stretch stretch = new Stretch(length);
        EngineUnderTest engine =
                new EngineUnderTest(exchanges.get(0).t1(), Set.of(), Optional.empty(), false, EngineConfig.DEFAULT);
        for (int i = 0; i < exchanges.size(); i++) {
            Exchange exchange = exchanges.get(i);
            engine.exchange(exchange);
            int at = i - SETTLING;
            if (at >= 0) {
                double delay = Math.max(exchange.delay(), 2 * SHORTEST);
                double there = (exchange.t2() - engine.published().utcNanosAt(exchange.t1())) * 1e-9;
                stretch.forward[at] = Math.min(Math.max(there, SHORTEST), delay - SHORTEST);
                stretch.back[at] = delay - stretch.forward[at];
                stretch.pauses[at] = (exchange.t1() - exchanges.get(i - 1).t4()) * 1e-9;
            }
        }
        return stretch;
    }

    /** Whether the sequence of a seed has a recorded path, and which: always the same. */
    Optional<Run> draw(long seed, int length) {
        Random random = new Random(new SplittableRandom(seed ^ OWN_STREAM).nextLong());
        if (random.nextDouble() >= share) {
            return Optional.empty();
        }
        long starts = 0;
        for (Stretch stretch : stretches) {
            starts += stretch.starts(length);
        }
        long at = (long) (random.nextDouble() * starts);
        for (Stretch stretch : stretches) {
            if (at < stretch.starts(length)) {
                return Optional.of(new Run(stretch, (int) at));
            }
            at -= stretch.starts(length);
        }
        throw new IllegalArgumentException("no stretch of " + length + " exchanges");
    }

    /** Exchanges that sequences are drawn from. */
    public int exchanges() {
        return stretches.stream().mapToInt(stretch -> stretch.pauses.length).sum();
    }

    /** How many stretches these come in. */
    public int stretches() {
        return stretches.size();
    }

    /** Lines that were left out because they are damaged. */
    public int broken() {
        return broken;
    }
}
