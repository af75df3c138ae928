// SPDX-License-Identifier: Apache-2.0
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeBounds;
import io.chronotick.client.TimeInterval;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * 10,000 events of four processes, put in order by their time bounds and, for comparison, by clocks as hosts have them that
 * nobody has looked after. On one machine, so that CLOCK_MONOTONIC, which all of its processes share, can judge. Run: java -cp
 * chronotick-client.jar OrderEvents.java [SEGMENT...]; each process reads another segment, if there are several.
 */
public final class OrderEvents {
    private static final int EVENTS_EACH = 2500;

    /** How far the plain clocks of the four are off, ns: nothing unusual on a network. */
    private static final long[] SKEW_NANOS = {0, 12_000_000, -30_000_000, 4_000_000};

    /** One event: when it happened by the judge's clock, by its bounds, and by the plain clock. */
    private record Event(long began, long ended, TimeBounds bounds, long plain) {}

    public static void main(String[] args) throws Exception {
        try {
            if (args.length > 0 && args[0].equals("record")) {
                record(Path.of(args[1]), Long.parseLong(args[2]));
            } else {
                lead(args);
            }
        } catch (ChronoTickException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static void record(Path segment, long skewNanos) throws Exception {
        List<Event> events = new ArrayList<>();
        Random random = new Random(skewNanos);
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            TimeInterval now = new TimeInterval();
            System.out.println("ready");
            System.in.read(); // all at once
            while (events.size() < EVENTS_EACH) {
                long began = System.nanoTime();
                reader.now(now);
                Instant plain = Instant.now().plusNanos(skewNanos);
                long ended = System.nanoTime();
                events.add(new Event(
                        began,
                        ended,
                        TimeBounds.of(now),
                        plain.getEpochSecond() * 1_000_000_000 + plain.getNano()));
                LockSupport.parkNanos((long) (random.nextDouble() * 1_000_000));
            }
        }
        for (Event event : events) {
            System.out.println(event.began + " " + event.ended + " " + event.bounds + " " + event.plain);
        }
    }

    private static void lead(String[] segments) throws Exception {
        List<Event> events = new ArrayList<>();
        List<Process> processes = new ArrayList<>();
        List<BufferedReader> outputs = new ArrayList<>();
        try {
            for (int i = 0; i < SKEW_NANOS.length; i++) {
                Path segment = segments.length == 0
                        ? ChronoTickReader.defaultSegment()
                        : ChronoTickReader.resolve(segments[i % segments.length]);
                Process process = again(segments.length, "record", segment.toString(), Long.toString(SKEW_NANOS[i]))
                        .start();
                processes.add(process);
                outputs.add(new BufferedReader(new InputStreamReader(process.getInputStream())));
            }
            for (BufferedReader output : outputs) {
                output.readLine(); // "ready"
            }
            for (Process process : processes) {
                new PrintWriter(process.getOutputStream(), true).println("go");
            }
            for (BufferedReader output : outputs) {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                    String[] words = line.split(" ");
                    events.add(new Event(
                            Long.parseLong(words[0]),
                            Long.parseLong(words[1]),
                            TimeBounds.parse(words[2]),
                            Long.parseLong(words[3])));
                }
            }
        } finally {
            processes.forEach(Process::destroy);
        }
        print(events);
    }

    private static void print(List<Event> events) {
        events.sort((a, b) -> Long.compare(a.began, b.began));
        long pairs = 0;
        long certain = 0;
        long wrong = 0;
        long plainWrong = 0;
        for (int i = 0; i < events.size(); i++) {
            Event first = events.get(i);
            for (int j = i + 1; j < events.size(); j++) {
                Event second = events.get(j);
                if (first.ended >= second.began) {
                    continue; // at the same time, for all the judge can tell
                }
                pairs++;
                TimeBounds.Order order = first.bounds.orderTo(second.bounds);
                certain += order == TimeBounds.Order.OVERLAPPING ? 0 : 1;
                wrong += order == TimeBounds.Order.AFTER ? 1 : 0;
                plainWrong += first.plain > second.plain ? 1 : 0;
            }
        }
        System.out.println(events.size() + " events since " + events.get(0).bounds + ", " + pairs + " pairs");
        System.out.printf(
                Locale.ROOT,
                "time bounds:  %d wrong certain answers, %.3f %% certain, the rest said to be undecided%n",
                wrong,
                100.0 * certain / pairs);
        System.out.printf(
                Locale.ROOT,
                "plain clocks: %d wrong answers (%.3f %%), none of them marked%n",
                plainWrong,
                100.0 * plainWrong / pairs);
        System.exit(wrong == 0 ? 0 : 1);
    }

    /** This very command with other arguments. */
    private static ProcessBuilder again(int without, String... arguments) {
        ProcessHandle.Info self = ProcessHandle.current().info();
        List<String> command = new ArrayList<>(List.of(self.command().orElseThrow()));
        String[] given = self.arguments().orElseThrow();
        command.addAll(List.of(given).subList(0, given.length - without));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    private OrderEvents() {}
}
