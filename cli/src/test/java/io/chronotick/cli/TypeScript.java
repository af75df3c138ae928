// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The TypeScript client, built in a directory of the tests' own: the sources stay as they are. npm fetches the compiler, from its
 * cache if it is there, as Maven fetches what it needs; what is fetched is pinned by package-lock.json.
 */
final class TypeScript {
    private static final Path CLIENTS = Path.of("../clients").toAbsolutePath().normalize();

    /** What a developer's own build leaves. */
    private static final Set<String> BUILT = Set.of("node_modules", "dist");

    /** Nothing but packages: no advice, and no programs of theirs. */
    private static final List<String> QUIETLY = List.of(
            "--prefer-offline",
            "--omit=optional",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier");

    /** The built package. */
    final Path root;

    private static @Nullable TypeScript shared;

    private TypeScript(Path root) {
        this.root = root;
    }

    /** Skips the test where there is no Node; in continuous integration that is a failure. */
    private static void require() {
        Programs.require("node", "Debian: apt-get install nodejs, 20 or later");
        Programs.require("npm", "Debian: apt-get install npm");
    }

    /** Builds the client at the first call, for all tests. */
    static synchronized TypeScript built() throws IOException, InterruptedException {
        require();
        if (shared == null) {
            shared = build(Path.of("target", "typescript").toAbsolutePath());
        }
        return shared;
    }

    private static TypeScript build(Path directory) throws IOException, InterruptedException {
        remove(directory);
        copy(CLIENTS.resolve("typescript"), directory.resolve("typescript"));
        copy(CLIENTS.resolve("test-vectors"), directory.resolve("test-vectors"));
        TypeScript client = new TypeScript(directory.resolve("typescript"));
        install(client.root);
        client.run(Map.of(), "npm", "run", "build").check();
        return client;
    }

    /** Fetches what the package in that directory is built with. */
    static void install(Path directory) throws IOException, InterruptedException {
        npm(directory, "ci");
    }

    /** Installs a package that has been packed beside those that a directory has. */
    static void installPacked(Path packed, Path directory) throws IOException, InterruptedException {
        try (Stream<Path> files = Files.list(packed)) {
            Path archive = files.filter(file -> file.toString().endsWith(".tgz"))
                    .findFirst()
                    .orElseThrow();
            npm(directory, "install", "--no-save", archive.toString());
        }
    }

    /** Fetches one package more, of that version. */
    static void add(Path directory, String packageAndVersion) throws IOException, InterruptedException {
        npm(directory, "install", "--no-save", packageAndVersion);
    }

    private static void npm(Path directory, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("npm"));
        command.addAll(List.of(arguments));
        command.addAll(QUIETLY);
        Programs.Result result = Programs.run(directory, Map.of(), command);
        assertThat(result.exitCode())
                .as("npm has to fetch what package-lock.json names, from its registry or its cache: %s", result)
                .isZero();
    }

    /** Runs a program in the package's directory. */
    Programs.Result run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        return Programs.run(root, environment, List.of(command));
    }

    /** Runs a program of TypeScript as one who has installed the package. */
    Programs.Result runSource(String source, Map<String, String> environment) throws IOException, InterruptedException {
        Files.writeString(root.resolve("examples/snippet.ts"), source);
        run(Map.of(), "npm", "run", "build").check();
        return run(environment, "node", "dist/examples/snippet.js");
    }

    private static void remove(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                if (BUILT.contains(directory.getFileName().toString())) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(to.resolve(from.relativize(directory)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, to.resolve(from.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
