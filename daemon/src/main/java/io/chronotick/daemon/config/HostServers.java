// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The NTP servers that this host is meant to ask, for {@code servers: auto}: those that its other NTP programs are told to ask; else
 * what its cloud offers; else the NTP pool. The first of these that names any is taken, alone: an operator who has chosen servers does not
 * want others beside them. Files that are missing, cannot be read or say nothing are passed over.
 *
 * @param entries what was found, at least one
 * @param problems lines that name no server although they should, each with its place
 */
public record HostServers(List<Entry> entries, List<String> problems) {
    /** Most servers that are asked, all pools together: more make a majority no surer, and each is somebody's. */
    private static final int MOST_SERVERS = 8;

    /** How deep files may include others, as in chrony. */
    private static final int DEEPEST = 10;

    /** Files beyond this are none of ours, bytes. */
    private static final long LARGEST_FILE = 1 << 20;

    /** Of the pool, the zone with IPv6 addresses (ntppool.org). */
    private static final String POOL = "2.pool.ntp.org";

    private static final int POOL_MEMBERS = 4;

    /**
     * A server or a pool.
     *
     * @param count how many servers of that name are asked, 1..
     * @param origin {@code FILE:LINE}, or what else says so
     */
    public record Entry(ServerConfig server, int count, String origin) {
        /** As a file of ours would say it. */
        public String describe() {
            return ServerList.text(server, count);
        }
    }

    public HostServers {
        entries = List.copyOf(entries);
        problems = List.copyOf(problems);
    }

    /** Who is asked and who says so, on one line, for the log. */
    public String describe() {
        return entries.stream()
                .map(entry -> entry.describe() + " (" + entry.origin() + ")")
                .collect(Collectors.joining(", "));
    }

    /** One server a seat, in the order of the entries. */
    public List<ServerConfig> servers() {
        List<ServerConfig> servers = new ArrayList<>();
        for (Entry entry : entries) {
            for (int i = 0; i < entry.count(); i++) {
                servers.add(entry.server());
            }
        }
        return servers;
    }

    /**
     * Looks for them.
     *
     * @param root directory that takes the place of /
     */
    public static HostServers find(Path root) {
        Search search = new Search(root);
        List<Consumer<Search>> places =
                List.of(Search::chrony, Search::timesyncd, Search::ntpsec, Search::ntp, Search::cloud, Search::pool);
        for (Consumer<Search> place : places) {
            place.accept(search);
            if (!search.found.isEmpty()) {
                break;
            }
        }
        return new HostServers(limited(search.found), search.problems);
    }

    /** Servers count in full, and the pools share what they leave, each at least one. */
    private static List<Entry> limited(List<Entry> found) {
        List<Entry> first = found.subList(0, Math.min(found.size(), MOST_SERVERS));
        long pools = first.stream().filter(entry -> entry.count() > 1).count();
        long each = pools == 0 ? 1 : Math.max(1, (MOST_SERVERS - (first.size() - pools)) / pools);
        return first.stream()
                .map(entry -> new Entry(entry.server(), (int) Math.min(entry.count(), each), entry.origin()))
                .toList();
    }

    private static final class Search {
        private final Path root;
        private final List<Entry> found = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();

        Search(Path root) {
            this.root = root;
        }

        void chrony() {
            for (String file : List.of("/etc/chrony/chrony.conf", "/etc/chrony.conf")) {
                if (read(file).isPresent()) {
                    chrony(file, 0);
                    return;
                }
            }
        }

        private void chrony(String file, int depth) {
            if (depth > DEEPEST) {
                return;
            }
            directives(ServerDirectives.chrony(read(file).orElse("")), file, directive -> {
                switch (directive.kind()) {
                    case INCLUDE -> files(directive.argument()).forEach(other -> chrony(other, depth + 1));
                    case CONFIG_DIRECTORY ->
                        inDirectories(directive.argument(), ".conf").forEach(other -> chrony(other, depth + 1));
                    case SOURCE_DIRECTORY ->
                        inDirectories(directive.argument(), ".sources").forEach(other -> chrony(other, depth + 1));
                    default -> {}
                }
            });
        }

        void timesyncd() {
            ServerDirectives.Timesyncd conf = new ServerDirectives.Timesyncd();
            String name = "systemd/timesyncd.conf";
            for (String directory : List.of("/etc/", "/run/", "/usr/local/lib/", "/usr/lib/")) {
                Optional<String> text = read(directory + name);
                if (text.isPresent()) {
                    conf.read(text.get(), directory + name);
                    break;
                }
            }
            inDirectories(
                            "/etc/" + name + ".d /run/" + name + ".d /usr/local/lib/" + name + ".d /usr/lib/" + name
                                    + ".d",
                            ".conf")
                    .forEach(file -> read(file).ifPresent(text -> conf.read(text, file)));
            conf.servers().forEach(named -> add(named.server(), 1, named.origin()));
            problems.addAll(conf.problems());
        }

