// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.daemon.http.EventStream;
import io.chronotick.daemon.http.JsonText;
import io.chronotick.daemon.http.StaticFile;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.ForecasterReport;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.ExchangeCsv;
import io.chronotick.engine.ntp.SourceReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The page that shows the daemon at work: a sample a second, for as many as look. It reads the record as any reader does, and the engine's snapshot;
 * the threads that make the time take no notice of it. Thread-safe.
 */
final class LivePage implements AutoCloseable {
    private static final long PERIOD_MILLIS = 1_000;

    /** Exchanges kept of all servers together, for the scatter of their delays. */
    private static final int EXCHANGES = 1_000;

    private static final int MOST_WAITING = 1_000;
    private static final String JSON = "application/json";
    private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

    private final Path segment;
    private final Supplier<EngineLoop.Snapshot> engine;
    private final LongSupplier clockSteps;
    private final EventStream samples = new EventStream();
    private final PageHistory history = new PageHistory();
    private final PageStability stability = new PageStability();
    private final PageEvents events = new PageEvents();
    private final Deque<Point> exchanges = new ArrayDeque<>();

    /** From the network thread, until the next sample. */
    private final Queue<ExchangeCsv> waiting = new ArrayBlockingQueue<>(MOST_WAITING);

    private final Thread thread =
            Thread.ofPlatform().daemon().name("chronotick-page").unstarted(this::run);
    private @Nullable ChronoTickReader reader;

    /**
     * An exchange against the published time.
     *
     * @param offset of the server, s
     * @param delay round trip, s
     */
    private record Point(String server, double offset, double delay) {
        void write(JsonText json) {
            json.array().value(server).value(offset).value(delay).endArray();
        }
    }

    /** @param clockSteps steps of the system clock seen */
    LivePage(Path segment, Supplier<EngineLoop.Snapshot> engine, LongSupplier clockSteps) {
        this.segment = segment;
        this.engine = engine;
        this.clockSteps = clockSteps;
    }

    /** What it consists of, by path. */
    Map<String, HttpHandler> paths() {
        return Map.of(
                "/", file("page.html", "text/html; charset=utf-8"),
                "/page.css", file("page.css", "text/css; charset=utf-8"),
                "/page.js", file("page.js", "text/javascript; charset=utf-8"),
                "/icon.svg", file("icon.svg", "image/svg+xml"),
                "/uplot.css", file(UPLOT + "uPlot.min.css", "text/css; charset=utf-8"),
                "/uplot.js", file(UPLOT + "uPlot.iife.min.js", "text/javascript; charset=utf-8"),
                "/history", this::sendHistory,
                "/samples", samples);
    }

    private static HttpHandler file(String resource, String type) {
        return StaticFile.of(LivePage.class, resource, type);
    }

    void start() {
        thread.start();
    }

    /** A server has answered. On the network thread; what is too much is not shown. */
    void onExchange(ExchangeCsv exchange) {
        boolean ignored = waiting.offer(exchange);
    }

    private void sendHistory(HttpExchange exchange) throws IOException {
        JsonText json = new JsonText();
        synchronized (this) {
            json.object().name("host").value(hostName()).name("history");
            history.write(json);
            json.name("events");
            events.write(json);
            json.name("exchanges").array();
            this.exchanges.forEach(point -> point.write(json));
            json.endArray().name("stability");
            stability.write(json);
            json.endObject();
        }
        StaticFile.send(exchange, JSON, json.toString());
    }

