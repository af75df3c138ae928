// SPDX-License-Identifier: Apache-2.0
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Coordinator;
import io.chronotick.client.TimeInterval;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Three processes that have agreed on nothing but an instant act at it, again and again; prints how far apart they were. On
 * one machine, so that CLOCK_MONOTONIC, which all of its processes share, can judge. Run: java -cp chronotick-client.jar
 * ActTogether.java
 */
public final class ActTogether {
    private static final int PROCESSES = 3;
    private static final int ROUNDS = 50;
    private static final long PERIOD_NANOS = 20_000_000;

    public static void main(String[] args) throws Exception {
        try (ChronoTickReader reader = ChronoTickReader.attach()) {
            if (args.length == 0) {
                lead(reader);
            } else {
                follow(reader);
            }
        } catch (ChronoTickException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    /** Acts at the instant that comes on stdin and every period after it; then tells when it did. */
    private static void follow(ChronoTickReader reader) throws Exception {
        Coordinator coordinator = new Coordinator(reader);
        long[] actedAt = new long[ROUNDS];
        long[] late = new long[ROUNDS];
        System.out.println("ready");
        long start = Long.parseLong(new BufferedReader(new InputStreamReader(System.in)).readLine());
        for (int i = 0; i < ROUNDS; i++) {
            int round = i;
            late[i] = coordinator.runAt(start + i * PERIOD_NANOS, () -> actedAt[round] = System.nanoTime());
        }
        for (int i = 0; i < ROUNDS; i++) {
            System.out.println(actedAt[i] + " " + late[i]);
        }
    }

    private static void lead(ChronoTickReader reader) throws Exception {
        List<Process> processes = new ArrayList<>();
        List<BufferedReader> outputs = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                Process process = again("follow").start();
                processes.add(process);
                outputs.add(new BufferedReader(new InputStreamReader(process.getInputStream())));
            }
            for (BufferedReader output : outputs) {
                output.readLine(); // "ready"
            }
            TimeInterval now = new TimeInterval();
            reader.now(now);
            long start = now.estimateNanos() + 200_000_000;
            System.out.println(PROCESSES + " processes act " + ROUNDS + " times, first at "
                    + Instant.ofEpochSecond(0, start));
            for (Process process : processes) {
                PrintWriter input = new PrintWriter(process.getOutputStream(), true);
                input.println(start);
            }
            print(outputs);
        } finally {
            processes.forEach(Process::destroy);
        }
    }

    private static void print(List<BufferedReader> outputs) throws Exception {
        long[] spread = new long[ROUNDS];
        long worstLate = 0;
        long soonest = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (BufferedReader output : outputs) {
                String[] words = output.readLine().split(" ");
                first = Math.min(first, Long.parseLong(words[0]));
                last = Math.max(last, Long.parseLong(words[0]));
                worstLate = Math.max(worstLate, Long.parseLong(words[1]));
                soonest = Math.min(soonest, Long.parseLong(words[1]));
            }
            spread[i] = last - first;
        }
        Arrays.sort(spread);
        System.out.printf(
                Locale.ROOT,
                "spread between first and last: p50 %.1f us, max %.1f us%n",
                spread[ROUNDS / 2] / 1e3,
                spread[ROUNDS - 1] / 1e3);
        System.out.printf(
                Locale.ROOT, "after the instant: soonest %.1f us, latest %.1f us%n", soonest / 1e3, worstLate / 1e3);
    }

    /** This very command with another argument. */
    private static ProcessBuilder again(String argument) {
        ProcessHandle.Info self = ProcessHandle.current().info();
        List<String> command = new ArrayList<>(List.of(self.command().orElseThrow()));
        command.addAll(List.of(self.arguments().orElseThrow()));
        command.add(argument);
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    private ActTogether() {}
}
