// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Table;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.net.Resolver;
import io.chronotick.daemon.nts.KeyExchange;
import io.chronotick.daemon.nts.KeyExchangeException;
import io.chronotick.daemon.time.ClockPair;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpAssociation;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.SourceConfig;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
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
            "  chronotick query --timeout 5 192.0.2.1 time.example.net:1123 [2001:db8::1]:123",
            "  chronotick query --nts time.example.net"
        })
final class QueryCommand implements Callable<Integer> {
    // Long because: asking plainly and by NTS share the socket, the checks and the table.

    private static final double MAX_TIMEOUT = 60;
    private static final double SHORT_TIMEOUT = 2;

    /** Kernel stamps of the requests may come a moment after the replies. */
    private static final long STAMP_PATIENCE_NANOS = 2_000_000;

    private static final int UNSYNCHRONIZED_STRATUM = 16;

    private final Shell shell;

    @Parameters(
            paramLabel = "SERVER",
            arity = "1..*",
            description =
                    "HOST, HOST:PORT or [IPv6]:PORT. The port is 123 unless given; with --nts it is that of the key exchange,"
                            + " 4460 unless given.")
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

    @Option(
            names = "--nts",
            description = "Authenticate the servers by NTS (RFC 8915); certificates are judged by the system clock.")
    boolean nts;