    private static String hostName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            return ""; // not Linux; the page has its address
        }
    }

    private void run() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
                samples.send(sample());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One more second, as JSON. */
    private synchronized String sample() {
        EngineLoop.Snapshot now = engine.get();
        Optional<Reading> reading = read();
        JsonText json = new JsonText().object();
        String state = reading.map(Reading::label).orElse("WARMING UP");
        json.name("state").value(state);
        json.name("waiting_for").value(now.waitingFor());
        json.name("progress").value(now.warmupProgress());
        reading.ifPresent(each -> writeTime(json, each));
        writeSources(json, now);
        writeForecasters(json, now);
        Correction published = now.correction();
        if (stability.look(now.rawNanos(), published.validAt(now.rawNanos()), published::utcNanosAt)) {
            json.name("stability");
            stability.write(json);
        }
        double unixSeconds = reading.map(each -> each.systemNanos() * Nanos.IN_SECONDS)
                .orElseGet(() -> System.currentTimeMillis() / 1e3);
        json.name("events").array();
        events.look(unixSeconds, state, now.sources(), clockSteps.getAsLong()).forEach(event -> event.write(json));
        json.endArray();
        json.name("exchanges").array();
        takeExchanges(published).forEach(point -> point.write(json));
        json.endArray();
        return json.endObject().toString();
    }

    private Optional<Reading> read() {
        try {
            ChronoTickReader open = reader;
            if (open == null) {
                open = ChronoTickReader.attach(segment);
                reader = open;
            }
            return Optional.of(new Reading(open));
        } catch (ChronoTickException e) {
            return Optional.empty(); // nothing is written yet, or the file is being made anew
        }
    }

    private void writeTime(JsonText json, Reading reading) {
        CorrectionRecord record = reading.record();
        boolean hasTime = reading.refusal() == null;
        double bound = reading.now().boundNanos() * Nanos.IN_SECONDS;
        long unixNanos = hasTime ? reading.now().estimateNanos() : reading.systemNanos();
        double unix = unixNanos * Nanos.IN_SECONDS;
        history.add(
                unix,
                hasTime ? reading.offset() : Double.NaN,
                hasTime ? reading.uncertainty() : Double.NaN,
                hasTime ? bound : Double.NaN,
                hasTime ? record.driftRate() : Double.NaN);
        json.name("valid").value(hasTime);
        json.name("unix_ns").value(String.valueOf(unixNanos));
        json.name("time").value(unix);
        json.name("offset").value(reading.offset());
        json.name("uncertainty").value(reading.uncertainty());
        json.name("bound").value(hasTime ? bound : Double.NaN);
        json.name("drift").value(record.driftRate());
        json.name("confidence").value(record.confidence());
        json.name("source").value(record.source().name());
        json.name("holdover").value(record.isHoldover());
        json.name("authenticated").value(record.isAuthenticated());
        json.name("leap_pending").value(record.isLeapPending());
        json.name("measurements").value(record.measurementCount());
        json.name("uptime").value(record.daemonUptime());
        json.name("last_ntp").value(record.lastNtpSync());
        json.name("latency_ms").value(record.averageLatencyMs());
    }

    private static void writeSources(JsonText json, EngineLoop.Snapshot now) {
        json.name("sources").array();
        for (int i = 0; i < now.sources().size(); i++) {
            SourceReport source = now.sources().get(i);
            json.object();
            json.name("name").value(source.name());
            json.name("address")
                    .value(now.addresses()
                            .get(i)
                            .map(address -> address.getAddress().getHostAddress())
                            .orElse(""));
            json.name("state").value(source.state().name().toLowerCase(Locale.ROOT));
            json.name("stratum").value(source.stratum());
            json.name("reach").value(source.reach());
            json.name("poll").value(source.pollSeconds());
            json.name("offset").value(source.accepted() == 0 ? Double.NaN : source.offset());
            json.name("half_width").value(source.accepted() == 0 ? Double.NaN : source.sd());
            json.name("delay").value(source.delay());
            json.name("jitter").value(source.jitter());
            json.name("nts").value(source.nts().isPresent());
            json.name("age")
                    .value(
                            source.accepted() == 0
                                    ? Double.NaN
                                    : Nanos.toSeconds(now.rawNanos() - source.lastRawNanos()));
            json.endObject();
        }
        json.endArray();
    }

    private static void writeForecasters(JsonText json, EngineLoop.Snapshot now) {
        json.name("calibration").value(now.correction().scale());
        json.name("short_term_weight").value(now.shortTermWeight());
        json.name("learned").array();
        for (ForecasterReport report : now.learned()) {
            json.value(report.text());
        }
        json.endArray();
    }

    private List<Point> takeExchanges(Correction published) {
        List<Point> fresh = new ArrayList<>();
        for (ExchangeCsv line = waiting.poll(); line != null; line = waiting.poll()) {
            Exchange each = line.measured().exchange();
            if (published.validAt(published.rawNanos())) {
                double forward = Nanos.toSeconds(each.t2() - published.utcNanosAt(each.t1()));
                double back = Nanos.toSeconds(published.utcNanosAt(each.t4()) - each.t3());
                fresh.add(new Point(line.server(), (forward - back) / 2, each.delay()));
            }
        }
        for (Point point : fresh) {
            exchanges.addLast(point);
            if (exchanges.size() > EXCHANGES) {
                exchanges.removeFirst();
            }
        }
        return fresh;
    }

    @Override
    public void close() {
        samples.close();
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            if (reader != null) {
                reader.close();
            }
        }
    }
}
