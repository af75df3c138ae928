// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.net.Resolver;
import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "query",
        description = "Ask NTP servers for the time, once each, and change nothing.",
        footer = {
            "",
            "Offset is positive when the server is ahead of the system clock. Needs no daemon.",
            "",
            "Exit code: 0 when at least one server answered, 1 when none did.",
            "",
            "Examples:",
            "  chronotick query pool.ntp.org",
            "  chronotick query --timeout 5 192.0.2.1 time.example.net:1123 [2001:db8::1]:123"
        })
final class QueryCommand implements Callable<Integer> {
    private static final double MAX_TIMEOUT = 60;
    private static final double SHORT_TIMEOUT = 2;

    /** Kernel stamps of the requests may come a moment after the replies. */
    private static final long STAMP_PATIENCE_NANOS = 2_000_000;

    private static final int UNSYNCHRONIZED_STRATUM = 16;

    private final Shell shell;

    @Parameters(
            paramLabel = "SERVER",
            arity = "1..*",
            description = "HOST, HOST:PORT or [IPv6]:PORT. The port is 123 unless given.")
    List<String> servers = List.of();

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "How long to wait for names and for answers, up to 60 s each. Default: ${DEFAULT-VALUE}.")
    double timeout;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    @Option(names = "--wide", description = "Show all columns, whatever the width of the screen.")
    boolean wide;

    QueryCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!(timeout > 0 && timeout <= MAX_TIMEOUT)) {
            throw new UserException(
                    ExitCode.USAGE, "--timeout " + timeout + " is out of range: give more than 0, at most 60 seconds");
        }
        HostClocks clocks = HostClocks.system();
        return print(ask(clocks), clocks);
    }

    /**
     * Asks servers once each.
     *
     * @return of those that give no usable answer: their name and why
     */
    static List<String> failures(Shell shell, List<String> servers) throws IOException, InterruptedException {
        QueryCommand command = new QueryCommand(shell);
        command.servers = servers;
        command.timeout = SHORT_TIMEOUT;
        return command.ask(HostClocks.system()).stream()
                .filter(query -> query.usableReply().isEmpty())
                .map(query -> query.given + ": " + query.whyNot(SHORT_TIMEOUT))
                .toList();
    }

    private List<Query> ask(HostClocks clocks) throws IOException, InterruptedException {
        List<Query> queries = new ArrayList<>();
        for (String server : servers) {
            queries.add(new Query(server, address(server)));
        }
        resolve(queries);
        try (NtpTransport transport = NtpTransports.open(clocks)) {
            exchange(queries, transport, clocks);
        }
        return queries;
    }

    /** Names are looked up at the same time, and together have one timeout. */
    private void resolve(List<Query> queries) throws InterruptedException {
        List<CompletableFuture<List<InetSocketAddress>>> lookups = new ArrayList<>();
        for (Query query : queries) {
            lookups.add(Resolver.resolve(query.server.host(), query.server.port()));
        }
        long deadline = System.nanoTime() + Math.round(timeout * 1e9);
        for (int i = 0; i < queries.size(); i++) {
            Query query = queries.get(i);
            try {
                long left = Math.max(0, deadline - System.nanoTime());
                query.address = lookups.get(i).get(left, TimeUnit.NANOSECONDS).get(0);
            } catch (ExecutionException e) {
                query.failure =
                        "name not found; check it, and this machine's DNS (getent hosts " + query.server.host() + ")";
            } catch (TimeoutException e) {
                query.failure = "the name could not be looked up in " + Format.duration(timeout);
            }
        }
    }

    private void exchange(List<Query> queries, NtpTransport transport, HostClocks clocks) throws IOException {
        SecureRandom random = new SecureRandom();
        Listener listener = new Listener(queries);
        for (int i = 0; i < queries.size(); i++) {
            Query query = queries.get(i);
            InetSocketAddress address = query.address;
            if (address == null) {
                continue;
            }
            try {
                transport.connect(i, address);
            } catch (IOException e) {
                query.failure = String.valueOf(e.getMessage());
                continue;
            }
            // Random, so that nobody who does not see the request can answer it, and it tells nothing of this clock.
            query.cookie = new NtpTimestamp(random.nextLong() | 1);
            transport.send(i, i, NtpPacket.request(query.cookie).toBytes(), listener);
        }
        long deadline = clocks.monotonicNanos() + Math.round(timeout * 1e9);
        while (!listener.isDone()) {
            long left = deadline - clocks.monotonicNanos();
            if (left <= 0) {
                break;
            }
            transport.poll(left, listener);
        }
        transport.poll(STAMP_PATIENCE_NANOS, listener);
    }

    private int print(List<Query> queries, HostClocks clocks) {
        ClockPair now = new ClockPair(clocks);
        now.read();
        long systemMinusRaw = now.realtimeNanos() - now.rawNanos();
        Table table = new Table(
                        "<Server", "<Address", "Stratum", "Offset:11", "Delay:10", "Root Dist:10", "<Stamps", "<Leap")
                .spare("Leap", "Stamps", "Root Dist", "Address");
        int answered = 0;
        for (Query query : queries) {
            Optional<NtpPacket> reply = query.usableReply();
            if (reply.isPresent()) {
                answered++;
                table.row(query.row(reply.get(), systemMinusRaw));
            }
        }
        if (answered > 0) {
            table.printTo(shell, wide);
        }
        for (Query query : queries) {
            if (query.usableReply().isEmpty()) {
                shell.error(query.server.name() + ": " + query.whyNot(timeout));
            }
        }
        return answered > 0 ? ExitCode.OK : ExitCode.NOT_MET;
    }

    /** HOST, HOST:PORT, [IPv6]:PORT or a bare IPv6 address. */
    static ServerConfig address(String text) {
        String host = text;
        String port = "";
        int colon = text.lastIndexOf(':');
        if (text.startsWith("[")) {
            int close = text.indexOf(']');
            if (close < 0 || !(close == text.length() - 1 || text.charAt(close + 1) == ':')) {
                throw malformed(text);
            }
            host = text.substring(1, close);
            port = close == text.length() - 1 ? "" : text.substring(close + 2);
        } else if (colon >= 0 && text.indexOf(':') == colon) {
            host = text.substring(0, colon);
            port = text.substring(colon + 1);
            if (port.isEmpty()) {
                throw malformed(text);
            }
        }
        try {
            int number = port.isEmpty() ? ServerConfig.DEFAULT_PORT : Integer.parseInt(port);
            if (host.isBlank() || number < 1 || number > 65_535) {
                throw malformed(text);
            }
            return ServerConfig.of(host, number);
        } catch (NumberFormatException e) {
            throw malformed(text);
        }
    }

    private static UserException malformed(String text) {
        return new UserException(
                ExitCode.USAGE, "'" + text + "' is not a server: give HOST, HOST:PORT or [IPv6]:PORT, port 1 to 65535");
    }

    /** One server's exchange. */
    private static final class Query {
        final String given;
        final ServerConfig server;

        @Nullable
        InetSocketAddress address;

        NtpTimestamp cookie = NtpTimestamp.ZERO;

        @Nullable
        String failure;

        @Nullable
        NtpPacket reply;

        long sentRaw;
        long receivedRaw;
        StampKind sentKind = StampKind.USER;
        StampKind receivedKind = StampKind.USER;

        Query(String given, ServerConfig server) {
            this.given = given;
            this.server = server;
        }

        Optional<NtpPacket> usableReply() {
            NtpPacket packet = reply;
            return packet == null
                            || packet.stratum() == 0
                            || packet.stratum() >= UNSYNCHRONIZED_STRATUM
                            || packet.leap() == LeapIndicator.UNSYNCHRONIZED
                    ? Optional.empty()
                    : Optional.of(packet);
        }

        String whyNot(double timeout) {
            NtpPacket packet = reply;
            if (packet != null) {
                return packet.stratum() == 0
                        ? "refuses to answer (kiss code " + packet.kissCode() + "); ask less often or another server"
                        : "is not synchronized itself; ask another server";
            }
            return failure != null
                    ? failure
                    : "no answer in " + Format.duration(timeout) + "; check the address and whether UDP port "
                            + server.port() + " is open";
        }

        /** Offset and delay as in RFC 5905, section 8. */
        String[] row(NtpPacket packet, long systemMinusRaw) {
            long t1 = sentRaw + systemMinusRaw;
            long t2 = packet.receive().toUnixNanos();
            long t3 = packet.transmit().toUnixNanos();
            long t4 = receivedRaw + systemMinusRaw;
            // Halves first: the sum of two differences of years would overflow.
            double offset = ((t2 - t1) / 2.0 + (t3 - t4) / 2.0) * 1e-9;
            double delay = ((t4 - t1) - (t3 - t2)) * 1e-9;
            InetSocketAddress at = address;
            return new String[] {
                given,
                at == null ? "" : at.getAddress().getHostAddress(),
                Integer.toString(packet.stratum()),
                Format.offset(offset),
                Format.duration(delay),
                Format.duration(Math.max(delay, 0) / 2 + packet.rootDelay() / 2 + packet.rootDispersion()),
                sentKind == StampKind.KERNEL && receivedKind == StampKind.KERNEL ? "kernel" : "user",
                packet.leap() == LeapIndicator.NONE ? "none" : "pending"
            };
        }
    }

    private static final class Listener implements NtpTransport.Listener {
        private final List<Query> queries;

        Listener(List<Query> queries) {
            this.queries = queries;
        }

        boolean isDone() {
            return queries.stream().allMatch(query -> query.reply != null || query.failure != null);
        }

        @Override
        public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
            queries.get(source).sentRaw = rawNanos;
            queries.get(source).sentKind = kind;
        }

        @Override
        public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
            Query query = queries.get(source);
            NtpPacket packet = NtpPacket.parse(payload, length).orElse(null);
            if (packet != null
                    && query.reply == null
                    && packet.mode() == NtpPacket.MODE_SERVER
                    && packet.origin().equals(query.cookie)) {
                query.reply = packet;
                query.receivedRaw = rawNanos;
                query.receivedKind = kind;
            }
        }

        @Override
        public void onUnreachable(int source, String reason) {
            queries.get(source).failure = reason;
        }

        @Override
        public void onNotSent(int source, String reason) {
            queries.get(source).failure = reason;
        }
    }
}
