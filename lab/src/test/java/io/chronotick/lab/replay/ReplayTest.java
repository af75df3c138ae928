// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.engine.EngineConfig;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.document.JsonText;
import io.chronotick.lab.document.ReplayDocument;
import io.chronotick.lab.score.TimeSeries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Whole replays of a set that the test has made. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplayTest {
    private static final String CHRONY = """
            scenario,delay,poll,seed,rms_us,mae_us,cov_pct,bound_median_us,requests
            quartz,lan,C_p6,1,100,80,100,1200,622
            quartz,lan,C_p6,2,300,80,100,1400,622
            quartz,lan,A_default,1,100,80,100,1200,90
            quartz,lan,A_default,2,300,80,100,1400,110
            """;

    private Path directory = Path.of("");
    private List<ReplayResult> results = List.of();

    @BeforeAll
    void playBothSeeds(@TempDir Path made) throws IOException, InterruptedException {
        directory = made;
        ReplayFiles.write(directory, "quartz", "lan", 1);
        ReplayFiles.write(directory, "quartz", "lan", 2);
        Files.writeString(directory.resolve("chrony_results.csv"), CHRONY);
        results = play(2);
    }

    private List<ReplayResult> play(int jobs) throws InterruptedException {
        ReplaySet set = ReplaySet.open(directory);
        return Replay.play(
                set,
                set.cases(),
                List.of(64),
                Set.of(),
                LearnedWeights.shipped(),
                false,
                EngineConfig.DEFAULT,
                jobs,
                done -> {});
    }

    @Test
    void sameInputsGiveTheSameBytesWhateverTheNumberOfJobs() throws InterruptedException {
        ReplaySummary one = new ReplaySummary(play(1));
        ReplaySummary two = new ReplaySummary(results);
        assertThat(ReplayDocument.csv(one)).isEqualTo(ReplayDocument.csv(two));
        assertThat(JsonText.pretty(ReplayDocument.tree(one))).isEqualTo(JsonText.pretty(ReplayDocument.tree(two)));
    }

    /** Queues of 100 us each way: whoever averages is far better than whoever takes the last offset. */
    @Test
    void engineIsScoredBesideItsForecastersAndTheBaselines() {
        for (ReplayResult result : results) {
            assertThat(result.requests()).isEqualTo(628);
            assertThat(result.exchanges()).isEqualTo(628);
            assertThat(result.published().error().count()).isEqualTo(36_001);
            assertThat(result.published().rms()).isLessThan(100e-6);
            double last = result.forecasts("last offset").orElseThrow().rms();
            assertThat(last).isGreaterThan(5 * result.published().rms());
            assertThat(result.forecasters().stream().map(ReplayResult.Forecasts::name))
                    .contains("fusion", "least squares", "Theil-Sen", "fixed Kalman");
            assertThat(result.boundCovered()).isEqualTo(1);
            assertThat(result.convergenceSeconds()).isBetween(0, 4000);
        }
    }

    @Test
    void cellIsTheMedianOfItsSeeds() {
        ReplaySummary summary = new ReplaySummary(results);
        ReplaySummary.Cell cell = summary.cells().get(0);
        double own =
                (results.get(0).published().rms() + results.get(1).published().rms()) / 2;
        assertThat(cell.ratio(ReplayResult.PUBLISHED).orElseThrow()).isCloseTo(200e-6 / own, offset(1e-9));
        ReplaySummary.Ratios ratios =
                ReplaySummary.ratios(summary.cells(), ReplayResult.PUBLISHED).orElseThrow();
        assertThat(ratios.worst()).isCloseTo(ratios.geometricMean(), offset(1e-12));
        assertThat(ratios.worstCell().name()).isEqualTo("quartz/lan");
    }

    /** Chrony's bounds are 1.2 and 1.4 ms. */
    @Test
    void boundIsAsWideAsWhatIsAssumedOfTheOscillator() throws InterruptedException {
        ReplaySummary summary = new ReplaySummary(results);
        double own = (results.get(0).boundMedian() + results.get(1).boundMedian()) / 2;
        ReplaySummary.Ratios ratios = ReplaySummary.boundRatios(summary.cells()).orElseThrow();
        assertThat(ratios.geometricMean()).isCloseTo(own / 1.3e-3, offset(1e-9));
        assertThat(ratios.worst()).isCloseTo(ratios.geometricMean(), offset(1e-12));
        ReplaySet set = ReplaySet.open(directory);
        List<ReplayResult> sure = Replay.play(
                set,
                set.cases(),
                List.of(64),
                Set.of(),
                LearnedWeights.shipped(),
                false,
                EngineConfig.DEFAULT.toBuilder().maxDrift(1e-6).build(),
                2,
                done -> {});
        for (int i = 0; i < results.size(); i++) {
            assertThat(sure.get(i).boundMedian()).isLessThan(results.get(i).boundMedian());
            assertThat(sure.get(i).boundCovered()).isEqualTo(1);
        }
    }

    /** As ReplayFiles makes them; one that is told a longer way there knows less. */
    @Test
    void oracleThatKnowsTheLawsIsCloser() throws IOException, InterruptedException {
        String laws = """
                {"clocks": {"quartz": {"frequency": 1e-5, "wander": 1e-9, "noise": 0, "cycles": []}},
                 "paths": {"lan": {
                   "forward": {"base": BASE, "queue": [{"share": 1, "mean": 1e-4}]},
                   "back": {"base": 1e-3, "queue": [{"share": 1, "mean": 1e-4}]}}}}
                """;
        Path file = directory.resolve("laws.json");
        Files.writeString(file, laws.replace("BASE", "1e-3"));
        ReplaySummary.Cell right = playWithOracle();
        Files.writeString(file, laws.replace("BASE", "1.02e-3"));
        ReplaySummary.Cell wrong = playWithOracle();
        assertThat(right.oracleRatio().orElseThrow()).isBetween(1.0, 1.3);
        assertThat(wrong.oracleRatio().orElseThrow())
                .isLessThan(0.9 * right.oracleRatio().orElseThrow());
        assertThat(ReplaySummary.oracleRatios(List.of(right)).orElseThrow().worst())
                .isEqualTo(right.oracleRatio().orElseThrow());
        assertThat(new ReplaySummary(results).cells().get(0).oracleRatio()).isEmpty();
    }

    /** The engine asks by itself, between 64 and 1024 s, and is compared with chrony doing so. */
    @Test
    void engineAsksByItselfAtAnAdaptivePoll() throws InterruptedException {
        ReplaySet set = ReplaySet.open(directory);
        List<ReplayResult> asked = Replay.play(
                set,
                set.cases(),
                List.of(ReplayRules.ADAPTIVE),
                Set.of(),
                LearnedWeights.shipped(),
                false,
                EngineConfig.DEFAULT,
                2,
                done -> {});
        for (int i = 0; i < asked.size(); i++) {
            ReplayResult result = asked.get(i);
            assertThat(result.requests()).isBetween(40_000 / 1024, 300);
            assertThat(result.exchanges()).isBetween(result.requests() - 1, result.requests());
            assertThat(result.boundCovered()).isEqualTo(1);
            assertThat(result.published().rms())
                    .isBetween(results.get(i).published().rms(), 100e-6);
        }
        ReplaySummary.Ratios ratios =
                ReplaySummary.requestRatios(new ReplaySummary(asked).cells()).orElseThrow();
        assertThat(ratios.worst())
                .isCloseTo((asked.get(0).requests() + asked.get(1).requests()) / 200.0, offset(1e-12));
        assertThat(ReplaySummary.requestRatios(new ReplaySummary(results).cells())
                        .orElseThrow()
                        .worst())
                .isCloseTo(628 / 622.0, offset(1e-12));
    }

    private ReplaySummary.Cell playWithOracle() throws InterruptedException {
        ReplaySet set = ReplaySet.open(directory).withOracle();
        return new ReplaySummary(Replay.play(
                        set,
                        set.cases(),
                        List.of(64),
                        Set.of(),
                        LearnedWeights.shipped(),
                        false,
                        EngineConfig.DEFAULT,
                        2,
                        done -> {}))
                .cells()
                .get(0);
    }

    @Test
    void seriesIsWhatWasScored() {
        ReplaySet set = ReplaySet.open(directory);
        TimeSeries series = Replay.series(set, set.cases().get(0), 64);
        assertThat(io.chronotick.lab.score.ErrorScore.of(series.errors()))
                .isEqualTo(results.get(0).published().error());
        assertThat(series.seconds()[0]).isEqualTo(4000);
    }
}
