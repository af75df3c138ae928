// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceTest {
    @TempDir
    private Path directory;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    /** 5 ppm slow, noise of 1 ms each way, one sample every 16 s. */
    private Path line(String name, boolean oneLegVaries) throws IOException {
        Random random = new Random(2);
        StringBuilder text = new StringBuilder("t,offset_s,delay_s\n");
        for (int i = 0; i < 400; i++) {
            double forward = -1e-3 * Math.log(1 - random.nextDouble());
            double back = oneLegVaries ? 0 : -1e-3 * Math.log(1 - random.nextDouble());
            text.append(String.format(
                    Locale.ROOT,
                    "%d,%.9f,%.9f%n",
                    16 * i,
                    5e-6 * 16 * i + (forward - back) / 2,
                    0.02 + forward + back));
        }
        return write(name, text.toString().replace("\r", ""));
    }

    @Test
    void exchangeHasTheOffsetAndTheDelayOfItsRow() throws IOException {
        Trace trace = Trace.read(write("a.csv", "t,offset_s,delay_s\n0,0.5,0.020\n10,0.6,0.030\n20,0.6,0.030\n"), 0);
        Exchange exchange = trace.exchange(1);
        assertThat(exchange.delay()).isCloseTo(0.030, offset(1e-12));
        assertThat(exchange.t2() - Trace.localUtcNanos(exchange.middle())).isEqualTo(600_000_000);
        assertThat(exchange.t1()).isEqualTo(Trace.rawNanos(10));
    }

    /** The largest step is 0.1 s; what sources call uncertainty is many things, and no delay. */
    @Test
    void unrecordedDelayIsWideEnoughForNoTwoSamplesToExcludeEachOther() throws IOException {
        Trace trace = Trace.read(write("a.csv", "t,offset_s,uncertainty_s\n0,0.5,0.01\n10,0.6,0\n20,0.6,0\n"), 0);
        assertThat(trace.delaysRecorded()).isFalse();
        assertThat(trace.exchange(0).delay()).isCloseTo(0.20, offset(1e-9));
        assertThat(trace.exchange(1).delay()).isCloseTo(0.20, offset(1e-9));
    }

    @Test
    void subsamplingKeepsTheFirstRowAfterEachInterval() throws IOException {
        Trace trace = Trace.read(write("a.csv", "t,offset_s\n0,1\n5,2\n10,3\n19,4\n21,5\n35,6\n"), 10);
        assertThat(trace.offsets()).containsExactly(1, 3, 5, 6);
    }

    /** Packets wait on the way back only: the clock is where those say that did not wait, the samples are below. */
    @Test
    void nextSampleIsForecastWithTheSamplesOwnBias() throws IOException {
        StringBuilder csv = new StringBuilder("t,offset_s,delay_s\n");
        Random random = new Random(1);
        for (int i = 0; i < 400; i++) {
            double queue = -2e-3 * Math.log(1 - random.nextDouble());
            csv.append(String.format(Locale.ROOT, "%d,%.9f,%.9f%n", 16 * i, 0.5 - queue / 2, 0.010 + queue));
        }
        TraceResult result = TraceRun.play(write("biased.csv", csv.toString()), 0, Set.of());

        double published = result.score(TraceResult.PUBLISHED).orElseThrow().oneStep();
        double sample = result.score(TraceResult.NEXT_SAMPLE).orElseThrow().oneStep();
        // Half of an exponential law's mean of 2 ms; round its median, the mean distance is ln 2 times that.
        assertThat(published).isBetween(0.95e-3, 1.1e-3);
        assertThat(sample).isBetween(0.65e-3, 0.8e-3);
    }

    @Test
    void forecastsALine() throws IOException {
        TraceResult result = TraceRun.play(line("a.csv", false), 0, Set.of());
        TraceResult.Score published = result.score(TraceResult.PUBLISHED).orElseThrow();
        assertThat(published.counts().get(0)).isEqualTo(392);
        // The difference of two exponentials of 1 ms, halved: the mean of its size is 0.5 ms.
        assertThat(result.floor().smoother()).isBetween(0.4e-3, 0.55e-3);
        assertThat(result.floor().secondDifferences()).isBetween(0.4e-3, 0.65e-3);
        assertThat(published.oneStep()).isLessThan(1.2 * result.floor().smoother());
        assertThat(result.score("last offset").orElseThrow().oneStep()).isGreaterThan(1.3 * published.oneStep());
        // 1800 s at 5 ppm: 9 ms for whoever has no frequency.
        assertThat(result.score("last offset").orElseThrow().mae().get(4)).isGreaterThan(8e-3);
        assertThat(result.correctedFloor()).isEmpty();
    }

    @Test
    void offsetsThatFollowTheDelayAreScoredCorrected() throws IOException {
        TraceResult result = TraceRun.play(line("a.csv", true), 0, Set.of());
        assertThat(result.slope().orElseThrow().slope()).isCloseTo(0.5, offset(1e-3));
        assertThat(result.slope().orElseThrow().correlation()).isGreaterThan(0.99);
        assertThat(result.correctedFloor().orElseThrow().smoother()).isLessThan(1e-6);
        assertThat(result.score(TraceResult.PUBLISHED).orElseThrow().corrected().get(0))
                .isLessThan(0.1e-3);
    }

    /** The row of the sample itself may have used it; an error row says nothing; what is old says nothing about now. */
    @Test
    void earlierSystemIsJudgedByItsLastPredictionBeforeTheSample() throws IOException {
        write("a.csv", "t,offset_s\n");
        write(
                "a_reference.csv",
                "t,predicted_offset_s,stated_uncertainty_s,source\n0,0.1,0,cpu\n10,0.2,0,error\n20,0.3,0,cpu\n");
        PublishedPredictions predictions =
                PublishedPredictions.beside(directory.resolve("a.csv")).orElseThrow();
        assertThat(predictions.before(20)).isEqualTo(0.1);
        assertThat(predictions.before(20.001)).isEqualTo(0.3);
        assertThat(predictions.before(0)).isNaN();
        assertThat(predictions.before(81)).isNaN();
        assertThat(PublishedPredictions.beside(directory.resolve("b.csv"))).isEmpty();
    }

    @Test
    void saysWhatIsWrongWithAFile() throws IOException {
        Path file = directory.resolve("a.csv");
        complains(file, "does not exist");
        write("a.csv", "time,offset\n1,2\n");
        complains(file, "has no column t");
        write("a.csv", "t,offset_s\n0,0.1\n1,infinite\n");
        complains(file, "line 3: offset_s is 'infinite', not a number");
        write("a.csv", "t,offset_s\n0,0.1\n");
        complains(file, "has 1 usable rows");
        write("a.csv", "t,offset_s\n5,0.1\n4,0.1\n");
        complains(file, "rows have to be in ascending order");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        complains(file, "is not text");
    }

    private static void complains(Path file, String message) {
        assertThatThrownBy(() -> Trace.read(file, 0))
                .isInstanceOf(LabException.class)
                .hasMessageContaining(message);
    }
}
