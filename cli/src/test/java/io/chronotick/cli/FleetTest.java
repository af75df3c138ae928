// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/** Alerts and dashboard for a fleet: by promtool, and by a Prometheus that scrapes three daemons, one of whose servers lies. */
@Tag("slow")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FleetTest {
    private static final String GRAFANA = "@grafana/schema@13.2.3";
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);
    private static final Path FILES = Path.of("..", "packaging", "prometheus");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern METRIC = Pattern.compile("\\bchronotick_[a-z0-9_]+");

    @TempDir
    Path directory = Path.of("");

    private final HttpClient client = HttpClient.newHttpClient();

    private static void promtool(String... arguments) throws IOException, InterruptedException {
        Programs.require("promtool", "apt-get install prometheus");
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Programs.run(FILES, Map.of(), command).check();
    }

    @Test
    void shouldKeepTheAlertsThatTheirTestsDescribe() throws IOException, InterruptedException {
        promtool("check", "rules", "--lint-fatal", "chronotick.rules.yml");
        promtool("test", "rules", "chronotick.rules.test.yml");
    }

    @Test
    void shouldExplainEveryAlertToWhoeverIsWoken() throws IOException {
        String operations = Files.readString(Path.of("..", "docs", "operations.md"));
        Matcher alert =
                Pattern.compile("- alert: (\\w+)").matcher(Files.readString(FILES.resolve("chronotick.rules.yml")));
        int count = 0;
        while (alert.find()) {
            assertThat(operations).contains("| `" + alert.group(1) + "` |");
            count++;
        }
        assertThat(count).isGreaterThan(5);
    }

    @Test
    void shouldDrawADashboardWithoutGapsOrOverlaps() throws IOException {
        JsonNode dashboard = dashboard();
        assertThat(dashboard.path("schemaVersion").asInt()).isGreaterThanOrEqualTo(36);
        Set<Integer> ids = new HashSet<>();
        boolean[][] taken = new boolean[24][100];
        for (JsonNode panel : dashboard.path("panels")) {
            assertThat(ids.add(panel.path("id").asInt())).isTrue();
            assertThat(panel.path("title").asString()).isNotBlank();
            assertThat(panel.path("type").asString()).isIn("stat", "timeseries", "table");
            JsonNode place = panel.path("gridPos");
            for (int x = place.path("x").asInt();
                    x < place.path("x").asInt() + place.path("w").asInt();
                    x++) {
                for (int y = place.path("y").asInt();
                        y < place.path("y").asInt() + place.path("h").asInt();
                        y++) {
                    assertThat(taken[x][y]).as(panel.path("title").asString()).isFalse();
                    taken[x][y] = true;
                }
            }
        }
        assertThat(ids).hasSizeGreaterThan(10);
    }

    /** By Grafana's own types, as a literal in which no unknown field may stand; what a data source makes of its queries is not in them. */
    @Test
    void shouldBeADashboardByGrafanasTypes() throws IOException, InterruptedException {
        Path compiler = TypeScript.built().root.resolve("node_modules/typescript/bin/tsc");
        Files.writeString(directory.resolve("package.json"), "{\"private\": true}");
        TypeScript.add(directory, GRAFANA);
        ObjectNode board = (ObjectNode) dashboard();
        board.path("panels").forEach(panel -> ((ObjectNode) panel).remove("targets"));
        board.path("annotations")
                .path("list")
                .forEach(each -> ((ObjectNode) each).remove(List.of("expr", "titleFormat", "textFormat")));
        Programs.Result right = compile(compiler, board.toString());
        assertThat(right.exitCode()).as(right::toString).isZero();
        Programs.Result wrong = compile(compiler, board.toString().replace("\"gridPos\"", "\"gridPlace\""));
        assertThat(wrong.out()).contains("'\"gridPlace\"' does not exist");
    }

    private Programs.Result compile(Path compiler, String board) throws IOException, InterruptedException {
        // Texts stand for the values of enumerations.
        Files.writeString(directory.resolve("board.ts"), """
                import type { Dashboard } from "@grafana/schema";
                type Plain<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
                export const board: Plain<Dashboard> = %s;
                """.formatted(board));
        List<String> command = List.of(
                "node",
                compiler.toString(),
                "--noEmit",
                "--strict",
                "--skipLibCheck",
                "--module",
                "nodenext",
                "board.ts");
        return Programs.run(directory, Map.of(), command);
    }

    private static JsonNode dashboard() throws IOException {
        return JSON.readTree(Files.readString(FILES.resolve("chronotick-fleet.json")));
    }

    private static List<String> dashboardQueries() throws IOException {
        List<String> queries = new ArrayList<>();
        for (JsonNode panel : dashboard().path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                queries.add(target.path("expr").asString().replace("$instance", ".*"));
            }
        }
        return queries;
    }

    @Test
    void shouldSeeAFleetOfThreeAndTheirLiar() throws Exception {
        Programs.require("prometheus", "apt-get install prometheus");
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, 23_100_000, 12);
        List<ReferenceServer> servers = new ArrayList<>();
        List<Daemon> daemons = new ArrayList<>();
        Process prometheus = null;
        try {
            for (int i = 0; i < 4; i++) {
                servers.add(ReferenceServer.start(
                        ReferenceServerConfig.builder(truth)
                                .lieNanos(i == 3 ? 80_000_000 : 0)
                                .seed(i)
                                .build(),
                        clocks));
            }
            for (int i = 0; i < 3; i++) {
                daemons.add(PageDaemon.start(servers, directory.resolve("segment" + i)));
            }
            int port = PageDaemon.freePort();
            prometheus = prometheus(daemons, port);
            awaitValue(port, "chronotick:ready:ratio", 1);
            String liar = "127.0.0.1:" + servers.get(3).address().getPort();
            awaitValue(port, "chronotick:falseticker:hosts{server=\"" + liar + "\"}", 3);
            awaitValue(port, "count(chronotick:spread_seconds < 0.05)", 3);
            awaitValue(port, "count(ALERTS{alertname=\"ChronoTickFalseticker\", server=\"" + liar + "\"})", 1);
            assertThat(ask(port, "ALERTS{alertname!=\"ChronoTickFalseticker\", alertstate=\"firing\"}"))
                    .isEmpty();

            String scrape = get(daemons.getFirst().page().orElseThrow() + "metrics");
            Set<String> known =
                    METRIC.matcher(scrape).results().map(match -> match.group()).collect(Collectors.toSet());
            Set<String> used = new TreeSet<>();
            for (String text : List.of(
                    Files.readString(FILES.resolve("chronotick.rules.yml")),
                    Files.readString(FILES.resolve("chronotick-fleet.json")))) {
                METRIC.matcher(text).results().forEach(match -> used.add(match.group()));
            }
            assertThat(known).containsAll(used);
            for (String query : dashboardQueries()) {
                // Panels of what is wrong are empty where nothing is.
                assertThat(ask(port, query).isEmpty())
                        .as(query)
                        .isEqualTo(
                                query.contains("unreachable") || query.endsWith("== 0") || query.contains("holdover"));
            }
        } finally {
            if (prometheus != null) {
                prometheus.destroy();
                prometheus.onExit().join();
            }
            daemons.forEach(Daemon::close);
            servers.forEach(ReferenceServer::close);
            client.shutdownNow();
        }
    }

    private Process prometheus(List<Daemon> daemons, int port) throws IOException {
        Path config = directory.resolve("prometheus.yml");
        Files.writeString(config, """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: ["%s"]
                scrape_configs:
                  - job_name: chronotick
                    static_configs:
                      - targets: [%s]
                """.formatted(
                FILES.resolve("chronotick.rules.yml").toAbsolutePath().normalize(),
                daemons.stream()
                        .map(daemon -> URI.create(daemon.page().orElseThrow()).getAuthority())
                        .map(host -> '"' + host + '"')
                        .collect(Collectors.joining(", "))));
        return new ProcessBuilder(
                        "prometheus",
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + directory.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("prometheus.log").toFile())
                .start();
    }

    private String get(String url) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() == 503) {
            throw new IOException("it is starting: " + response.body());
        }
        return response.body();
    }

    /** The values that a query comes to. */
    private List<Double> ask(int port, String query) throws IOException, InterruptedException {
        String url =
                "http://127.0.0.1:" + port + "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8);
        JsonNode answer = JSON.readTree(get(url));
        assertThat(answer.path("status").asString()).as(query).isEqualTo("success");
        List<Double> values = new ArrayList<>();
        for (JsonNode row : answer.path("data").path("result")) {
            values.add(Double.parseDouble(row.path("value").path(1).asString()));
        }
        return values;
    }

    private void awaitValue(int port, String query, double expected) throws IOException, InterruptedException {
        long start = System.nanoTime();
        List<Double> values = List.of();
        while (!values.equals(List.of(expected))) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("waited two minutes for " + expected + " of " + query + ", which is " + values
                        + Files.readString(directory.resolve("prometheus.log")));
            }
            LockSupport.parkNanos(200_000_000);
            try {
                values = ask(port, query);
            } catch (IOException e) {
                values = List.of(); // it is starting
            }
        }
    }
}
