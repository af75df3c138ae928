// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The root's POM decides the version; packaging/set-version carries it to all other places. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "set-version is a script for bash")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class VersionTest {
    /** In POMs and documents. */
    private static final String ARTIFACT =
            "<artifactId>chronotick[a-z0-9-]*</artifactId>\\s*<version>([^$<]+)</version>";

    private static final List<String> PLACES = List.of(
            "clients/python/chronotick/__init__.py",
            "clients/typescript/package.json",
            "clients/typescript/package-lock.json",
            "clients/typescript/adapters/src/claude-agent-sdk.ts",
            "integrations/claude-code/.claude-plugin/plugin.json");

    private static final List<String> IMAGES = List.of(
            "packaging/kubernetes/kustomization.yaml",
            "packaging/kubernetes/reader.yaml",
            "packaging/oci/compose.yaml");

    private static final String PLAIN =
            "(?:__version__ = |\"name\": \"chronotick\",\\s*\"version\": |SERVER_NAME, version: )\"([^\"]+)\"";
    private static final String IMAGE = "(?:image: [a-z./]*chronotick:|newTag: )(\\S+)";

    @TempDir
    Path directory = Path.of("");

    /** All POMs but that which only packs files, and all documents. */
    private static List<String> mavens() throws IOException {
        List<String> files = new ArrayList<>();
        FileVisitor<Path> visitor = new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path place, BasicFileAttributes attributes) {
                return List.of("target", "node_modules", ".git")
                                .contains(place.getFileName().toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = Packages.REPOSITORY.relativize(file).toString();
                if ((name.endsWith("pom.xml") || name.endsWith(".md")) && !name.equals("packaging/linux/pom.xml")) {
                    files.add(name);
                }
                return FileVisitResult.CONTINUE;
            }
        };
        Files.walkFileTree(Packages.REPOSITORY, visitor);
        return files;
    }

    private static List<String> named(Path root, String file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(root.resolve(file)))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toList());
    }

    private static void assertSays(Path root, String version) throws IOException {
        int named = 0;
        for (String file : mavens()) {
            List<String> found = named(root, file, ARTIFACT);
            named += found.size();
            assertThat(found).as(file).allMatch(version::equals);
            if (file.endsWith("pom.xml")) {
                assertThat(found).as(file).isNotEmpty();
            }
        }
        assertThat(named).isGreaterThan(20);
        for (String file : IMAGES) {
            assertThat(named(root, file, IMAGE)).as(file).isNotEmpty().allMatch(version::equals);
        }
        String plain = version.replace("-SNAPSHOT", "");
        for (String file : PLACES) {
            assertThat(named(root, file, PLAIN)).as(file).isNotEmpty().allMatch(plain::equals);
        }
    }

    @Test
    void shouldBeTheSameEverywhere() throws IOException {
        assertSays(Packages.REPOSITORY, Packages.version());
    }

    /** A release has a section in the changelog, with its date. */
    @Test
    void shouldBeInTheChangelogOnceReleased() throws IOException {
        String version = Packages.version();
        if (!version.endsWith("-SNAPSHOT")) {
            assertThat(Files.readString(Packages.REPOSITORY.resolve("CHANGELOG.md")))
                    .containsPattern("\n## " + Pattern.quote(version) + " - \\d{4}-\\d\\d-\\d\\d\n");
        }
    }

    @Test
    void shouldBeChangedByOneCommand() throws IOException, InterruptedException {
        Path copy = Files.createDirectory(directory.resolve("copy"));
        for (String file : Stream.of(mavens(), PLACES, IMAGES, List.of("packaging/set-version", "packaging/lib.sh"))
                .flatMap(List::stream)
                .collect(Collectors.toList())) {
            Files.createDirectories(copy.resolve(file).getParent());
            Files.copy(Packages.REPOSITORY.resolve(file), copy.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Map<String, String> environment = Map.of("SOURCE_DATE_EPOCH", "0");
        for (String version : List.of("9.8.7-SNAPSHOT", "9.8.7", "10.0.0-SNAPSHOT")) {
            Programs.run(copy, environment, List.of("packaging/set-version", version))
                    .check();
            assertSays(copy, version);
        }
        assertThat(Programs.run(copy, environment, List.of("packaging/set-version", "next"))
                        .exitCode())
                .isNotZero();
    }
}
