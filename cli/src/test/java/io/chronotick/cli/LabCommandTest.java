// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.ntp.ExchangeCsv;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
        assertThat(shell.out()).contains("replay", "trace", "simulate", "record", "dataset", "report", "Examples:");
        for (String command : new String[] {"replay", "trace", "simulate", "report"}) {
            assertThat(shell.run("lab", command, "--help")).isEqualTo(ExitCode.OK);
            assertThat(shell.out()).contains("Examples:", "--jobs");
        }
        assertThat(shell.run("lab", "record", "--help")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("Examples:", "CLOCK_MONOTONIC_RAW", "logging.exchanges", "Exit code:");
        assertThat(shell.run("lab", "dataset", "--help")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("Examples:", "--recorded");
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
        isRefused(
                "--max-drift 200ppm is no frequency up to 100 ppm: give it as 8 ppm",
                "lab",
                "replay",
                directory.toString(),
                "--max-drift",
                "200ppm");
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
        assertThat(shell.run("lab", "simulate", "leap-m*", "--runs", "1", "--wide"))
                .isEqualTo(ExitCode.OK);
        assertThat(shell.out()).contains("leap-made-up", "in 50%", "by hindsight", "1 of 1 scenarios");
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
    void byzantineWorldsAreSummedUpWithinEightyColumns() {
        int exit = shell.run("lab", "simulate", "--byzantine", "1", "--count", "6", "--family", "PAUSE");
        assertThat(exit).as("nobody promises that bound").isEqualTo(ExitCode.OK);
        assertThat(shell.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(shell.out())
                .contains("Family", "violated", "pause", "all")
                .containsPattern("seed \\d pause: .* outside at .* s; ")
                .containsPattern("\\d of 6 worlds kept the bound");
        assertThat(shell.run("lab", "simulate", "--byzantine", "1", "--count", "2", "--json"))
                .isIn(ExitCode.OK, ExitCode.NOT_MET);
        assertThat(shell.out()).startsWith("{").contains("\"worlds\" : 2", "\"valid_while_majority_answers\"");
        isRefused("--family is of --byzantine", "lab", "simulate", "--family", "JUMP");
    }

    /** From a recording to training sequences, with a server on this machine. */
    @Test
    void recordingsBecomeTrainingSequences() throws IOException {
        HostClocks clocks = HostClocks.system();
        Path file = directory.resolve("exchanges.csv");
        ReferenceServerConfig config =
                ReferenceServerConfig.builder(Truth.startingNow(clocks, 0, 0)).build();
        try (ReferenceServer server = ReferenceServer.start(config, clocks)) {
            String address = "127.0.0.1:" + server.address().getPort();
            assertThat(shell.run("lab", "record", address, "--duration", "3", "--out", file.toString()))
                    .isEqualTo(ExitCode.OK);
        }
        assertThat(shell.out()).startsWith(file + ": ").contains(" exchanges more, ", " in a row with one server");
        assertThat(Files.readAllLines(file)).hasSizeGreaterThanOrEqualTo(3).startsWith(ExchangeCsv.HEADER);

        String out = directory.resolve("sequences.bin").toString();
        isRefused(
                "sequences of 512 need 544: record on, or give a shorter --length",
                "lab",
                "dataset",
                "--recorded",
                file.toString(),
                "--out",
                out);
        isRefused("is no record of exchanges", "lab", "dataset", "--recorded", write("x.csv", "t\n1\n"), "--out", out);
        isRefused("--recorded-share 2.0 is out of range", "lab", "dataset", "--recorded-share", "2", "--out", out);
        assertThat(Path.of(out)).doesNotExist();
    }

    @Test
    void recordNamesWhatIsWrong() throws IOException {
        String out = directory.resolve("exchanges.csv").toString();
        isRefused("--interval 0.5 is out of range: give 1 to 131072", "lab", "record", "--interval", "0.5", "-o", out);
        isRefused("--duration 0.0 is out of range", "lab", "record", "--duration", "0", "-o", out);
        isRefused("'[a:b:c' is not a server", "lab", "record", "[a:b:c", "-o", out);
        isRefused("cannot be written: no such file or directory", "lab", "record", "127.0.0.1:9", "-o", out + "/x");
        isRefused("holds something else", "lab", "record", "127.0.0.1:9", "-o", write("notes.txt", "mine"));
        if (Files.exists(Path.of("/dev/full"))) {
            isRefused("/dev/full cannot be written: ", "lab", "record", "127.0.0.1:9", "-o", "/dev/full");
        }
        assertThat(shell.run("lab", "record", "127.0.0.1:9", "--duration", "1", "-o", out))
                .isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.err()).isEqualTo("chronotick: no server answered; 'chronotick query' says why, one by one\n");
    }

    @Test
    void ownWeightsAreTriedBeforeTheySpeak() throws IOException {
        String scenario = write("good.yaml", """
                for: 20 min
                servers: [{poll: 4 s, path: {base: 1 ms, queue: {law: exponential, mean: 1 ms}}}]
                limits: {windows: [{from: 10 min, rms: 1 ms}]}
                """);
        isRefused(
                "does not exist",
                "lab",
                "simulate",
                scenario,
                "--weights",
                directory.resolve("no").toString());
        isRefused(
                "is no safetensors file: training/export.py makes such files",
                "lab",
                "simulate",
                "--weights",
                scenario);
        isRefused("is no safetensors file", "lab", "replay", directory.toString(), "--weights", scenario);
        Path weights = directory.resolve("mine.safetensors");
        try (InputStream in = FilterWeights.class.getResourceAsStream("tuned-filter.safetensors")) {
            Files.write(weights, Objects.requireNonNull(in).readAllBytes());
        }
        assertThat(shell.run("lab", "simulate", scenario, "--weights", weights.toString()))
                .isEqualTo(ExitCode.OK);
        String own = shell.out();
        assertThat(shell.run("lab", "simulate", scenario, "--learned")).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).isEqualTo(own);
        assertThat(shell.run("lab", "simulate", scenario)).isEqualTo(ExitCode.OK);
        assertThat(shell.out()).isNotEqualTo(own);
    }

    @Test
    void trainingSaysWhatItNeeds() throws Exception {
        Path run = Path.of("..", "training", "run").toAbsolutePath().normalize();
        String work = directory.resolve("work").toString();
        Programs.Result help = Programs.run(directory, Map.of(), List.of(run.toString(), "--help"));
        assertThat(help.check().out())
                .startsWith("usage: training/run DIRECTORY")
                .contains("PYTHON");
        Programs.Result bare = Programs.run(directory, Map.of("PYTHON", "/bin/false"), List.of(run.toString(), work));
        assertThat(bare.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(bare.err())
                .isEqualTo(
                        "training/run: /bin/false has no PyTorch and NumPy: apt-get install python3-torch python3-numpy"
                                + " libopenblas0-serial libjemalloc2, or set PYTHON to a Python that has them\n");
        for (List<String> wrong : List.of(
                List.of(run.toString()),
                List.of(run.toString(), work, "--updates", "x"),
                List.of(run.toString(), "-x"))) {
            Programs.Result result = Programs.run(directory, Map.of(), wrong);
            assertThat(result.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(result.err()).startsWith("training/run: ").hasLineCount(1);
        }
        assertThat(Path.of(work)).doesNotExist();
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
