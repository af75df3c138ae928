// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.ExchangeCsv;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.MeasuredExchange;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedPathsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UTC = 1_800_000_000L * SECOND;
    private static final double BASE = 5e-3;
    private static final double QUEUE = 4e-4;
    private static final int LENGTH = 64;

    @TempDir
    Path directory;

    /** A network whose ways are known, measured by a clock that is 20 ppm fast. */
    private static final class Network {
        final List<String> lines = new ArrayList<>(List.of(ExchangeCsv.HEADER));
        final List<double[]> ways = new ArrayList<>();
        private final Random random;
        private double now = 1000;

        Network(long seed, int exchanges) {
            random = new Random(seed);
            for (int i = 0; i < exchanges; i++) {
                double there = BASE + queue();
                double back = BASE + queue();
                ways.add(new double[] {there, back});
                lines.add(line("server", now, there, back));
                now += 16 + random.nextDouble();
            }
        }

        private double queue() {
            return -QUEUE * Math.log(1 - random.nextDouble());
        }

        static String line(String server, double at, double there, double back) {
            long sent = Math.round(at * SECOND);
            long received = sent + Math.round(there * SECOND);
            long home = received + Math.round(back * SECOND);
            Exchange exchange = new Exchange(0, raw(sent), UTC + received, UTC + received, raw(home), 1e-4, 1e-4, 1e-7);
            return new ExchangeCsv(
                            server,
                            "192.0.2.1",
                            new MeasuredExchange(exchange, 1, LeapIndicator.NONE, StampKind.KERNEL))
                    .line();
        }

        private static long raw(long trueNanos) {
            return trueNanos + Math.round(20e-6 * trueNanos);
        }
    }

    private Path write(String name, List<String> lines) throws IOException {
        return Files.write(directory.resolve(name), lines);
    }

    private static RecordedPaths read(int length, double share, Path... files) throws InterruptedException {
        return RecordedPaths.read(List.of(files), share, length, 2, total -> done -> {});
    }

    /** What the ways differ by comes out of the engine; at a tenth of the queues it is a network to train for. */
    @Test
    void shouldSplitRoundTripsIntoTheirWays() throws Exception {
        Network network = new Network(1, 1000);
        int length = 1000 - RecordedPaths.SETTLING;
        RecordedPaths.Run run =
                read(length, 1, write("a.csv", network.lines)).draw(1, length).orElseThrow();
        double squares = 0;
        for (int i = 0; i < length; i++) {
            double[] ways = network.ways.get(i + RecordedPaths.SETTLING);
            assertThat(run.forward(i)).isPositive();
            assertThat(run.back(i)).isPositive();
            // The clock that measured is 20 ppm fast.
            assertThat(run.forward(i) + run.back(i)).isCloseTo((ways[0] + ways[1]) * (1 + 20e-6), within(2e-9));
            assertThat(run.pause(i)).isBetween(15.9, 17.0);
            double error = run.forward(i) - ways[0];
            squares += error * error / length;
        }
        assertThat(Math.sqrt(squares)).isLessThan(QUEUE / 10);
    }

    @Test
    void shouldDrawTheSameRunOfTheSameSeedAndTheShareThatIsAskedFor() throws Exception {
        Network network = new Network(2, 300);
        RecordedPaths half = read(LENGTH, 0.5, write("a.csv", network.lines));
        RecordedPaths again = read(LENGTH, 0.5, directory.resolve("a.csv"));
        int recorded = 0;
        double first = 0;
        int different = 0;
        for (int seed = 0; seed < 400; seed++) {
            Optional<RecordedPaths.Run> run = half.draw(seed, LENGTH);
            assertThat(again.draw(seed, LENGTH).map(r -> r.forward(0))).isEqualTo(run.map(r -> r.forward(0)));
            recorded += run.isPresent() ? 1 : 0;
            double here = run.map(r -> r.forward(0)).orElse(first);
            different += here != first ? 1 : 0;
            first = here;
        }
        // Binomial of 400 at one half: four standard deviations are 40.
        assertThat(recorded).isBetween(160, 240);
        assertThat(different).isGreaterThan(100);
        assertThat(half.exchanges()).isEqualTo(300 - RecordedPaths.SETTLING);
    }

    /** Truth known, network real: no exchange on a recorded path contradicts the truth, bad samples aside. */
    @Test
    void shouldMakeSequencesWhoseTruthIsKnown() throws Exception {
        RecordedPaths paths = read(LENGTH, 1, write("a.csv", new Network(3, 400).lines));
        int broken = 0;
        for (int seed = 0; seed < 100; seed++) {
            TrainingSequence sequence = TrainingPrior.sequence(seed, LENGTH, false, paths.draw(seed, LENGTH));
            for (int i = 0; i < LENGTH; i++) {
                assertThat(sequence.delay(i)).isBetween(2 * BASE, 2 * BASE + 20 * QUEUE);
                assertThat(sequence.gap(i)).isBetween(i == 0 ? 0 : 15.9, 17.1);
                double error = Math.abs(sequence.offset(i) - sequence.truth(i, 0));
                broken += error > sequence.delay(i) * (0.5 + 1e-3) ? 1 : 0;
            }
        }
        assertThat(broken / (100.0 * LENGTH)).isLessThan(3e-3);
    }

    @Test
    void shouldLeaveTheMadeUpSequencesAsTheyAre() throws Exception {
        Path plain = directory.resolve("plain.bin");
        Path none = directory.resolve("none.bin");
        Path mixed = directory.resolve("mixed.bin");
        Path file = write("a.csv", new Network(4, 200).lines);
        TrainingFile.write(plain, 5, 4, LENGTH, false, Optional.empty(), 1, done -> {});
        TrainingFile.write(none, 5, 4, LENGTH, false, Optional.of(read(LENGTH, 0, file)), 2, done -> {});
        TrainingFile.write(mixed, 5, 4, LENGTH, false, Optional.of(read(LENGTH, 1, file)), 2, done -> {});
        assertThat(none).hasSameBinaryContentAs(plain);
        assertThat(Files.mismatch(plain, mixed)).isNotNegative();
        byte[] first = Files.readAllBytes(mixed);
        TrainingFile.write(mixed, 5, 4, LENGTH, false, Optional.of(read(LENGTH, 1, file)), 1, done -> {});
        assertThat(Files.readAllBytes(mixed)).isEqualTo(first);
    }

    @Test
    void shouldCountBrokenLinesAndGoOn() throws Exception {
        List<String> lines = new Network(5, 200).lines;
        lines.addAll(100, Arrays.asList("garbage", "", lines.get(7).substring(30), "\0\0\0"));
        RecordedPaths paths = read(LENGTH, 1, write("a.csv", lines));
        assertThat(paths.broken()).isEqualTo(4);
        assertThat(paths.stretches()).isEqualTo(1);
        assertThat(paths.exchanges()).isEqualTo(200 - RecordedPaths.SETTLING);
    }

    /** A clock of the host is reached by no path that a filter could be trained for. */
    @Test
    void shouldLeaveOutClocksOfTheHost() throws Exception {
        List<String> lines = new Network(8, 200).lines;
        for (int i = 0; i < 100; i++) {
            lines.add(Network.line("/dev/ptp0", 1000 + i, 1e-7, 1e-7).replaceFirst(",kernel$", ",device"));
        }
        RecordedPaths paths = read(LENGTH, 1, write("a.csv", lines));
        assertThat(paths.broken()).isZero();
        assertThat(paths.stretches()).isEqualTo(1);
        assertThat(paths.exchanges()).isEqualTo(200 - RecordedPaths.SETTLING);
    }

    /** A restart of the machine ends a stretch; the older of two files is gone on with in the newer. */
    @Test
    void shouldSeparateStretchesAndJoinFiles() throws Exception {
        List<String> one = new Network(6, 200).lines;
        List<String> two = new Network(7, 150).lines; // begins at the same reading of the raw clock again
        Path older = write("x.csv.1", one.subList(0, 101));
        List<String> rest = new ArrayList<>(List.of(ExchangeCsv.HEADER));
        rest.addAll(one.subList(101, one.size()));
        rest.addAll(two.subList(1, two.size()));
        RecordedPaths paths = read(LENGTH, 1, older, write("x.csv", rest));
        assertThat(paths.stretches()).isEqualTo(2);
        assertThat(paths.exchanges()).isEqualTo(200 + 150 - 2 * RecordedPaths.SETTLING);
    }

    @Test
    void shouldSayWhatIsWrongWithARecord() throws Exception {
        Path shorter = write("short.csv", new Network(8, 90).lines);
        assertThatThrownBy(() -> read(LENGTH, 1, shorter))
                .isInstanceOf(LabException.class)
                .hasMessage("the records hold 90 exchanges in a row with one server at most (0 broken lines left out);"
                        + " sequences of 64 need 96: record on, or give a shorter --length");
        for (Path none : List.of(write("trace.csv", List.of("t,offset_s", "0,1")), write("empty.csv", List.of()))) {
            assertThatThrownBy(() -> read(LENGTH, 1, none))
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("is no record of exchanges: 'chronotick lab record' makes one");
        }
    }
}
