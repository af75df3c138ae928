// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packages, built by their scripts from what Maven has just packaged, and used as by somebody who has nothing else: in an
 * empty home, without Java on the PATH. The time is that of a daemon on loopback servers.
 */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the packages are built by scripts for bash")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PackagesIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Has the schemas of manifests, and unpacks bundles as hosts do. */
    private static final String MCPB = "@anthropic-ai/mcpb@2.1.2";

    @TempDir
    static Path directory = Path.of("");

    private Packages packages;
    private EmptyHome home;
    private LiveDaemon daemon;

    @BeforeAll
    void build() throws IOException, InterruptedException {
        packages = Packages.all();
        home = new EmptyHome(directory);
        daemon = new LiveDaemon(Files.createDirectory(directory.resolve("daemon")));
    }

    @AfterAll
    void stop() {
        daemon.close();
    }

    private String[] mcp(String... program) {
        List<String> words = new ArrayList<>(Arrays.asList(program));
        words.addAll(List.of("mcp", "--no-embedded", "--shm", daemon.segment().toString()));
        return words.toArray(new String[0]);
    }

    @Test
    void shouldRunFromTheArchive() throws IOException, InterruptedException {
        Path place = Files.createDirectory(directory.resolve("unpacked"));
        Programs.run(
                        place,
                        Map.of(),
                        List.of("tar", "-xzf", packages.made(Packages.ARCHIVE).toString()))
                .check();
        try (Stream<Path> files = Files.list(place)) {
            Path program = files.findFirst().orElseThrow().resolve("bin/chronotick");
            assertThat(home.run(place, program.toString(), "--version").check().out())
                    .startsWith("chronotick " + Packages.version() + " (Java 25");
            assertThat(home.run(
                                    place,
                                    program.toString(),
                                    "read",
                                    "--shm",
                                    daemon.segment().toString())
                            .check()
                            .out())
                    .contains("Corrected Time");
            assertThat(home.run(place, program.toString(), "config", "check").exitCode())
                    .isEqualTo(2); // a usage error, after picocli has come up
            assertThat(home.run(place, program.toString(), "lab", "report", "--png", "x")
                            .err())
                    .contains("java.desktop")
                    .hasLineCount(1);
            home.assertTellsTheTime(place, mcp(program.toString()));
        }
    }

    /** The bundle as a host unpacks it, its manifest against the schema of the format. */
    @Test
    void shouldMakeABundleThatHostsTake() throws IOException, InterruptedException {
        Path tools = Files.createDirectory(directory.resolve("tools"));
        Programs.run(tools, Map.of(), List.of("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", MCPB))
                .check();
        String mcpb = tools.resolve("node_modules/.bin/mcpb").toString();
        Path unpacked = directory.resolve("bundle");
        Programs.run(
                        tools,
                        Map.of(),
                        List.of(mcpb, "unpack", packages.made(".*\\.mcpb").toString(), unpacked.toString()))
                .check();
        Programs.run(
                        tools,
                        Map.of(),
                        List.of(
                                mcpb,
                                "validate",
                                unpacked.resolve("manifest.json").toString()))
                .check();
        JsonNode manifest = JSON.readTree(unpacked.resolve("manifest.json").toFile());
        assertThat(manifest.get("version").asText()).isEqualTo(Packages.version());
        assertThat(unpacked.resolve(manifest.at("/server/entry_point").asText()))
                .isExecutable();
        JsonNode configuration = manifest.at("/server/mcp_config");
        List<String> command = new ArrayList<>();
        command.add(configuration.get("command").asText().replace("${__dirname}", unpacked.toString()));
        configuration.get("args").forEach(argument -> command.add(argument.asText()));
        command.addAll(List.of("--no-embedded", "--shm", daemon.segment().toString()));
        home.assertTellsTheTime(directory, command.toArray(new String[0]));
    }

    /** No package with the registry's schema is published; these are its rules for what the entry uses. */
    @Test
    void shouldMakeAnEntryThatTheRegistryTakes() throws IOException {
        JsonNode entry = JSON.readTree(packages.file("server.json").toFile());
        assertThat(entry.get("$schema").asText())
                .isEqualTo("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json");
        assertThat(names(entry))
                .isSubsetOf(
                        "$schema", "name", "title", "description", "version", "packages", "repository", "websiteUrl");
        assertThat(entry.get("name").asText())
                .matches("[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+")
                .hasSizeBetween(3, 200);
        assertThat(entry.get("title").asText()).hasSizeBetween(1, 100);
        assertThat(entry.get("description").asText()).hasSizeBetween(1, 100);
        assertThat(entry.get("version").asText()).isEqualTo(Packages.version());
        assertThat(entry.get("packages")).hasSize(2);
        for (JsonNode offer : entry.get("packages")) {
            assertThat(names(offer))
                    .isSubsetOf(
                            "registryType",
                            "registryBaseUrl",
                            "identifier",
                            "version",
                            "runtimeHint",
                            "transport",
                            "packageArguments");
            assertThat(offer.at("/transport/type").asText()).isEqualTo("stdio");
            for (JsonNode argument : offer.get("packageArguments")) {
                assertThat(names(argument)).containsExactly("type", "value");
                assertThat(argument.get("type").asText()).isEqualTo("positional");
            }
        }
        JsonNode npm = entry.at("/packages/0");
        assertThat(npm.get("registryType").asText()).isEqualTo("npm");
        assertThat(npm.get("registryBaseUrl").asText()).isEqualTo("https://registry.npmjs.org");
        assertThat(npm.get("version").asText()).isEqualTo(Packages.version());
        // The registry knows by this who may publish the entry.
        JsonNode manifest =
                JSON.readTree(packages.file("npm/chronotick/package.json").toFile());
        assertThat(manifest.get("name")).isEqualTo(npm.get("identifier"));
        assertThat(manifest.get("version").asText()).isEqualTo(Packages.version());
        assertThat(manifest.get("mcpName")).isEqualTo(entry.get("name"));
        JsonNode oci = entry.at("/packages/1");
        assertThat(oci.get("registryType").asText()).isEqualTo("oci");
        // Neither may stand beside a reference that has both.
        assertThat(oci.has("version") || oci.has("registryBaseUrl")).isFalse();
        assertThat(oci.get("identifier").asText()).matches("ghcr\\.io/[a-z0-9-]+/[a-z0-9-]+:" + Packages.version());
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void shouldBuildTheSameBytesAgain() throws IOException, InterruptedException {
        Path again = Files.createDirectory(directory.resolve("again"));
        Packages second = Packages.build(again, Map.of(), "runtime", "mcp/build", "python/build");
        for (String pattern : List.of(Packages.ARCHIVE, ".*\\.mcpb", ".*\\.whl", "chronotick-[0-9.]+\\.tar\\.gz")) {
            assertThat(Files.mismatch(packages.made(pattern), second.made(pattern)))
                    .as(pattern)
                    .isEqualTo(-1);
        }
    }

    /** What the jars refer to, but for what runtime says is left out, is in the image. */
    @Test
    void shouldLinkTheModulesThatAreUsed() throws IOException, InterruptedException {
        Path jdk = Path.of(System.getProperty("java.home"), "bin");
        Path image = packages.image();
        List<String> command = new ArrayList<>(List.of(
                jdk.resolve("jdeps").toString(),
                "--ignore-missing-deps",
                "--multi-release",
                "25",
                "--print-module-deps"));
        try (Stream<Path> jars = Files.list(image.resolve("lib"))) {
            jars.map(Path::toString).sorted().forEach(command::add);
        }
        List<String> lines =
                Programs.run(directory, Map.of(), command).check().out().lines().collect(Collectors.toList());
        TreeSet<String> used =
                new TreeSet<>(Arrays.asList(lines.get(lines.size() - 1).split(",")));
        used.removeAll(List.of("java.desktop", "java.sql"));
        assertThat(used).contains("java.base");
        assertThat(Programs.run(
                                directory,
                                Map.of(),
                                List.of(image.resolve("runtime/bin/java").toString(), "--list-modules"))
                        .check()
                        .out()
                        .lines()
                        .map(line -> line.replaceAll("@.*", "")))
                .containsAll(used);
    }
}
