// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The jars as Maven Central would have them, in a repository in a directory, and a project of somebody else that takes them. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "gpg and mvn are started as on a POSIX system")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class MavenCentralIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What other builds may depend on, and its directories. */
    private static final Map<String, String> MODULES = Map.of(
            "chronotick-client", "clients/java",
            "chronotick-agent", "agent",
            "chronotick-agent-langchain4j", "adapters/langchain4j",
            "chronotick-agent-spring-ai", "adapters/spring-ai",
            "chronotick-agent-anthropic", "adapters/anthropic",
            "chronotick-spring-boot-starter", "adapters/spring-boot",
            "chronotick-opentelemetry", "adapters/opentelemetry");

    @TempDir
    static Path directory = Path.of("");

    private Path repository = Path.of("");

    @BeforeAll
    void deploy() throws IOException, InterruptedException {
        Programs.require("mvn", "Debian: apt-get install maven");
        Programs.require("gpg", "Debian: apt-get install gpg");
        repository = Files.createDirectory(directory.resolve("repository"));
        Path keys = Files.createDirectory(directory.resolve("keys"));
        Programs.run(directory, Map.of(), List.of("chmod", "700", keys.toString()))
                .check();
        Map<String, String> environment = Map.of("GNUPGHOME", keys.toString());
        Programs.run(
                        directory,
                        environment,
                        List.of(
                                "gpg",
                                "--batch",
                                "--passphrase",
                                "",
                                "--quick-generate-key",
                                "A test <test@example.net>",
                                "ed25519",
                                "sign",
                                "never"))
                .check();
        try {
            Programs.run(
                            Packages.REPOSITORY,
                            environment,
                            List.of(
                                    "mvn",
                                    "-B",
                                    "-q",
                                    "-Prelease,sign",
                                    "-pl",
                                    ".," + MODULES.values().stream().sorted().collect(Collectors.joining(",")),
                                    "-Dmaven.test.skip=true",
                                    "-Dspotless.check.skip=true",
                                    "-DaltDeploymentRepository=here::file:" + repository,
                                    "deploy"))
                    .check();
        } finally {
            Programs.run(directory, environment, List.of("gpgconf", "--kill", "all"));
        }
    }

    private List<String> files(String artifact) throws IOException {
        Path place = repository.resolve("io/chronotick").resolve(artifact).resolve(Packages.version());
        try (Stream<Path> files = Files.list(place)) {
            return files.map(file -> file.getFileName().toString())
                    // Snapshots have the time in their names.
                    .map(name -> name.replaceFirst("^" + artifact + "-[0-9.]+[0-9](-[0-9.]+-[0-9]+)?", ""))
                    .collect(Collectors.toList());
        }
    }

    private Path file(String artifact, String ending) throws IOException {
        try (Stream<Path> files =
                Files.list(repository.resolve("io/chronotick").resolve(artifact).resolve(Packages.version()))) {
            return files.filter(file -> file.getFileName().toString().endsWith(ending))
                    .findAny()
                    .orElseThrow();
        }
    }

    @Test
    void shouldHaveAllThatCentralWants() throws IOException {
        String parent = Files.readString(file("chronotick", ".pom"));
        assertThat(parent)
                .contains("<name>", "<description>", "<url>", "<license>", "<developer>", "<connection>scm:git:https:");
        for (String artifact : MODULES.keySet()) {
            for (String ending : List.of(".pom", ".jar", "-sources.jar", "-javadoc.jar", "-cyclonedx.json")) {
                assertThat(files(artifact)).as(artifact).contains(ending, ending + ".asc", ending + ".sha1");
            }
            assertThat(Files.readString(file(artifact, ".pom"))).contains("<name>", "<description>");
        }
        try (Stream<Path> artifacts = Files.list(repository.resolve("io/chronotick"))) {
            assertThat(artifacts.map(artifact -> artifact.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            Stream.concat(MODULES.keySet().stream(), Stream.of("chronotick"))
                                    .collect(Collectors.toList()));
        }
    }

    @Test
    void shouldListWhatIsInIt() throws IOException {
        JsonNode materials = JSON.readTree(
                file("chronotick-agent-langchain4j", "-cyclonedx.json").toFile());
        assertThat(materials.get("bomFormat").asText()).isEqualTo("CycloneDX");
        List<String> names = materials.findValuesAsText("purl");
        assertThat(names).anyMatch(purl -> purl.startsWith("pkg:maven/dev.langchain4j/langchain4j-core@"));
        JsonNode client =
                JSON.readTree(file("chronotick-client", "-cyclonedx.json").toFile());
        // The client depends on nothing at run time.
        assertThat(client.get("components")).isNullOrEmpty();
    }

    /** On the Java that is on the PATH: 17 where the modules that promise it are tested on it. */
    @Test
    void shouldServeAProjectOfSomebodyElse() throws IOException, InterruptedException {
        Path project = directory.resolve("project");
        Programs.run(
                        directory,
                        Map.of(),
                        List.of(
                                "cp",
                                "-R",
                                Packages.REPOSITORY
                                        .resolve("clients/java/examples/project")
                                        .toString(),
                                project.toString()))
                .check();
        assertThat(project.resolve("pom.xml")).content().contains("<version>" + Packages.version() + "</version>");
        // Its own repository, so that nothing of this stays in the user's, from which the plugins come as from a
        // mirror.
        Path settings = directory.resolve("settings.xml");
        Files.writeString(
                settings, """
                <settings>
                  <mirrors>
                    <mirror><id>cache</id><mirrorOf>central</mirrorOf><url>file:%s</url></mirror>
                  </mirrors>
                  <profiles>
                    <profile>
                      <id>here</id>
                      <repositories>
                        <repository><id>here</id><url>file:%s</url><snapshots><enabled>true</enabled></snapshots></repository>
                      </repositories>
                    </profile>
                  </profiles>
                  <activeProfiles><activeProfile>here</activeProfile></activeProfiles>
                </settings>
                """.formatted(Objects.requireNonNull(System.getProperty("maven.repo.local")), repository));
        Path local = directory.resolve("local");
        Programs.run(
                        project,
                        Map.of(),
                        List.of(
                                "mvn",
                                "-B",
                                "-q",
                                "--settings",
                                settings.toString(),
                                "-Dmaven.repo.local=" + local,
                                "compile"))
                .check();
        Path client;
        try (Stream<Path> jars = Files.list(local.resolve("io/chronotick/chronotick-client/" + Packages.version()))) {
            client = jars.filter(jar -> jar.toString().endsWith(".jar"))
                    .findAny()
                    .orElseThrow();
        }
        try (LiveDaemon daemon = new LiveDaemon(Files.createDirectory(directory.resolve("daemon")))) {
            Programs.Result result = Programs.run(
                    project,
                    Map.of("CHRONOTICK_SHM", daemon.segment().toString()),
                    List.of("java", "-cp", "target/classes:" + client, "example.ReadsTheTime"));
            assertThat(result.check().out()).matches("\\d{4}-.*Z \\.\\. \\d{4}-.*Z\n");
        }
    }
}
