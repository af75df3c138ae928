// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.agent.ChronoTickTools;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The first messages of hosts of either era, recorded in src/test/resources/hosts, get the answers that those hosts expect. */
class HostScriptsTest {
    @TempDir
    Path directory = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"with-sessions", "without-sessions", "falling-back"})
    void shouldGetTheAnswersTheyExpect(String host) throws Exception {
        List<String> script;
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/hosts/" + host + ".txt"))) {
            script = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
        }
        String messages = String.join(
                "\n", script.stream().filter(line -> line.startsWith("{")).toList());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StdioMcpServer.serve(
                new ChronoTickTools(directory.resolve("none")),
                "test",
                new ByteArrayInputStream(messages.getBytes(StandardCharsets.UTF_8)),
                out);

        Iterator<String> answers = out.toString(StandardCharsets.UTF_8).lines().iterator();
        JsonNode answer = JsonMapper.shared().nullNode();
        boolean sent = false;
        for (String line : script) {
            if (line.startsWith("{")) {
                sent = true;
            } else {
                if (sent) {
                    answer = JsonMapper.shared().readTree(answers.next());
                    sent = false;
                }
                String[] expected = line.split(" ", 3);
                assertThat(answer.at(expected[1]).asString())
                        .as(line + " in " + answer)
                        .isEqualTo(expected[2]);
            }
        }
        assertThat(answers.hasNext()).isFalse();
    }
}
