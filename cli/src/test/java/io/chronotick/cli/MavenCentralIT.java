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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

/** The jars as Maven Central would have them, in a repository in a directory, and projects of somebody else that take them. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "gpg and mvn are started as on a POSIX system")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class MavenCentralIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Writes what a project's class path is. */
    private static final String CLASS_PATH = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";

    /** What other builds may depend on, and its directories. */
    private static final Map<String, String> MODULES = Map.of(
            "chronotick-client", "clients/java",
            "chronotick-agent", "agent",
            "chronotick-agent-langchain4j", "adapters/langchain4j",
            "chronotick-agent-spring-ai", "adapters/spring-ai",
            "chronotick-agent-anthropic", "adapters/anthropic",
            "chronotick-spring-boot-starter", "adapters/spring-boot",
            "chronotick-opentelemetry", "adapters/opentelemetry",
            "chronotick-logback", "adapters/logback");

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
                                    "-DskipTests", // one module's tests use another's, which have to be there
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

    /**
     * Builds a project of somebody else as it stands in the repository, and runs it: by what is deployed, by Maven's plugins and other people's jars, and by nothing of
     * this build. On the Java that is on the PATH: 17 where the modules that promise it are tested on it.
     */
    private String outputOf(String example, String program, LiveDaemon daemon)
            throws IOException, InterruptedException {
        Path place = Files.createTempDirectory(directory, "outside");
        Path project = place.resolve("project");
        Path source = Packages.REPOSITORY.resolve(example);
        Programs.run(place, Map.of(), List.of("cp", "-R", source.toString(), project.toString()))
                .check();
        // Its own repository, so that nothing of this stays in the user's; what that has need not be fetched again.
        Path settings = place.resolve("settings.xml");
        String cache = "file:" + Objects.requireNonNull(System.getProperty("maven.repo.local"));
        Files.writeString(settings, """
                <settings>
                  <profiles>
                    <profile>
                      <id>here</id>
                      <repositories>
                        <repository><id>here</id><url>file:%s</url><snapshots><enabled>true</enabled></snapshots></repository>
                        <repository><id>cache</id><url>%s</url></repository>
                      </repositories>
                      <pluginRepositories>
                        <pluginRepository><id>cache</id><url>%s</url></pluginRepository>
                      </pluginRepositories>
                    </profile>
                  </profiles>
                  <activeProfiles><activeProfile>here</activeProfile></activeProfiles>
                </settings>
                """.formatted(repository, cache, cache));
        Path classPath = place.resolve("classpath");
        Programs.run(
                        project,
                        Map.of(),
                        List.of(
                                "mvn",
                                "-B",
                                "-q",
                                "--global-settings",
                                settings.toString(),
                                "-Dmaven.repo.local=" + place.resolve("local"),
                                "-Dmdep.outputFile=" + classPath,
                                "compile",
                                CLASS_PATH))
                .check();
        assertThat(classPath).content().contains("/chronotick-client/" + Packages.version() + "/");
        return Programs.run(
                        project,
                        Map.of("CHRONOTICK_SHM", daemon.segment().toString()),
                        List.of("java", "-cp", "target/classes:" + Files.readString(classPath), program))
                .check()
                .out();
    }

    /** The daemon's time is half a second before that of this machine, which a program without it would tell. */
    private static void assertOffByHalfASecond(String output) {
        Matcher said = Pattern.compile("system clock off by (\\d+) ms").matcher(output);
        assertThat(said.find()).as(output).isTrue();
        assertThat(Integer.parseInt(said.group(1))).as(output).isGreaterThan(450);
    }

    @Test
    void shouldServeProjectsOfSomebodyElse() throws IOException, InterruptedException {
        try (LiveDaemon daemon = new LiveDaemon(Files.createDirectory(directory.resolve("daemon")))) {
            assertThat(outputOf("clients/java/examples/project", "example.ReadsTheTime", daemon))
                    .matches("\\d{4}-.*Z \\.\\. \\d{4}-.*Z\n");
            assertOffByHalfASecond(outputOf("adapters/spring-boot/examples/project", "example.DatedOrders", daemon));
            String traced = outputOf("adapters/opentelemetry/examples/project", "example.TracedOrders", daemon);
            assertOffByHalfASecond(traced);
            assertThat(traced).contains("chronotick.bound_seconds=").doesNotContain("SYSTEM_CLOCK");
        }
    }
}
