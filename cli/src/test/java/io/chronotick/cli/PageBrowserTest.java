// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The live page as a person sees it, in a browser. It leaves pictures in {@code cli/target}. */
@Tag("slow")
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class PageBrowserTest {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    @TempDir
    Path directory = Path.of("");

    private final List<ReferenceServer> servers = new ArrayList<>();
    private Daemon daemon;
    private Chromium browser;

    @BeforeEach
    void start() throws Exception {
        Programs.require("chromium", "apt-get install chromium");
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, 23_100_000, 12);
        for (int i = 0; i < 4; i++) {
            servers.add(ReferenceServer.start(
                    ReferenceServerConfig.builder(truth)
                            .lieNanos(i == 2 ? 80_000_000 : 0)
                            .stratum(1)
                            .baseDelayNanos(500_000)
                            .jitterNanos(100_000, 100_000)
                            .seed(i)
                            .build(),
                    clocks));
        }
        daemon = PageDaemon.start(servers, directory.resolve("segment"));
        browser = new Chromium(directory.resolve("browser"));
    }

    @AfterEach
    void end() {
        if (browser != null) {
            browser.close();
        }
        if (daemon != null) {
            daemon.close();
        }
        servers.forEach(ReferenceServer::close);
    }

    private void await(String what, String expression) throws InterruptedException {
        long start = System.nanoTime();
        while (!browser.evaluate(expression).equals("true")) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("waited two minutes for " + what + "; the page: "
                        + browser.evaluate("document.body.innerText"));
            }
            LockSupport.parkNanos(50_000_000);
        }
    }

    private String text(String id) throws InterruptedException {
        return browser.evaluate("document.getElementById('" + id + "').textContent");
    }

    @Test
    void shouldShowWhatTheRecordSays() throws Exception {
        browser.screen(1280, 1600, false);
        browser.open(daemon.page().orElseThrow());
        await("READY", "document.getElementById('state').textContent === 'READY'");

        Set<Double> drifts = ConcurrentHashMap.newKeySet();
        try (ChronoTickReader reader = ChronoTickReader.attach(daemon.segment())) {
            Thread other = Thread.ofPlatform().start(() -> {
                CorrectionRecord record = new CorrectionRecord();
                while (!Thread.currentThread().isInterrupted()) {
                    reader.read(record);
                    drifts.add(record.driftRate());
                    LockSupport.parkNanos(1_000_000);
                }
            });
            String numbers = "";
            double drift = Double.NaN;
            long start = System.nanoTime();
            while (!drifts.contains(drift) && System.nanoTime() - start < PATIENCE_NANOS) {
                // In one go: the next sample changes all of them.
                numbers = browser.evaluate("[document.body.dataset.drift, document.getElementById('drift').textContent,"
                        + " document.body.dataset.measurements, document.getElementById('age').textContent].join('|')");
                drift = Double.parseDouble(numbers.substring(0, numbers.indexOf('|')));
            }
            other.interrupt();
            other.join();
            assertThat(drifts).as("a record's drift, of " + numbers).contains(drift);
            String[] shown = numbers.split("\\|", -1);
            assertThat(shown[1])
                    .isEqualTo(
                            String.format(Locale.ROOT, "%.3f ppm", drift * 1e6).replace('-', '−'));
            assertThat(shown[3].replace(",", "")).contains("; " + shown[2] + " answers");
            Reading reading = new Reading(reader);
            assertThat(Long.parseLong(shown[2])).isBetween(8L, reading.record().measurementCount());
            double page = Double.parseDouble(browser.evaluate("document.body.dataset.offset"));
            // It drifts by 12 ppm, and the page may be some seconds behind.
            assertThat(page).isBetween(reading.offset() - 1e-3, reading.offset() + 1e-3);
        }
        assertThat(text("agree")).isEqualTo("3 of 4");
        assertThat(browser.evaluate("document.querySelector('.server.falseticker b').textContent"))
                .isEqualTo("127.0.0.1:" + servers.get(2).address().getPort());
        assertThat(browser.evaluate("document.querySelectorAll('.server.selected .interval').length"))
                .isEqualTo("3");
        assertThat(text("bound")).matches("± [0-9.]+ (µs|ms)");
        assertThat(text("ends")).matches("between second [0-9.]{12} and [0-9.]{12}");
        assertThat(text("events")).contains("is a falseticker").contains("agrees with the majority");
        await("plots", "document.querySelectorAll('.plot canvas').length === 2");
        await("a scatter", "document.querySelectorAll('#scatter circle').length > 9");
        noteFigures();
        // The daemon has numbers of its own after two minutes.
        String stability =
                "(stability = [[10, 20, 40, 80, 160, 320], [4e-8, 2e-8, 1.1e-8, 8e-9, 9e-9, 2e-8]], drawStability(),"
                        + " document.querySelectorAll('#stability canvas').length)";
        assertThat(browser.evaluate(stability)).isEqualTo("1");
        assertThat(text("calibration")).matches("Calibration: the model’s own deviation × [0-9.]+\\.");
        browser.screenshot(picture("page-light.png"));

        browser.screen(1280, 1600, true);
        await("the dark", "getComputedStyle(document.body).backgroundColor === 'rgb(18, 23, 30)'");
        browser.screenshot(picture("page-dark.png"));

        browser.screen(390, 2600, false);
        await("the small", "innerWidth === 390");
        assertThat(browser.evaluate("document.documentElement.scrollWidth")).isEqualTo("390");
        browser.screenshot(picture("page-phone.png"));

        assertThat(browser.evaluate("performance.getEntriesByType('resource').map(each => each.name)"
                        + ".filter(each => !each.startsWith(location.origin)).length"))
                .isEqualTo("0");
        assertThat(browser.complaints()).isEmpty();
    }

    /** What the page weighs, and how soon it can be seen here, which is only noted: in {@code cli/target}. */
    private void noteFigures() throws IOException, InterruptedException {
        String loaded = "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))";
        int bytes = Integer.parseInt(browser.evaluate(loaded + ".reduce((sum, each) => sum + each.transferSize, 0)"));
        assertThat(bytes).isBetween(10_000, 60_000);
        String paint =
                browser.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime.toFixed(0)");
        Files.writeString(
                picture("page-figures.txt"), bytes + " bytes, first contentful paint after " + paint + " ms\n");
    }

    @Test
    void shouldSayThatThereIsNoDaemonAndGoOnWithTheNext() throws Exception {
        browser.open(daemon.page().orElseThrow());
        await("READY", "document.getElementById('state').textContent === 'READY'");
        daemon.close();
        await("the end", "document.getElementById('link').textContent === 'no connection; trying again'");
        await("its being stale", "document.body.classList.contains('stale')");
    }

    private static Path picture(String name) throws IOException {
        return Files.createDirectories(Path.of("target")).resolve(name);
    }
}
