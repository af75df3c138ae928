// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.engine.EngineConfig;
import io.chronotick.lab.LabException;
import io.chronotick.lab.LearnedWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any directory in the format of the replay set, and what is wrong with it. */
class ReplaySetTest {
    private static final String HEADER = "scenario,delay,poll,seed,rms_us,mae_us,cov_pct,bound_median_us,requests\n";
    private static final ReplayRules RULES = new ReplayRules(16, 10, 60);

    @TempDir
    private Path directory;

    @BeforeEach
    void writeSet() throws IOException {
        ReplayFiles.write(directory, "my_clock", "some_path", 7);
    }

    private ReplayResult play() {
        ReplaySet set = ReplaySet.open(directory);
        return ReplayRun.play(
                set, set.cases().get(0), RULES, Set.of(), LearnedWeights.shipped(), false, EngineConfig.DEFAULT);
    }

    private void complains(String message) {
        assertThatThrownBy(this::play).isInstanceOf(LabException.class).hasMessageContaining(message);
    }

    @Test
    void takesAnyNamesAndSeedsThatFit() throws IOException {
        ReplayFiles.write(directory, "other", "some_path", 8);
        assertThat(ReplaySet.open(directory).cases())
                .containsExactly(
                        new ReplayCase("my_clock", "some_path", "7"), new ReplayCase("other", "some_path", "8"));
    }

    @Test
    void complainsOfLawsThatAreMissingOrNone() throws IOException {
        ReplaySet set = ReplaySet.open(directory);
        assertThatThrownBy(set::withOracle).isInstanceOf(LabException.class).hasMessageContaining("no laws there");
        for (String laws : new String[] {
            "{",
            "[]",
            "{\"clocks\": {}}",
            "{\"clocks\": {}, \"paths\": {}, \"more\": 1}",
            "{\"clocks\": {\"a\": {\"frequency\": 0, \"wander\": 0, \"noise\": 0, \"cycles\": []}}, \"paths\": {}}"
        }) {
            Files.writeString(directory.resolve("laws.json"), laws);
            assertThatThrownBy(set::withOracle)
                    .as(laws)
                    .isInstanceOf(LabException.class)
                    .hasMessageContaining("laws.json: ")
                    .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
        }
        Files.writeString(directory.resolve("laws.json"), "{\"clocks\": {}, \"paths\": {}}");
        assertThat(set.withOracle().oracle(set.cases().get(0))).isEmpty();
    }

    @Test
    void knowsChronysResultsWhereTheyAreRecorded() throws IOException {
        Files.writeString(directory.resolve("chrony_results.csv"), HEADER + """
                        my_clock,some_path,B_p4,7,500,400,100,1200,2479
                        my_clock,some_path,A_default,7,1,1,100,1,9
                        """);
        ReplayResult result = play();
        assertThat(result.chronyRms()).hasValueSatisfying(rms -> assertThat(rms).isEqualTo(500e-6));
        // An asymmetric path would be judged by sqrt(500^2 - 400^2) = 300 us.
        assertThat(result.chrony().orElseThrow().rmsWithoutBias()).isCloseTo(300e-6, within());
        assertThat(ReplaySet.open(directory).chrony().of(result.replayCase(), 64))
                .isEmpty();
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.data.Offset.offset(1e-12);
    }

    @Test
    void saysThatADirectoryIsMissing() {
        assertThatThrownBy(() -> ReplaySet.open(directory.resolve("nowhere")))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("is not a directory");
    }

    @Test
    void saysThatADirectoryHoldsNoReplay() throws IOException {
        Files.delete(directory.resolve("delay_some_path_7_ret.txt.gz"));
        complains("holds no replay: expected freq_CLOCK_SEED.txt.gz");
    }

    @Test
    void saysThatAFileIsTruncated() throws IOException {
        Path file = directory.resolve("freq_my_clock_7.txt.gz");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        complains("freq_my_clock_7.txt.gz is truncated");
    }

    @Test
    void saysThatAFileIsNoGzip() throws IOException {
        Files.writeString(directory.resolve("freq_my_clock_7.txt.gz"), "1e-6\n");
        complains("freq_my_clock_7.txt.gz is not a gzip file");
    }

    @Test
    void saysWhichLineIsNoNumber() throws IOException {
        ReplayFiles.text(directory.resolve("delay_some_path_7_fwd.txt.gz"), "0.001\n0.002\nquick\n");
        complains("line 3: 'quick' is not a number");
        ReplayFiles.text(directory.resolve("delay_some_path_7_fwd.txt.gz"), "0.001\nNaN\n");
        complains("line 2: 'NaN' is not a number");
        ReplayFiles.text(directory.resolve("delay_some_path_7_fwd.txt.gz"), "1e300\n");
        complains("line 1: '1e300' is not a number");
    }

    @Test
    void saysThatAClockIsTooShort() throws IOException {
        ReplayFiles.numbers(directory.resolve("freq_my_clock_7.txt.gz"), 30, i -> 1e-6);
        complains("ends after 30 s of 60");
    }

    @Test
    void saysWhatIsWrongWithChronysResults() throws IOException {
        Path file = directory.resolve("chrony_results.csv");
        Files.writeString(file, "scenario,delay\n");
        complains("has no column poll");
        Files.writeString(file, HEADER + "my_clock,some_path,B_p4,7,fast,400,100,1200,2479\n");
        complains("line 2: rms_us is 'fast', not a number");
        Files.writeString(file, HEADER + "my_clock,some_path\n");
        complains("line 2 has 2 cells");
    }
}
