// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The packages, built by their scripts from what Maven has just packaged, once for all tests of a run. */
final class Packages {
    static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    /** The linked program as a file. */
    static final String ARCHIVE = ".*-(linux|darwin)-.*\\.tar\\.gz";

    /** The time of all files in them. */
    private static final String EPOCH = "1790000000";

    private static @Nullable Packages all;

    private final Path directory;

    private Packages(Path directory) {
        this.directory = directory;
    }

    /** All that packaging/build makes. */
    static synchronized Packages all() throws IOException, InterruptedException {
        if (all == null) {
            for (String program : List.of("node", "npm", "npx")) {
                Programs.require(program, "Debian: apt-get install nodejs npm");
            }
            Programs.require("zip", "Debian: apt-get install zip");
            Path directory = Path.of("target", "packages").toAbsolutePath();
            Programs.run(Path.of("."), Map.of(), List.of("rm", "-rf", directory.toString()))
                    .check();
            Files.createDirectories(directory);
            all = build(
                    directory,
                    Map.of(),
                    "runtime",
                    "npm/build",
                    "mcp/build",
                    "python/build",
                    "linux/build",
                    "oci/build");
        }
        return all;
    }

    /** What these scripts make, in a directory that is there. */
    static Packages build(Path directory, Map<String, String> environment, String... scripts)
            throws IOException, InterruptedException {
        for (String script : scripts) {
            Programs.run(REPOSITORY, withDefaults(directory, environment), List.of("packaging/" + script))
                    .check();
        }
        return new Packages(directory);
    }

    private static Map<String, String> withDefaults(Path directory, Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(Map.of(
                "CHRONOTICK_PACKAGES",
                directory.toString(),
                "JAVA_HOME",
                System.getProperty("java.home"),
                "SOURCE_DATE_EPOCH",
                EPOCH));
        all.putAll(environment);
        return all;
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    /** The one file of that form. */
    Path made(String pattern) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().matches(pattern) && Files.isRegularFile(file))
                    .collect(Collectors.toList());
            assertThat(found).as(pattern).hasSize(1);
            return found.get(0);
        }
    }

    /** The linked program, from which the others are packed. */
    Path image() throws IOException {
        return directory.resolve(made(ARCHIVE).getFileName().toString().replace(".tar.gz", ""));
    }

    /** That of the POM. */
    static String version() throws IOException {
        return Files.readString(REPOSITORY.resolve("pom.xml"))
                .replaceAll("(?s).*?\n  <version>(.*?)</version>.*", "$1");
    }
}
