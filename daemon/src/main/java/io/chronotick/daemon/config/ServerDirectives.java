// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.daemon.nts.KeyExchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What the configurations of other NTP programs say of servers: chrony.conf(5) of chrony 4, ntp.conf(5) of ntpd and NTPsec,
 * timesyncd.conf(5) of systemd. Everything else in them is passed over, and so are options that mean nothing here; a line that should name
 * a server and does not is a problem, told and passed over. Pure functions.
 */
final class ServerDirectives {
    /** How many servers of a pool chrony asks without maxsources. */
    private static final int POOL_MEMBERS = 4;

    private static final int LARGEST_POOL = 16;

    /** log2 of s. */
    private static final int LARGEST_POLL = 17;

    enum Kind {
        SERVERS,
        INCLUDE,
        CONFIG_DIRECTORY,
        SOURCE_DIRECTORY,
        PROBLEM
    }

    /**
     * One line.
     *
     * @param line its number, from 1
     * @param server for {@link Kind#SERVERS}
     * @param count how many of that name
     * @param argument file, directories or problem
     */
    record Directive(Kind kind, int line, Optional<ServerConfig> server, int count, String argument) {
        private static Directive of(Kind kind, int line, String argument) {
            return new Directive(kind, line, Optional.empty(), 0, argument);
        }
    }

    private ServerDirectives() {}

    static List<Directive> chrony(String text) {
        List<Directive> found = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || "#%!;".indexOf(line.charAt(0)) >= 0) {
                continue;
            }
            String[] words = line.split("\\s+", -1);
            String rest = line.substring(words[0].length()).strip();
            switch (words[0].toLowerCase(Locale.ROOT)) {
                case "server" -> server(words, 1, 1, i + 1).ifPresent(found::add);
                case "pool" -> server(words, 1, POOL_MEMBERS, i + 1).ifPresent(found::add);
                case "include" -> found.add(Directive.of(Kind.INCLUDE, i + 1, rest));
                case "confdir" -> found.add(Directive.of(Kind.CONFIG_DIRECTORY, i + 1, rest));
                case "sourcedir" -> found.add(Directive.of(Kind.SOURCE_DIRECTORY, i + 1, rest));
                default -> {}
            }
        }
        return found;
    }

    static List<Directive> ntp(String text) {
        List<Directive> found = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("#.*", "").strip();
            String[] words = line.split("\\s+", -1);
            int host = words.length > 1 && (words[1].equals("-4") || words[1].equals("-6")) ? 2 : 1;
            // 127.127.t.u is a reference clock of the host's own.
            boolean isClock = words.length > host && words[host].startsWith("127.127.");
            switch (words[0].toLowerCase(Locale.ROOT)) {
                case "server" -> {
                    if (!isClock) {
                        server(words, host, 1, i + 1).ifPresent(found::add);
                    }
                }
                case "pool" -> server(words, host, POOL_MEMBERS, i + 1).ifPresent(found::add);
                case "includefile" ->
                    found.add(Directive.of(Kind.INCLUDE, i + 1, words.length > 1 ? words[1].replace("\"", "") : ""));
                default -> {}
            }
        }
        return found;
    }

    /** Nothing for a server that is only watched. */
    private static Optional<Directive> server(String[] words, int host, int count, int line) {
        if (words.length <= host || !Host.isHost(words[host])) {
            String found = words.length <= host ? "nothing" : "\"" + words[host] + "\"";
            return Optional.of(Directive.of(Kind.PROBLEM, line, "found " + found + " in the place of a server's name"));
        }
        int members = count;
        int port = ServerConfig.DEFAULT_PORT;
        OptionalInt minpoll = OptionalInt.empty();
        OptionalInt maxpoll = OptionalInt.empty();
        boolean nts = false;
        int ntsPort = KeyExchange.DEFAULT_PORT;
        for (int i = host + 1; i < words.length; i++) {
            String next = i + 1 < words.length ? words[i + 1] : "";
            switch (words[i].toLowerCase(Locale.ROOT)) {
                case "noselect" -> {
                    return Optional.empty();
                }
                case "nts" -> nts = true;
                case "ntsport" -> ntsPort = number(next, 1, 65_535).orElse(ntsPort);
                case "port" -> port = number(next, 1, 65_535).orElse(port);
                case "minpoll" -> minpoll = number(next, 0, LARGEST_POLL);
                case "maxpoll" -> maxpoll = number(next, 0, LARGEST_POLL);
                case "maxsources" -> members = number(next, 1, LARGEST_POOL).orElse(members);
                default -> {}
            }
        }
        if (minpoll.orElse(0) > maxpoll.orElse(LARGEST_POLL)) {
            maxpoll = OptionalInt.empty();
        }
        Optional<KeyExchange> keyExchange =
                nts ? Optional.of(new KeyExchange(words[host], ntsPort, Optional.empty(), port)) : Optional.empty();
        ServerConfig server =
                new ServerConfig(words[host], port, minpoll, maxpoll, false, OptionalDouble.empty(), keyExchange);
        // Keys are good for one server: of a pool one is asked.
        boolean isOne = count == 1 || nts;
        return Optional.of(new Directive(Kind.SERVERS, line, Optional.of(server), isOne ? 1 : members, ""));
    }

    private static OptionalInt number(String text, int least, int most) {
        if (!text.matches("[0-9]{1,5}")) {
            return OptionalInt.empty();
        }
        int value = Integer.parseInt(text);
        return value >= least && value <= most ? OptionalInt.of(value) : OptionalInt.empty();
    }

    /** timesyncd.conf with its drop-ins, read one after the other: lists add up, an empty value begins one anew. */
    static final class Timesyncd {
        /** A server and where it is named. */
        record Named(ServerConfig server, String origin) {}

        private final List<Named> servers = new ArrayList<>();
        private final List<Named> fallback = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();

        void read(String text, String file) {
            boolean inTime = false;
            List<String> lines = text.lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                int number = i + 1;
                String line = lines.get(i).strip();
                while (line.endsWith("\\") && i + 1 < lines.size()) {
                    line = line.substring(0, line.length() - 1) + " "
                            + lines.get(++i).strip();
                }
                if (line.startsWith("[")) {
                    inTime = line.equals("[Time]");
                    continue;
                }
                int equals = line.indexOf('=');
                if (!inTime || equals < 0 || line.startsWith("#") || line.startsWith(";")) {
                    continue;
                }
                String key = line.substring(0, equals).strip();
                String value = line.substring(equals + 1).strip();
                if (key.equals("NTP")) {
                    add(value, file + ":" + number, servers);
                } else if (key.equals("FallbackNTP")) {
                    add(value, file + ":" + number, fallback);
                }
            }
        }

        private void add(String value, String place, List<Named> list) {
            if (value.isEmpty()) {
                list.clear();
                return;
            }
            for (String host : value.split("\\s+", -1)) {
                if (Host.isHost(host)) {
                    list.add(new Named(ServerConfig.of(host, ServerConfig.DEFAULT_PORT), place));
                } else {
                    problems.add(place + ": found \"" + host + "\" in the place of a server's name");
                }
            }
        }

        /** Those to be asked; the fallback where there are no others. */
        List<Named> servers() {
            return List.copyOf(servers.isEmpty() ? fallback : servers);
        }

        List<String> problems() {
            return List.copyOf(problems);
        }
    }
}
