// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Format;
import io.chronotick.client.SourceRow;
import io.chronotick.engine.ntp.NtpAssociation;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where a server is asked, and what is wrong with its answers, in words. */
final class SourceWords {
    private static final int DEFAULT_PORT = 123;
    private static final int MOST_UNANSWERED = 255;
    private static final int UNSYNCHRONIZED_LEAP = 3;

    private SourceWords() {}

    /** A line of what the table does not say; empty where it says all: the name is the address, and nothing is wrong. */
    static Optional<String> line(SourceRow row) {
        Optional<String> address =
                row.address().filter(at -> !isNamed(row.name(), at)).map(at -> address(row, at));
        Optional<String> trouble = trouble(row);
        if (trouble.isEmpty()) {
            return address.map(at -> row.name() + " is " + at);
        }
        return Optional.of(row.name() + address.map(at -> " (" + at + ")").orElse("") + ": " + trouble.get());
    }

    /** Whether a name says the address already. */
    private static boolean isNamed(String name, InetSocketAddress at) {
        for (String text :
                List.of(Format.address(at.getAddress()), at.getAddress().getHostAddress())) {
            if (name.equals(text)
                    || name.equals(text + ":" + at.getPort())
                    || name.equals("[" + text + "]:" + at.getPort())) {
                return true;
            }
        }
        return false;
    }

    private static String address(SourceRow row, InetSocketAddress at) {
        // The port is part of the name, but for a pool's member and a server whose key exchange names another.
        boolean isKnown = at.getPort() == DEFAULT_PORT
                || row.name().replaceFirst("#[0-9]+$", "").endsWith(":" + at.getPort());
        return Format.address(at.getAddress()) + (isKnown ? "" : " port " + at.getPort());
    }

    /** All that is wrong with it; empty where nothing is. */
    static Optional<String> trouble(SourceRow row) {
        List<String> troubles = new ArrayList<>();
        row.trouble().ifPresent(trouble -> troubles.add(words(trouble, row)));
        NtsTrouble.of(row).ifPresent(troubles::add);
        if (row.state() == SourceRow.State.FALSETICKER) {
            troubles.add("its time is " + Format.offset(row.offset()) + " ±" + Format.duration(row.sd())
                    + " from that of the majority (falseticker)");
        }
        return troubles.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", troubles));
    }

    private static String words(SourceRow.Trouble trouble, SourceRow row) {
        return switch (trouble) {
            case NAME_NOT_FOUND -> "name not found; check it, and this machine's DNS (getent hosts NAME)";
            case NO_FURTHER_SERVER -> "the pool's name leads to no further server; ask for fewer, or name another pool";
            case SAME_AS_ANOTHER ->
                "one server by two names, which has one vote; name another one instead of the second";
            case NETWORK_UNREACHABLE ->
                "network is unreachable: requests do not leave this machine; check its network (ip route)";
            case NO_ROUTE -> "no route to host; check this machine's network (ip route)";
            case NOT_SENT -> "requests do not leave this machine; the daemon's log says why";
            case CONNECTION_REFUSED ->
                noAnswer(row) + "connection refused: no NTP server listens there; check host and port";
            case NO_ANSWER ->
                noAnswer(row) + "check the address, and whether UDP port " + port(row) + " is open outbound";
            case DENIED -> "refuses to serve this machine (kiss code DENY or RSTR); asked again after an hour or more";
            case RATE_LIMITED ->
                "has asked for fewer requests (kiss code RATE); is asked every " + Format.fixed(row.pollSeconds(), 0)
                        + " s now";
            case KISS -> "answers with a kiss code instead of the time; chronotick query shows which";
            case UNSYNCHRONIZED ->
                "is not synchronized itself ("
                        + (row.leap() == UNSYNCHRONIZED_LEAP ? "leap indicator 3, " : "") + "stratum " + row.stratum()
                        + ")";
            case STRATUM -> "its stratum " + row.stratum() + " is outside min_stratum to max_stratum";
            case ROOT_DISTANCE ->
                "is " + Format.duration(row.rootDistance())
                        + " away from its reference clock (root distance), more than "
                        + Format.fixed(NtpAssociation.MAX_ROOT_DISTANCE, 0) + " s";
            case NO_TIME -> "its answers hold no time (a time stamp is zero)";
            case CONTRADICTORY_STAMPS -> "its time stamps contradict each other or the round trip";
            case SMEARING ->
                "smears a leap second: its time is not UTC meanwhile, and is left out (clock_measurement.ntp.leap_smear)";
            case CLOCK_UNREADABLE -> "this clock of the host is not used; the daemon's log says why";
        };
    }

    private static String noAnswer(SourceRow row) {
        int packets = row.unanswered();
        String least = packets == MOST_UNANSWERED ? "more than " + (packets - 1) : Integer.toString(packets);
        return packets == 0 ? "" : "no answer to " + least + (packets == 1 ? " packet; " : " packets; ");
    }

    private static int port(SourceRow row) {
        return row.address().map(InetSocketAddress::getPort).orElse(DEFAULT_PORT);
    }
}
