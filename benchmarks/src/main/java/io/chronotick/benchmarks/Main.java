// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * All benchmarks in one run on one machine, and the table with their ratios. Arguments: the module's directory, a JDK 17's
 * java or "-", then perhaps --quick; or --year, for {@link Year} instead.
 */
public final class Main {
    private static final int TURNS = 3;

    private final Path module;
    private final String java17;
    private final boolean quick;
    private final Path segment;
    private final List<String> table = new ArrayList<>();

    private Main(Path module, String java17, boolean quick) throws IOException {
        this.module = module;
        this.java17 = java17;
        this.quick = quick;
        Path memory = Path.of("/dev/shm");
        Path directory = Files.isWritable(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
        this.segment = directory.resolve(
                "chronotick_benchmark_" + ProcessHandle.current().pid());
    }

    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--year")) {
            Year.play();
        } else if (!new Main(Path.of(args[0]), args[1], List.of(args).contains("--quick")).run()) {
            System.exit(1);
        }
    }

    @SuppressWarnings("try") // the writer is there to be read from, by way of the segment
    private boolean run() throws Exception {
        boolean whole;
        try (Writer writer = new Writer(1000)) {
            jmh();
            againstC();
            oldAgainstNewJava();
        }
        try (Writer writer = new Writer(0)) {
            whole = tornReads();
        }
        System.out.println();
        System.out.printf("%-46s %14s %10s  %s%n", "what", "measured", "ratio", "number to reach");
        table.forEach(System.out::println);
        return whole;
    }

    private void row(String what, String measured, double ratio, String reach) {
        String text = Double.isNaN(ratio) ? "" : String.format(Locale.ROOT, "%.2f", ratio);
        table.add(String.format(Locale.ROOT, "%-46s %14s %10s  %s", what, measured, text, reach));
    }

    private static String nanos(double value) {
        return String.format(Locale.ROOT, "%.1f ns", value);
    }

    private static void progress(String text) {
        System.out.println("benchmarks: " + text);
    }

    private void jmh() throws RunnerException {
        progress("JMH, with a writer at 1000 Hz in another process");
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("Reader.*|Writer.*|Queue.*|Engine.*")
                        .param("segment", segment.toString())
                        .jvmArgsAppend("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
                        .addProfiler(GCProfiler.class)
                        .forks(quick ? 1 : 2)
                        .warmupIterations(3)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(quick ? 3 : 5)
                        .measurementTime(TimeValue.seconds(1))
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();
        double bare = score(results, "ReaderBenchmark.nanoTime");
        for (RunResult result : results) {
            String name = name(result);
            double time = result.getPrimaryResult().getScore();
            String reach = switch (name) {
                case "ReaderBenchmark.now" -> "<= 1.4 x a bare clock read, 0 bytes";
                case "ReaderBenchmark.after" ->
                    against(time, results, "ReaderBenchmark.now", "now()", 1.1) + ", 0 bytes";
                case "ReaderBenchmark.clock" ->
                    against(time, results, "ReaderBenchmark.instantNow", "Instant.now()", 1.2);
                case "ReaderBenchmark.read", "WriterBenchmark.tick" -> "0 bytes";
                default -> "";
            };
            double bytes = secondary(result, "gc.alloc.rate.norm");
            row(
                    name,
                    nanos(time),
                    name.startsWith("Engine") ? Double.NaN : time / bare,
                    String.format(Locale.ROOT, "%6.1f bytes   %s", bytes, reach).strip());
        }
    }

    /** What the row of one benchmark says of another. */
    private static String against(
            double time, Collection<RunResult> results, String other, String label, double atMost) {
        return String.format(Locale.ROOT, "%.2f, <= %.1f x %s", time / score(results, other), atMost, label);
    }

    private static double secondary(RunResult result, String label) {
        for (String key : result.getSecondaryResults().keySet()) {
            if (key.endsWith(label)) {
                return result.getSecondaryResults().get(key).getScore();
            }
        }
        return Double.NaN;
    }

    private static String name(RunResult result) {
        String name = result.getParams().getBenchmark().replaceAll(".*\\.(\\w+\\.\\w+)$", "$1");
        if (!name.startsWith("Engine")) {
            return name;
        }
        boolean learned = Boolean.parseBoolean(result.getParams().getParam("learned"));
        return name + ", servers: " + result.getParams().getParam("servers") + (learned ? ", learned" : "");
    }

    private static double score(Collection<RunResult> results, String name) {
        return results.stream()
                .filter(result -> name(result).equals(name))
                .mapToDouble(result -> result.getPrimaryResult().getScore())
                .findFirst()
                .orElse(Double.NaN);
    }

    private void againstC() throws Exception {
        progress("the same path in C, in turns with Java");
        Path program = Files.createTempFile("now_bench", "");
        try {
            Optional<String> compiled = output(List.of(
                    "cc",
                    "-O2",
                    "-std=gnu11",
                    "-I",
                    module.resolve("../clients/c").toString(),
                    module.resolve("src/main/c/now_bench.c").toString(),
                    "-o",
                    program.toString()));
            if (compiled.isEmpty()) {
                row("now() in C", "no C compiler", Double.NaN, "");
                return;
            }
            double[] c = new double[TURNS];
            double[] bare = new double[TURNS];
            double[] java = new double[TURNS];
            for (int i = 0; i < TURNS; i++) {
                Optional<String> both = output(List.of(program.toString(), segment.toString()));
                c[i] = number(both, 0);
                bare[i] = number(both, 1);
                java[i] =
                        number(nowLoop(ProcessHandle.current().info().command().orElse("java")), 0);
            }
            row("clock_gettime in C", nanos(median(bare)), Double.NaN, "");
            row("now() in C, against clock_gettime", nanos(median(c)), median(c) / median(bare), "");
            row("now() in Java, against C", nanos(median(java)), median(java) / median(c), "<= 1.15 x C");
        } finally {
            Files.deleteIfExists(program);
        }
    }

    private void oldAgainstNewJava() throws Exception {
        if (java17.equals("-")) {
            row("now() on Java 17", "no JDK 17", Double.NaN, "");
            return;
        }
        progress("Java 17 against Java 25, in turns");
        double[] before = new double[TURNS];
        double[] after = new double[TURNS];
        for (int i = 0; i < TURNS; i++) {
            before[i] = number(nowLoop(java17), 0);
            after[i] = number(nowLoop(ProcessHandle.current().info().command().orElse("java")), 0);
        }
        row("now() on Java 17, against 25", nanos(median(before)), median(before) / median(after), "<= 1.1 x");
    }

    private Optional<String> nowLoop(String java) throws Exception {
        return output(List.of(
                java,
                "-cp",
                System.getProperty("java.class.path"),
                module.resolve("src/main/java17/NowLoop.java").toString(),
                segment.toString()));
    }

    private static double number(Optional<String> text, int index) {
        return text.map(line -> Double.parseDouble(line.strip().split(" ", -1)[index]))
                .orElse(Double.NaN);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Whether no torn record was accepted although there were some. */
    private boolean tornReads() throws IOException {
        long reads = quick ? 2_000_000 : 100_000_000;
        progress(reads + " reads against a writer flat out in another process");
        TornReads.Result checked = TornReads.checked(segment, reads);
        TornReads.Result control = TornReads.unchecked(segment, reads);
        row("torn records accepted", checked.torn() + "", Double.NaN, "0 of " + checked.reads() + " reads");
        row("reads given up for contention", checked.contended() + "", Double.NaN, "");
        row(
                "control without the sequence check",
                String.format(Locale.ROOT, "%.1f %% torn", 100.0 * control.torn() / control.reads()),
                Double.NaN,
                "> 0");
        if (checked.torn() > 0) {
            progress("FAILED: torn records were accepted");
        } else if (control.torn() == 0) {
            progress("FAILED: the control saw no torn record either, so the other reads prove nothing; try again");
        }
        return checked.torn() == 0 && control.torn() > 0;
    }

    /** Standard output of a program that succeeded; its complaints go to ours. */
    private static Optional<String> output(List<String> command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? Optional.of(text) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The other process. It ends with our end of its standard input, however we end. */
    private final class Writer implements AutoCloseable {
        private final Process process;

        Writer(int frequencyHz) throws IOException {
            process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElse("java"),
                            "--enable-native-access=ALL-UNNAMED",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            LiveWriter.class.getName(),
                            segment.toString(),
                            String.valueOf(frequencyHz))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            BufferedReader lines = process.inputReader();
            if (!"ready".equals(lines.readLine())) {
                throw new IOException("the writer did not start");
            }
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            process.onExit().join();
        }
    }
}
