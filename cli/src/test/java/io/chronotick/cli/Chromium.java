// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A browser without a screen, told what to do by its DevTools protocol: as much of it as the page's test needs. */
final class Chromium implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final List<String> complaints = new ArrayList<>();
    private int calls;

    /** Puts the pieces of a message together. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                messages.add(JSON.readTree(text.toString()));
                text.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    /** Starts it, with what it keeps in a directory. */
    Chromium(Path directory) throws IOException, InterruptedException {
        process = new ProcessBuilder(
                        "chromium",
                        "--headless=new",
                        "--no-sandbox", // it will not run as root with one, and sees this page alone
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + directory,
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader said = process.errorReader(StandardCharsets.UTF_8);
        Pattern listening = Pattern.compile("DevTools listening on ws://([^/]+)/");
        String host = "";
        for (String line = said.readLine(); line != null && host.isEmpty(); line = said.readLine()) {
            Matcher matcher = listening.matcher(line);
            host = matcher.find() ? matcher.group(1) : "";
        }
        // What it says later is of no interest, but has to go somewhere.
        Thread.ofPlatform().daemon().start(() -> said.lines().forEach(line -> {}));
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://" + host + "/json")).build();
        JsonNode tabs = JSON.readTree(
                client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        String address = "";
        for (JsonNode tab : tabs) {
            if (tab.path("type").asString().equals("page")) {
                address = tab.path("webSocketDebuggerUrl").asString();
            }
        }
        socket = client.newWebSocketBuilder()
                .buildAsync(URI.create(address), new Listener())
                .join();
        call("Page.enable", Map.of());
        call("Runtime.enable", Map.of());
        call("Log.enable", Map.of());
    }

    private JsonNode call(String method, Map<String, ?> parameters) throws InterruptedException {
        int id = ++calls;
        socket.sendText(JSON.writeValueAsString(Map.of("id", id, "method", method, "params", parameters)), true)
                .join();
        while (true) {
            JsonNode message = messages.poll(1, TimeUnit.MINUTES);
            if (message == null) {
                throw new AssertionError("no answer to " + method);
            }
            String event = message.path("method").asString("");
            if (event.equals("Runtime.exceptionThrown") || event.equals("Log.entryAdded")) {
                complaints.add(message.path("params").toString());
            }
            if (message.path("id").asInt(-1) == id) {
                return message.path("result");
            }
        }
    }

    /** A screen of that size, in CSS pixels. */
    void screen(int width, int height, boolean dark) throws InterruptedException {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
        Map<String, String> scheme = Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
        call("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
    }

    void open(String url) throws InterruptedException {
        call("Page.navigate", Map.of("url", url));
    }

    /** What an expression comes to, as text. */
    String evaluate(String expression) throws InterruptedException {
        return call("Runtime.evaluate", Map.of("expression", "String(" + expression + ")"))
                .path("result")
                .path("value")
                .asString("");
    }

    void screenshot(Path file) throws IOException, InterruptedException {
        String data = call("Page.captureScreenshot", Map.of("format", "png"))
                .path("data")
                .asString();
        Files.write(file, Base64.getDecoder().decode(data));
    }

    /** What it has found wrong with the page: errors of the script, and what the policy has forbidden. */
    List<String> complaints() {
        return complaints;
    }

    @Override
    public void close() {
        socket.abort();
        client.shutdownNow();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
    }
}
