// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plugin for Claude Code: its files have the shape that code.claude.com/docs/en/plugins-reference gives them, and what they
 * call exists.
 */
class ClaudePluginTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path ROOT = Path.of("..");
    private static final Path PLUGIN = ROOT.resolve("integrations/claude-code");

    @TempDir
    Path directory = Path.of("");

    private static JsonNode manifest() throws IOException {
        return JSON.readTree(Files.readString(PLUGIN.resolve(".claude-plugin/plugin.json")));
    }

    private static JsonNode hook() throws IOException {
        return manifest().at("/hooks/UserPromptSubmit/0/hooks/0");
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void shouldHaveTheShapeOfAManifest() throws IOException {
        JsonNode manifest = manifest();
        assertThat(names(manifest))
                .isSubsetOf("name", "version", "description", "license", "keywords", "mcpServers", "hooks")
                .contains("mcpServers", "hooks");
        assertThat(manifest.get("name").asText()).isEqualTo("chronotick");
        assertThat(names(manifest.get("hooks"))).containsExactly("UserPromptSubmit");
        assertThat(names(manifest.at("/hooks/UserPromptSubmit/0"))).containsExactly("hooks"); // takes no matcher
        assertThat(names(hook())).containsExactlyInAnyOrder("type", "command", "timeout");
        assertThat(hook().get("type").asText()).isEqualTo("command");
        assertThat(hook().get("timeout").asInt()).isBetween(1, 30); // a prompt waits that long at most
    }

    @Test
    void shouldBeListedInTheMarketplace() throws IOException {
        JsonNode marketplace = JSON.readTree(Files.readString(ROOT.resolve(".claude-plugin/marketplace.json")));
        assertThat(names(marketplace)).containsExactlyInAnyOrder("name", "owner", "plugins");
        assertThat(marketplace.at("/owner/name").asText()).isNotBlank();
        assertThat(marketplace.get("plugins")).hasSize(1);
        JsonNode entry = marketplace.at("/plugins/0");
        assertThat(entry.get("name")).isEqualTo(manifest().get("name"));
        assertThat(entry.get("description")).isEqualTo(manifest().get("description"));
        assertThat(entry.get("source").asText()).startsWith("./");
        assertThat(ROOT.resolve(entry.get("source").asText()))
                .isDirectory()
                .satisfies(
                        source -> assertThat(Files.isSameFile(source, PLUGIN)).isTrue());
    }

    @Test
    void shouldStartTheServerThatThereIs() throws IOException {
        JsonNode servers = manifest().get("mcpServers");
        assertThat(names(servers)).containsExactly("chronotick");
        JsonNode server = servers.get("chronotick");
        assertThat(Set.copyOf(names(server))).isEqualTo(Set.of("command", "args"));
        assertThat(server.get("command").asText()).isEqualTo("chronotick");
        List<String> arguments = new ArrayList<>();
        server.get("args").forEach(argument -> arguments.add(argument.asText()));
        assertThat(QuickStart.parse(new TestShell().shell(), arguments.toArray(String[]::new)))
                .isInstanceOf(McpCommand.class);
    }

    /** As the host runs the hook: by a shell; what it prints, with exit code 0, goes before the prompt. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the hook is a command for a POSIX shell")
    void shouldPutOneLineBeforeThePrompt() throws Exception {
        Path program = directory.resolve("chronotick");
        Files.writeString(
                program,
                "#!/bin/sh\nexec '%s' -cp '%s' io.chronotick.cli.Main \"$@\"\n"
                        .formatted(
                                Path.of(System.getProperty("java.home"), "bin", "java"),
                                System.getProperty("java.class.path")));
        assertThat(program.toFile().setExecutable(true)).isTrue();
        Path segment = directory.resolve("segment");
        assertThat(prompt(segment).check().out())
                .startsWith("Current time: ")
                .contains("not synchronized")
                .hasLineCount(1);
        new SampleSegment(ProcessHandle.current().pid()).writeTo(segment);
        assertThat(prompt(segment).check().out())
                .startsWith("Current time: ")
                .contains("certainly within")
                .hasLineCount(1);
    }

    /** Exit code 2 would keep the prompt from the model; any other is only reported. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the hook is a command for a POSIX shell")
    void shouldNeverBlockAPrompt() throws Exception {
        Path nowhere = directory.resolve("nowhere");
        assertThat(prompt(nowhere).exitCode()).as("not installed").isEqualTo(1);
        Path program = directory.resolve("chronotick");
        Files.writeString(program, "#!/bin/sh\necho 'chronotick: needs Java' >&2\nexit 2\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        assertThat(prompt(nowhere).exitCode()).as("cannot start").isEqualTo(1);
        assertThat(prompt(nowhere).err()).isEqualTo("chronotick: needs Java\n");
    }

    private Programs.Result prompt(Path segment) throws Exception {
        return Programs.run(
                directory,
                Map.of(
                        "PATH",
                        directory.toString(),
                        "CHRONOTICK_SHM",
                        segment.toString(),
                        "XDG_RUNTIME_DIR",
                        directory.toString()),
                List.of("/bin/sh", "-c", hook().get("command").asText()));
    }
}
