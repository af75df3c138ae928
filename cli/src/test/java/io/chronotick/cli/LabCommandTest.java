// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabCommandTest {
    private final TestShell shell = new TestShell();

    @TempDir
    private Path directory;

    private void isRefused(String message, String... arguments) {
        assertThat(shell.run(arguments)).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).startsWith("chronotick: ").contains(message).hasLineCount(1);
        assertThat(shell.out()).isEmpty();
    }

    private String write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text).toString();
    }

    @Test
    void helpTeachesEachCommand() {
        assertThat(shell.run("lab", "--help")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("replay", "trace", "simulate", "report", "Examples:");
        for (String command : new String[] {"replay", "trace", "simulate", "report"}) {
            assertThat(shell.run("lab", command, "--help")).isEqualTo(ExitCode.OK);
            assertThat(shell.out()).contains("Examples:", "--jobs");
        }
        assertThat(shell.run("lab")).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void replayNamesWhatIsWrongWithItsInput() throws IOException {
        isRefused(
                "is not a directory",
                "lab",
                "replay",
                directory.resolve("nowhere").toString());
        isRefused("holds no replay", "lab", "replay", directory.toString());
        write("freq_a_1.txt.gz", "garbage");
        write("delay_b_1_fwd.txt.gz", "garbage");
        write("delay_b_1_ret.txt.gz", "garbage");
        isRefused("is not a gzip file", "lab", "replay", directory.toString());
        isRefused("no clock, path and seed there match", "lab", "replay", directory.toString(), "--cell", "x/*");
        isRefused("--poll 0 is out of range", "lab", "replay", directory.toString(), "--poll", "0");
        isRefused("--jobs 0 is too few", "lab", "replay", directory.toString(), "--jobs", "0");
    }

    @Test
    void traceIsForecastAndJudged() throws IOException {
        StringBuilder text = new StringBuilder("t,offset_s,delay_s\n");
        for (int i = 0; i < 60; i++) {
            text.append(16 * i).append(',').append(1e-6 * 16 * i).append(",0.01\n");
        }
        String file = write("mine.csv", text.toString());
        assertThat(shell.run("lab", "trace", file)).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("mine: 60 exchanges, one every 16 s", "published", "Theil-Sen", "noise floor");
        assertThat(shell.run("lab", "trace", "--json", file)).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).startsWith("{").contains("\"name\" : \"mine\"");
    }

    @Test
    void traceNamesWhatIsWrongWithItsInput() throws IOException {
        isRefused("does not exist", "lab", "trace", directory.resolve("no.csv").toString());
        isRefused("holds no trace", "lab", "trace", directory.toString());
        isRefused("line 2: t is 'x'", "lab", "trace", write("a.csv", "t,offset_s\nx,1\n"));
        isRefused("--every -1.0 is out of range", "lab", "trace", "--every=-1", directory.toString());
    }

    @Test
    void simulateSaysWhetherLimitsWereKept() throws IOException {
        String scenario = "for: 5 min\nservers: [{path: {base: 1 ms}}]\nlimits: {windows: [{from: 1 min, rms: %s}]}\n";
        assertThat(shell.run("lab", "simulate", write("good.yaml", scenario.formatted("1 ms"))))
                .isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("good", "ok", "1 of 1 scenarios kept their limits");
        assertThat(shell.run("lab", "simulate", write("bad.yaml", scenario.formatted("0 us"))))
                .isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.out()).contains("FAILED bad: 1 min to 5 min: rms");
    }

    @Test
    void simulateShowsItsLibrary() {
        assertThat(shell.run("lab", "simulate", "--list")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("holdover-thermal", "four-unequal");
        assertThat(shell.run("lab", "simulate", "--show", "lan")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("servers:");
    }

    @Test
    void simulateNamesWhatIsWrongWithItsInput() throws IOException {
        isRefused("'nothing' is neither a file nor in the library", "lab", "simulate", "nothing");
        isRefused("x.yaml:1:6: for: 'ever' cannot be understood", "lab", "simulate", write("x.yaml", "for: ever"));
        isRefused("--runs and --count take 1 to", "lab", "simulate", "--count", "0", "--random", "1");
    }

    @Test
    void randomScenariosAreNamedByTheirSeed() {
        shell.run("lab", "simulate", "--random", "2", "--count", "1");
        assertThat(shell.out()).contains("random-2");
    }

    @Test
    void reportNeedsAPlaceToGoTo() {
        isRefused(
                "name a file in a directory that exists",
                "lab",
                "report",
                "--output",
                directory.resolve("no/where.html").toString());
    }
}