        void ntpsec() {
            // Debian writes the second one from the first and what DHCP says, and has ntpd read that instead.
            ntp(
                    read("/run/ntpsec/ntp.conf.dhcp").isPresent()
                            ? "/run/ntpsec/ntp.conf.dhcp"
                            : "/etc/ntpsec/ntp.conf",
                    0);
            inDirectories("/etc/ntpsec/ntp.d", ".conf").forEach(file -> ntp(file, 0));
        }

        void ntp() {
            ntp(read("/run/ntp.conf.dhcp").isPresent() ? "/run/ntp.conf.dhcp" : "/etc/ntp.conf", 0);
        }

        private void ntp(String file, int depth) {
            if (depth > DEEPEST) {
                return;
            }
            directives(ServerDirectives.ntp(read(file).orElse("")), file, directive -> {
                if (directive.kind() == ServerDirectives.Kind.INCLUDE) {
                    files(directive.argument()).forEach(other -> ntp(other, depth + 1));
                }
            });
        }

        private void directives(
                List<ServerDirectives.Directive> directives, String file, Consumer<ServerDirectives.Directive> others) {
            for (ServerDirectives.Directive directive : directives) {
                String place = file + ":" + directive.line();
                switch (directive.kind()) {
                    case SERVERS -> add(directive.server().orElseThrow(), directive.count(), place);
                    case PROBLEM -> problems.add(place + ": " + directive.argument());
                    default -> others.accept(directive);
                }
            }
        }

        void cloud() {
            String dmi = "/sys/class/dmi/id/";
            List<String> makers = List.of("sys_vendor", "board_vendor", "bios_vendor").stream()
                    .map(name -> read(dmi + name).orElse("").strip())
                    .toList();
            String product = read(dmi + "product_name").orElse("").strip();
            if (makers.contains("Amazon EC2")) {
                add(ServerConfig.of("169.254.169.123", ServerConfig.DEFAULT_PORT), 1, "Amazon EC2 (DMI)");
            } else if (product.equals("Google Compute Engine")) {
                add(
                        ServerConfig.of("metadata.google.internal", ServerConfig.DEFAULT_PORT),
                        1,
                        "Google Compute Engine (DMI)");
            }
        }

        void pool() {
            add(ServerConfig.of(POOL, ServerConfig.DEFAULT_PORT), POOL_MEMBERS, "nothing else names a server");
        }

        /** A name twice is one server. */
        private void add(ServerConfig server, int count, String origin) {
            if (found.stream().noneMatch(entry -> entry.server().name().equals(server.name()))) {
                found.add(new Entry(server, count, origin));
            }
        }

        // --- Files ---

        private Path path(String absolute) {
            return root.resolve(absolute.substring(1));
        }

        private Optional<String> read(String file) {
            try {
                Path path = path(file);
                if (!Files.isRegularFile(path) || Files.size(path) > LARGEST_FILE) {
                    return Optional.empty();
                }
                return Optional.of(new String(Files.readAllBytes(path), StandardCharsets.UTF_8));
            } catch (IOException | InvalidPathException e) {
                // Not for us to read, or no file name: as good as not there.
                return Optional.empty();
            }
        }

        /** The files of a name whose last part may hold wildcards; in the order of their names. */
        private List<String> files(String pattern) {
            int slash = pattern.lastIndexOf('/');
            return slash <= 0 && !pattern.startsWith("/")
                    ? List.of()
                    : List.copyOf(list(pattern.substring(0, slash), pattern.substring(slash + 1))
                            .values());
        }

        /** The files of some directories; of those with one name the first counts; in the order of their names. */
        private List<String> inDirectories(String directories, String suffix) {
            Map<String, String> byName = new TreeMap<>();
            for (String directory : directories.split("\\s+", -1)) {
                if (directory.startsWith("/")) {
                    list(directory, "*" + suffix).forEach(byName::putIfAbsent);
                }
            }
            return List.copyOf(byName.values());
        }

        private Map<String, String> list(String directory, String pattern) {
            Map<String, String> byName = new TreeMap<>();
            try (DirectoryStream<Path> files = Files.newDirectoryStream(path(directory + "/"), pattern)) {
                for (Path file : files) {
                    String name = String.valueOf(file.getFileName());
                    byName.put(name, directory + "/" + name);
                }
            } catch (IOException | RuntimeException e) {
                // There is no such directory, or the pattern is none.
                return Map.of();
            }
            return byName;
        }
    }
}