    @Option(
            names = "--nts-ca",
            paramLabel = "FILE",
            description =
                    "With --nts: certificates in PEM that the servers' have to be signed by, instead of the public"
                            + " authorities that Java trusts.")
    @Nullable
    Path ntsCa;

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
        if (ntsCa != null && !nts) {
            throw new UserException(ExitCode.USAGE, "--nts-ca is of no use without --nts: give both");
        }
        HostClocks clocks = HostClocks.system();
        List<Query> queries = nts ? keyed() : resolved();
        try (NtpTransport transport = NtpTransports.open(clocks)) {
            return ask(queries, transport, clocks);
        }
    }

    /** Asks and prints. */
    int ask(List<Query> queries, NtpTransport transport, HostClocks clocks) throws IOException {
        exchange(queries, transport, clocks);
        return print(queries, clocks);
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
        HostClocks clocks = HostClocks.system();
        List<Query> queries = command.resolved();
        try (NtpTransport transport = NtpTransports.open(clocks)) {
            command.exchange(queries, transport, clocks);
        }
        return queries.stream()
                .filter(query -> query.exchange.isEmpty())
                .map(query -> query.given + ": " + query.whyNot(SHORT_TIMEOUT))
                .toList();
    }

    private List<Query> resolved() throws InterruptedException {
        SecureRandom random = new SecureRandom();
        List<Query> queries = new ArrayList<>();
        for (String server : servers) {
            queries.add(new Query(server, address(server), timeout, random));
        }
        resolve(queries);
        return queries;
    }

    /** Keys are exchanged with all servers at the same time; each exchange has one timeout. */
    private List<Query> keyed() throws InterruptedException {
        SecureRandom random = new SecureRandom();
        Instant now = Instant.now();
        long limit = Math.round(timeout * 1e9);
        List<Query> queries = new ArrayList<>();
        List<FutureTask<KeyExchange.Result>> exchanges = new ArrayList<>();
        for (String server : servers) {
            ServerConfig named = address(server, KeyExchange.DEFAULT_PORT);
            KeyExchange exchange =
                    new KeyExchange(named.host(), named.port(), Optional.ofNullable(ntsCa), ServerConfig.DEFAULT_PORT);
            queries.add(new Query(server, named, timeout, random, true));
            FutureTask<KeyExchange.Result> task = new FutureTask<>(() -> exchange.run(0, now, limit));
            Thread.ofPlatform().daemon().name("keys " + named.host()).start(task);
            exchanges.add(task);
        }
        for (int i = 0; i < queries.size(); i++) {
            Query query = queries.get(i);
            try {
                KeyExchange.Result result = exchanges.get(i).get();
                query.address = result.servers().getFirst();
                query.association.nts().orElseThrow().onKeys(result.keys(), 0);
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof KeyExchangeException failed)) {
                    throw new IllegalStateException(e.getCause());
                }
                query.failure = String.valueOf(failed.getMessage());
            }
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
                query.failure = e.getMessage() + "; check the address, and this machine's network (ip route)";
                continue;
            }
            long raw = clocks.rawNanos();
            query.association.begin(timeout, timeout, timeout, raw);
            transport.send(i, i, query.association.onTimer(raw, i).orElseThrow(), listener);
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
            if (query.exchange.isPresent()) {
                answered++;
                table.row(query.row(query.exchange.get(), systemMinusRaw));
            }
        }
        if (answered > 0) {
            table.printTo(shell, wide);
        }
        for (Query query : queries) {
            if (query.exchange.isEmpty()) {
                shell.error(query.server.name() + ": " + query.whyNot(timeout));
            }
        }
        return answered > 0 ? ExitCode.OK : ExitCode.NOT_MET;
    }

    /** HOST, HOST:PORT, [IPv6]:PORT or a bare IPv6 address. */
    static ServerConfig address(String text) {
        return address(text, ServerConfig.DEFAULT_PORT);
    }

    private static ServerConfig address(String text, int defaultPort) {
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
            int number = port.isEmpty() ? defaultPort : Integer.parseInt(port);
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
    static final class Query {
        private final String given;
        private final ServerConfig server;
        private final NtpAssociation association;
        private @Nullable InetSocketAddress address;

        /** Why it was not asked, if so. */
        private @Nullable String failure;

        /** Why its answer, which has come, is of no use, if so. */
        private @Nullable String refused;

        /** What came instead of an answer. Anybody can send that: it ends nothing. */
        private @Nullable String hint;

        private Optional<Exchange> exchange = Optional.empty();
        private long sentRaw;
        private StampKind sentKind = StampKind.USER;
        private StampKind receivedKind = StampKind.USER;

        Query(String given, ServerConfig server, double timeout, RandomGenerator random) {
            this(given, server, timeout, random, false);
        }

        Query(String given, ServerConfig server, double timeout, RandomGenerator random, boolean nts) {
            this.given = given;
            this.server = server;
            this.association = new NtpAssociation(
                    0, new SourceConfig(given, 1, timeout, 1, UNSYNCHRONIZED_STRATUM - 1, 0, nts), random);
        }

        Query at(InetSocketAddress known) {
            address = known;
            return this;
        }

        boolean isDone() {
            return exchange.isPresent() || refused != null || failure != null;
        }

        void onDatagram(byte[] payload, int length, long rawNanos, StampKind kind) {
            List<Long> before = association.drops();
            exchange = association.onDatagram(payload, length, rawNanos, kind);
            receivedKind = kind;
            if (exchange.isEmpty()) {
                onDropped(newest(before, association.drops()), payload, length);
            }
        }

        private static DropReason newest(List<Long> before, List<Long> after) {
            return Arrays.stream(DropReason.values())
                    .filter(reason -> !before.get(reason.ordinal()).equals(after.get(reason.ordinal())))
                    .findFirst()
                    .orElseThrow();
        }

        private void onDropped(DropReason reason, byte[] payload, int length) {
            switch (reason) {
                case MALFORMED -> hint = "what came is no NTP packet (" + length + " bytes)";
                case WRONG_MODE -> hint = "what came is no server's answer";
                case UNAUTHENTICATED ->
                    hint =
                            "what came does not prove to be from the server (NTS): it was changed on the way, or another answers";
                case BOGUS_ORIGIN, LATE, DUPLICATE -> hint = "what came answers another request than this one";
                case KISS, UNSYNCHRONIZED, STRATUM, NONSENSE ->
                    refused = NtpPacket.parse(payload, length)
                            .map(packet -> useless(reason, packet))
                            .orElseThrow();
            }
        }

        private String useless(DropReason reason, NtpPacket packet) {
            if (reason == DropReason.KISS) {
                return switch (packet.kissCode()) {
                    case "RATE" -> "has been asked too often (kiss code RATE); wait some minutes";
                    case "NTSN" -> "does not know the cookie that it has just given (kiss code NTSN); ask its operator";
                    case "DENY", "RSTR" ->
                        "refuses to serve this machine (kiss code " + packet.kissCode() + "); ask another server";
                    default -> "gives no time (kiss code " + packet.kissCode() + "); ask another server";
                };
            }
            if (reason != DropReason.NONSENSE) {
                return "is not synchronized itself ("
                        + (packet.leap() == LeapIndicator.UNSYNCHRONIZED ? "leap indicator 3, " : "") + "stratum "
                        + packet.stratum() + "); ask another server";
            }
            return switch (association.trouble()) {
                case NO_TIME -> "its answer holds no time (a time stamp is zero); ask another server";
                case ROOT_DISTANCE ->
                    "is " + Format.duration(packet.rootDelay() / 2 + packet.rootDispersion())
                            + " away from its reference clock (root distance), which is too far; ask another server";
                default -> "its time stamps contradict each other or the round trip; ask another server";
            };
        }

        String whyNot(double timeout) {
            if (failure != null) {
                return failure;
            }
            if (refused != null) {
                return refused;
            }
            return "no answer in " + Format.duration(timeout)
                    + (hint == null ? "" : ", but " + hint)
                    + "; check the address and whether UDP port " + port() + " is open";
        }

        private int port() {
            InetSocketAddress known = address;
            return known == null ? server.port() : known.getPort();
        }

        /** Offset and delay as in RFC 5905, section 8. */
        private String[] row(Exchange measured, long systemMinusRaw) {
            NtpPacket packet = association.lastReply().orElseThrow();
            long t1 = sentRaw + systemMinusRaw;
            long t2 = measured.t2();
            long t3 = measured.t3();
            long t4 = measured.t4() + systemMinusRaw;
            // Halves first: the sum of two differences of years would overflow.
            double offset = ((t2 - t1) / 2.0 + (t3 - t4) / 2.0) * 1e-9;
            double delay = ((t4 - t1) - (t3 - t2)) * 1e-9;
            InetSocketAddress at = address;
            return new String[] {
                given,
                at == null ? "" : Format.address(at.getAddress()),
                Integer.toString(packet.stratum()),
                Format.offset(offset),
                Format.duration(delay),
                Format.duration(Math.max(delay, 0) / 2 + packet.rootDelay() / 2 + packet.rootDispersion()),
                sentKind == StampKind.KERNEL && receivedKind == StampKind.KERNEL ? "kernel" : "user",
                packet.leap() == LeapIndicator.NONE ? "none" : "pending"
            };
        }
    }

    private record Listener(List<Query> queries) implements NtpTransport.Listener {
        boolean isDone() {
            return queries.stream().allMatch(Query::isDone);
        }

        @Override
        public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
            Query query = queries.get(source);
            query.association.onTransmitted(requestId, rawNanos, kind);
            query.sentRaw = rawNanos;
            query.sentKind = kind;
        }

        @Override
        public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
            if (!queries.get(source).isDone()) {
                queries.get(source).onDatagram(payload, length, rawNanos, kind);
            }
        }

        @Override
        public void onUnreachable(int source, String reason) {
            queries.get(source).hint = "the network says: " + reason;
        }

        @Override
        public void onNotSent(int source, String reason) {
            queries.get(source).failure =
                    "the request cannot leave this machine: " + reason + "; check its network (ip route)";
        }
    }
}
