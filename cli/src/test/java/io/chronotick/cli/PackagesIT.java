// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
@DisabledOnOs(OS.WINDOWS)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PackagesIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    /** Has the schemas of manifests, and unpacks bundles as hosts do. */
    private static final String MCPB = "@anthropic-ai/mcpb@2.1.2";

    @TempDir
    static Path directory = Path.of("");

    private Path packages = Path.of("");
    private Path home = Path.of("");
    private Path installation = Path.of("");
    private final Map<String, String> bare = new LinkedHashMap<>();
    private Path segment = Path.of("");
    private final List<LiveDaemon> daemons = new ArrayList<>();

    @BeforeAll
    void build() throws IOException, InterruptedException {
        for (String program : List.of("node", "npm", "npx")) {
            Programs.require(program, "Debian: apt-get install nodejs npm");
        }
        Programs.require("zip", "Debian: apt-get install zip");
        packages = Files.createDirectory(directory.resolve("packages"));
        build(packages, "runtime", "npm/build", "mcp/build");

        home = Files.createDirectory(directory.resolve("home"));
        Path programs = Files.createDirectory(directory.resolve("bin"));
        // What Node.js brings, the shell that npm runs programs with, and what the other launcher makes its cache with.
        for (String program : List.of("node", "npm", "npx", "env", "sh", "mv", "rm")) {
            Files.createSymbolicLink(
                    programs.resolve(program),
                    Programs.find(program).orElseThrow().toRealPath());
        }
        bare.put("HOME", home.toString());
        bare.put("PATH", programs.toString());
        bare.put("npm_config_update_notifier", "false"); // it would ask the registry
        assertThat(runBare(directory, "sh", "-c", "command -v java").exitCode()).isNotZero();
        installation = Files.createDirectory(directory.resolve("project"));
        daemons.add(new LiveDaemon(Files.createDirectory(directory.resolve("daemon"))));
        segment = daemons.get(0).segment();
    }

    @AfterAll
    void stop() {
        daemons.forEach(LiveDaemon::close);
    }

    private void build(Path target, String... scripts) throws IOException, InterruptedException {
        for (String script : scripts) {
            Programs.run(
                            REPOSITORY,
                            Map.of(
                                    "CHRONOTICK_PACKAGES",
                                    target.toString(),
                                    "JAVA_HOME",
                                    System.getProperty("java.home"),
                                    "SOURCE_DATE_EPOCH",
                                    "1790000000"),
                            List.of("packaging/" + script))
                    .check();
        }
    }

    private List<String> bareCommand(String... command) {
        List<String> words = new ArrayList<>(List.of("/usr/bin/env", "-i"));
        bare.forEach((name, value) -> words.add(name + "=" + value));
        words.addAll(Arrays.asList(command));
        return words;
    }

    private Programs.Result runBare(Path place, String... command) throws IOException, InterruptedException {
        return Programs.run(place, Map.of(), bareCommand(command));
    }

    /** The one file of that form. */
    private Path made(String pattern) throws IOException {
        try (Stream<Path> files = Files.list(packages)) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().matches(pattern) && Files.isRegularFile(file))
                    .collect(Collectors.toList());
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }

    private static String version() throws IOException {
        return Files.readString(REPOSITORY.resolve("pom.xml"))
                .replaceAll("(?s).*?\n  <version>(.*?)</version>.*", "$1");
    }

    /** Asks a server on stdio for the time, and ends it by closing its input. */
    private void assertTellsTheTime(Path place, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(bareCommand(command))
                .directory(place.toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
        try {
            ask(process, """
                    {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                    "capabilities":{},"clientInfo":{"name":"test","version":"1"}}}""");
            process.outputWriter(StandardCharsets.UTF_8)
                    .append("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
            JsonNode result = ask(process, """
                    {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_time"}}""").get("result");
            assertThat(result.get("isError").asBoolean()).as(result::toString).isFalse();
            assertThat(result.at("/structuredContent/is_valid").asBoolean())
                    .as(result::toString)
                    .isTrue();
            process.outputWriter().close();
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(directory.resolve("err")).isEmptyFile();
        } finally {
            process.destroyForcibly();
        }
    }

    private static JsonNode ask(Process process, String line) throws IOException {
        Writer writer = process.outputWriter(StandardCharsets.UTF_8);
        writer.write(line + "\n");
        writer.flush();
        return JSON.readTree(Objects.requireNonNull(
                process.inputReader(StandardCharsets.UTF_8).readLine(), "the server has ended"));
    }

    private String[] mcp(String... program) {
        List<String> words = new ArrayList<>(Arrays.asList(program));
        words.addAll(List.of("mcp", "--no-embedded", "--shm", segment.toString()));
        return words.toArray(new String[0]);
    }

    @Test
    void shouldInstallFromNpmAndTellTheTime() throws IOException, InterruptedException {
        runBare(
                        installation,
                        "npm",
                        "install",
                        "--offline",
                        "--no-audit",
                        "--no-fund",
                        made("chronotick-\\d.*\\.tgz").toString(),
                        made("chronotick-runtime-.*\\.tgz").toString())
                .check();
        Programs.Result version = runBare(installation, "npx", "chronotick", "--version");
        assertThat(version.check().out()).startsWith("chronotick " + version() + " (Java 25");
        assertThat(version.err()).isEmpty();
        assertTellsTheTime(installation, mcp("npx", "chronotick"));
        String script = "import { Reader } from 'chronotick'; console.log(typeof Reader)";
        assertThat(runBare(installation, "node", "--input-type=module", "-e", script)
                        .check()
                        .out())
                .isEqualTo("function\n");
        // Both caches are taken: where one does not fit, the JVM would not start now.
        String program = installation.resolve("node_modules/.bin/chronotick").toString();
        bare.put("JDK_JAVA_OPTIONS", "-XX:AOTMode=on");
        runBare(installation, program, "read", "--shm", segment.toString()).check();
        runBare(installation, program, "mcp", "--print-config").check();
        bare.remove("JDK_JAVA_OPTIONS");
        // Nothing else is written to the home of a user who owns the installation.
        assertThat(home.resolve(".cache")).doesNotExist();
    }

    @Test
    void shouldRunFromTheArchive() throws IOException, InterruptedException {
        Path place = Files.createDirectory(directory.resolve("unpacked"));
        Programs.run(
                        place,
                        Map.of(),
                        List.of("tar", "-xzf", made(".*\\.tar\\.gz").toString()))
                .check();
        try (Stream<Path> files = Files.list(place)) {
            Path program = files.findFirst().orElseThrow().resolve("bin/chronotick");
            assertThat(runBare(place, program.toString(), "--version").check().out())
                    .startsWith("chronotick " + version() + " (Java 25");
            assertThat(runBare(place, program.toString(), "read", "--shm", segment.toString())
                            .check()
                            .out())
                    .contains("Corrected Time");
            assertThat(runBare(place, program.toString(), "config", "check").exitCode())
                    .isEqualTo(2); // a usage error, after picocli has come up
            assertThat(runBare(place, program.toString(), "lab", "report", "--png", "x")
                            .err())
                    .contains("java.desktop")
                    .hasLineCount(1);
            assertTellsTheTime(place, mcp(program.toString()));
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
        Programs.run(tools, Map.of(), List.of(mcpb, "unpack", made(".*\\.mcpb").toString(), unpacked.toString()))
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
        assertThat(manifest.get("version").asText()).isEqualTo(version());
        assertThat(unpacked.resolve(manifest.at("/server/entry_point").asText()))
                .isExecutable();
        JsonNode configuration = manifest.at("/server/mcp_config");
        List<String> command = new ArrayList<>();
        command.add(configuration.get("command").asText().replace("${__dirname}", unpacked.toString()));
        configuration.get("args").forEach(argument -> command.add(argument.asText()));
        command.addAll(List.of("--no-embedded", "--shm", segment.toString()));
        assertTellsTheTime(directory, command.toArray(new String[0]));
    }

    /** No package with the registry's schema is published; these are its rules for what the entry uses. */
    @Test
    void shouldMakeAnEntryThatTheRegistryTakes() throws IOException {
        JsonNode entry = JSON.readTree(packages.resolve("server.json").toFile());
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
        assertThat(entry.get("version").asText()).isEqualTo(version());
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
        assertThat(npm.get("version").asText()).isEqualTo(version());
        // The registry knows by this who may publish the entry.
        JsonNode manifest =
                JSON.readTree(packages.resolve("npm/chronotick/package.json").toFile());
        assertThat(manifest.get("name")).isEqualTo(npm.get("identifier"));
        assertThat(manifest.get("version").asText()).isEqualTo(version());
        assertThat(manifest.get("mcpName")).isEqualTo(entry.get("name"));
        JsonNode oci = entry.at("/packages/1");
        assertThat(oci.get("registryType").asText()).isEqualTo("oci");
        // Neither may stand beside a reference that has both.
        assertThat(oci.has("version") || oci.has("registryBaseUrl")).isFalse();
        assertThat(oci.get("identifier").asText()).matches("ghcr\\.io/[a-z0-9-]+/[a-z0-9-]+:" + version());
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void shouldBuildTheSameBytesAgain() throws IOException, InterruptedException {
        Path again = Files.createDirectory(directory.resolve("again"));
        build(again, "runtime", "mcp/build");
        for (String pattern : List.of(".*\\.tar\\.gz", ".*\\.mcpb")) {
            Path first = made(pattern);
            assertThat(Files.mismatch(first, again.resolve(first.getFileName())))
                    .as(pattern)
                    .isEqualTo(-1);
        }
    }

    /** What the jars refer to, but for what runtime says is left out, is in the image. */
    @Test
    void shouldLinkTheModulesThatAreUsed() throws IOException, InterruptedException {
        Path jdk = Path.of(System.getProperty("java.home"), "bin");
        Path image =
                packages.resolve(made(".*\\.tar\\.gz").getFileName().toString().replace(".tar.gz", ""));
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
