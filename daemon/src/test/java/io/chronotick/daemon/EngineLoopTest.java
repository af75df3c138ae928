// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.WaitReason;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.ntp.ExchangeCsv;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.NtpPacket;
import io.chronotick.engine.ntp.NtpTimestamp;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The network thread's loop between a virtual network and a virtual writer, on this thread and in virtual time. */
@Isolated("looks at all that is logged")
class EngineLoopTest {
    private static final long SECOND = VirtualClocks.SECOND;
    private static final long ONE_WAY = 1_000_000;

    @TempDir
    Path directory;

    private final LogLines log = new LogLines();
    private final VirtualClocks clocks = new VirtualClocks();
    private final Network network = new Network();
    private final Writer writer = new Writer();
    private final List<ExchangeCsv> exchanges = new ArrayList<>();
    private EngineLoop loop;

    /** What UTC is ahead of the raw clock, ns. */
    private long truth = 1_900_000_000L * SECOND;

    @BeforeEach
    void open() throws Exception {
        loop = loop("one", "three", "eleven");
    }

    private EngineLoop loop(String... servers) throws Exception {
        return new EngineLoop(
                TestDaemon.config(directory.resolve("segment"), 16, 1, List.of(servers)),
                List.of(),
                clocks,
                network,
                (host, port) -> CompletableFuture.completedFuture(
                        List.of(new InetSocketAddress(InetAddress.ofLiteral(literal(host)), port))),
                new LocalClocks(clocks),
                new Random(4711),
                writer,
                exchanges::add,
                (thread, cause) -> {
                    throw new AssertionError(cause);
                });
    }

    /** By its length, so that "one" and "two" are the same. */
    private static String literal(String host) {
        // On a private network, but for those that are called public.
        return (host.startsWith("public") ? "192.0.2." : "10.0.2.") + host.length();
    }

    @AfterEach
    void hushUp() {
        log.close();
    }

    /** Servers that answer after 2 ms. */
    private final class Network implements NtpTransport {
        private final VirtualEvents events = new VirtualEvents(clocks);
        /** By source. */
        int[] requests = new int[10];

        IntPredicate up = source -> true;
        /** Happens to each request on its way. */
        Runnable onTheWay = () -> {};

        /** Happens behind each reply, before the next. */
        IntConsumer afterReply = source -> {};

        String kiss = "";
        long deafUntil;

        @Override
        public String describe() {
            return "virtual";
        }

        @Override
        public void connect(int source, InetSocketAddress address) {
            assertThat(address.getAddress().getHostAddress()).matches("(192|10)\\.0\\.2\\.\\d+");
        }

        @Override
        public void disconnect(int source) {
            requests[source] = 0;
        }

        @Override
        public void send(int source, long requestId, byte[] payload, Listener to) {
            requests[source]++;
            to.onTransmitted(source, requestId, clocks.rawNanos(), StampKind.USER);
            if (!up.test(source)) {
                return;
            }
            NtpPacket request = NtpPacket.parse(payload, payload.length).orElseThrow();
            long arrival = clocks.rawNanos() + ONE_WAY;
            NtpTimestamp time = NtpTimestamp.ofUnixNanos(truth + arrival);
            byte[] reply = new NtpPacket(
                            LeapIndicator.NONE,
                            4,
                            NtpPacket.MODE_SERVER,
                            kiss.isEmpty() ? 2 : 0,
                            4,
                            -29,
                            1e-4,
                            1e-4,
                            kiss.isEmpty()
                                    ? 1
                                    : ByteBuffer.wrap(kiss.getBytes(StandardCharsets.US_ASCII))
                                            .getInt(),
                            time,
                            request.transmit(),
                            time,
                            time)
                    .toBytes();
            events.in(ONE_WAY, () -> onTheWay.run());
            events.in(2 * ONE_WAY, () -> {
                to.onReceived(source, reply, reply.length, clocks.rawNanos(), StampKind.USER);
                afterReply.accept(source);
            });
        }

        @Override
        public void poll(long timeoutNanos, Listener to) throws IOException {
            if (clocks.rawNanos() < deafUntil) {
                throw new IOException("bad address");
            }
            events.pass(timeoutNanos);
        }

        @Override
        public void wakeup() {
            // There is no other thread.
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException();
        }
    }

    /** Keeps what is published, as a writer with no time between ticks would. */
    private final class Writer implements EngineLoop.Publisher {
        long jumps;
        Correction newest = Correction.nothingKnown(0);
        long known;

        @Override
        public long discontinuities() {
            return jumps;
        }

        @Override
        public void publish(Correction correction, long discontinuities) {
            newest = correction;
            known = discontinuities;
            if (isValid()) {
                // Far within the millisecond of the way and the error that a server states.
                assertThat(Math.abs(error())).isLessThan(ONE_WAY);
            }
        }

        boolean isValid() {
            return known == jumps && newest.validAt(clocks.rawNanos());
        }

        long error() {
            return newest.utcNanosAt(clocks.rawNanos()) - clocks.rawNanos() - truth;
        }
    }

    private void run(double seconds) {
        network.events.in(Math.round(seconds * SECOND), loop::stop);
        loop.run();
    }

    private SourceReport report(int source) {
        return loop.snapshot().sources().get(source);
    }

    @Test
    void shouldMeasureAndPublish() {
        run(60);
        assertThat(writer.isValid()).isTrue();
        // Three bursts of at least four exchanges, then one every 16 s.
        assertThat(exchanges).hasSizeGreaterThan(3 * (4 + 2));
        assertThat(report(2).state()).isEqualTo(SourceState.SELECTED);
        assertThat(loop.turns()).isGreaterThan(60);
    }

    @Test
    void shouldAskPublicServersNoFasterThanTheyLikeAndSaySoOnce() throws Exception {
        loop = loop("public", "one");
        run(60);
        assertThat(log.lines())
                .contains("WARN public is a public server: it is asked every 64 s, not every 16 s as configured;"
                        + " allow_fast_polling: true changes that, where its operator agrees")
                .filteredOn(line -> line.contains("allow_fast_polling"))
                .hasSize(1);
        assertThat(report(0).sent()).isLessThanOrEqualTo(8);
        assertThat(report(1).sent()).isGreaterThan(4);
    }

    // --- Other servers while it runs ---

    private static List<ServerConfig> servers(String... names) {
        return Stream.of(names).map(name -> ServerConfig.of(name, 123)).toList();
    }

    private void askOnlyIn(double seconds, String... names) {
        network.events.in(Math.round(seconds * SECOND), () -> loop.askOnly(servers(names)));
    }

    /** Ten looks a second at what readers get, from one instant to another, both in seconds from now. */
    private List<Double> invalidBetween(double from, double to) {
        List<Double> invalid = new ArrayList<>();
        for (int tenth = (int) (from * 10); tenth < to * 10; tenth++) {
            double seconds = tenth / 10.0;
            network.events.in(Math.round(seconds * SECOND), () -> {
                if (!writer.isValid()) {
                    invalid.add(seconds);
                }
            });
        }
        return invalid;
    }

    private List<String> names() {
        return loop.snapshot().sources().stream().map(SourceReport::name).toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "three, eleven",
                "one",
                "one, three, eleven, four",
                "one, three, eleven, four, seventh, thirteen",
                "eleven, four",
                "four",
                "four, seventh, thirteen"
            })
    void shouldGoOnWithOtherServersWithoutLosingTheTime(String others) throws Exception {
        String[] wanted = others.split(", ");
        askOnlyIn(60, wanted);
        List<Double> invalid = invalidBetween(59, 300);
        run(300);
        assertThat(invalid).isEmpty();
        assertThat(names()).containsExactlyInAnyOrder(wanted);
        assertThat(loop.snapshot().sources()).extracting(SourceReport::state).containsOnly(SourceState.SELECTED);
        assertThat(writer.newest.holdover()).isFalse();
        // Between the last answer of the former servers and the first of others there is nobody to follow.
        assertThat(log.lines()).noneMatch(line -> line.startsWith("WARN") && !line.contains("holdover"));
    }

    @Test
    void shouldNotDisturbThoseThatStay() throws Exception {
        askOnlyIn(100, "one", "three", "eleven", "four");
        network.events.in(120 * SECOND, () -> {
            assertThat(report(0).sent()).isLessThan(8 + 100 / 16 + 2);
            assertThat(report(3).accepted()).isGreaterThanOrEqualTo(4);
        });
        run(130);
        assertThat(log.lines()).contains("INFO servers: 3 kept, 1 added, 0 removed");
        assertThat(log.lines().stream().filter(line -> line.contains("one is ")))
                .hasSize(1);
    }

    @Test
    void shouldNotAskThoseAnyMoreThatHaveGoneAndGiveTheirPlacesToOthers() throws Exception {
        askOnlyIn(60, "one", "three");
        network.events.in(61 * SECOND, () -> assertThat(network.requests[2]).isZero());
        network.events.in(119 * SECOND, () -> assertThat(network.requests[2]).isZero());
        for (int again = 0; again < 10; again++) {
            askOnlyIn(120 + 20 * again, "one", "three", "four");
            askOnlyIn(130 + 20 * again, "one", "three");
        }
        List<Double> invalid = invalidBetween(59, 340);
        run(340);
        assertThat(invalid).isEmpty();
        assertThat(names()).containsExactly("one", "three");
        assertThat(network.requests[3]).isZero();
    }

    /** However soon the next change comes, and whatever the state of the one before. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldKeepTheTimeThroughAnyChanges(long seed) throws Exception {
        Random random = new Random(seed);
        List<String> all = List.of("one", "three", "eleven", "four", "seventh");
        double at = 20;
        for (int i = 0; i < 200; i++) {
            at += random.nextInt(3) == 0 ? 3 * random.nextDouble() : 0.02 * random.nextDouble();
            List<String> some = new ArrayList<>(all);
            Collections.shuffle(some, random);
            askOnlyIn(at, some.subList(0, 1 + random.nextInt(all.size())).toArray(String[]::new));
        }
        for (long ms = 19_000; ms < at * 1000 + 100_000; ms++) {
            double seconds = ms / 1000.0;
            network.events.in(ms * 1_000_000, () -> {
                if (!writer.isValid()) {
                    throw new AssertionError("no time after " + seconds + " s: "
                            + loop.snapshot().waitingFor() + writer.newest + log.lines());
                }
            });
        }
        run(at + 100);
        assertThat(writer.newest.holdover()).isFalse();
    }

    /** As if the daemon had been started with them: a majority that says nothing is no majority. */
    @Test
    void shouldHaveNoTimeInTheEndWhereTheNewServersHaveNone() throws Exception {
        network.up = source -> source < 3;
        askOnlyIn(60, "four", "seventh", "thirteen");
        List<Double> before = invalidBetween(59, 60 + 63);
        List<Double> after = invalidBetween(60 + 66, 200);
        run(200);
        assertThat(before).isEmpty();
        assertThat(after).hasSize(740);
    }

    @Test
    void shouldNumberTheServersOfAPool() throws Exception {
        askOnlyIn(60, "one", "three", "eleven", "three", "three");
        askOnlyIn(90, "one", "eleven", "three");
        network.events.in(
                80 * SECOND, () -> assertThat(names()).containsExactly("one", "three", "eleven", "three#1", "three#2"));
        run(100);
        assertThat(names()).containsExactly("one", "three", "eleven");
    }

    /** At DEBUG a person can see why the time is what it is. */
    @Test
    void shouldExplainItselfToWhoAsks() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("chronotick");
        logger.setLevel(Level.DEBUG);
        try {
            loop = loop("one", "three", "eleven");
            run(300);
        } finally {
            logger.setLevel(null);
        }
        List<String> lines = log.lines();
        assertThat(lines)
                .anyMatch(line -> line.matches(
                        "DEBUG one selected: delay \\d+\\.\\d us, residual [+-]\\d+\\.\\d us \\(there \\S+, back \\S+\\) where"
                                + " ±\\d+\\.\\d was expected, weight [01]\\.\\d\\d"));
        assertThat(lines)
                .anyMatch(line -> line.matches("DEBUG waits for exchange \\d of 8: uncertainty ±\\S+ us of at most"
                        + " \\S+, bound ±\\S+ us"));
        assertThat(lines.stream().filter(line -> line.contains(": delay "))).hasSameSizeAs(exchanges);
        List<String> hypotheses = lines.stream()
                .filter(line -> line.startsWith("DEBUG hypotheses: "))
                .toList();
        assertThat(hypotheses).hasSizeBetween(4, 6).allMatch(line -> line.contains(" % (far ahead "));
    }

    @Test
    void shouldSayWhyNobodyAnswersAnyMore() {
        long lost = clocks.rawNanos() + 60 * SECOND;
        network.up = source -> clocks.rawNanos() - lost < 0;
        List<String> waits = new ArrayList<>();
        network.events.in(59 * SECOND, () -> waits.add(loop.snapshot().waitingFor()));
        network.events.in(600 * SECOND, () -> {
            assertThat(loop.snapshot().correction().holdover()).isTrue();
            waits.add(loop.snapshot().waitingFor());
            loop.onUnreachable(1, "connection refused");
        });
        run(602);
        waits.add(loop.snapshot().waitingFor());
        assertThat(waits)
                .containsExactly("", "an answer: 3 x no answer", "an answer: 2 x no answer, 1 x connection refused");
        assertThat(WaitReason.of(waits.getLast())).contains(WaitReason.ANSWER);
        assertThat(waits.subList(1, 3).stream().map(Silence::in))
                .containsExactly(Optional.of(Silence.NO_ANSWER), Optional.of(Silence.REFUSED));
    }

    @Test
    void shouldExplainNothingToWhoDoesNot() {
        run(60);
        assertThat(log.lines()).noneMatch(line -> line.contains(": delay "));
    }

    /** Somebody forges an ICMP error for each request while its reply is on the way. */
    @Test
    void shouldTakeTheRepliesOfServersThatSomebodySaysAreUnreachable() {
        network.onTheWay = () -> {
            for (int source = 0; source < 3; source++) {
                loop.onUnreachable(source, "connection refused");
            }
        };
        run(60);
        assertThat(writer.isValid()).isTrue();
        int requests = network.requests[0] + network.requests[1] + network.requests[2];
        assertThat(exchanges).hasSize(requests);
    }

    /** That is what an attacker would have gained: silence, and a request a second. */
    @Test
    void shouldNotHurryWhenAServerIsSaidToBeUnreachable() {
        network.onTheWay = () -> loop.onUnreachable(0, "connection refused");
        network.up = source -> source != 0;
        run(600);
        // Some 2, 4, 8 s, then one in 16.
        assertThat(network.requests[0]).isBetween(30, 50);
    }

    /**
     * The writer sees a jump of the clock while replies are under way or lie in their sockets, and this thread has not looked
     * yet.
     */
    @ParameterizedTest
    @ValueSource(longs = {-5 * SECOND, 5 * SECOND, 600 * SECOND, 2_000_000})
    void shouldDropExchangesAcrossAJumpThatOnlyTheWriterHasSeen(long lost) {
        long calm = clocks.rawNanos() + 200 * SECOND;
        List<Long> jumps = new ArrayList<>();
        network.onTheWay = () -> {
            if (jumps.isEmpty() && clocks.rawNanos() > calm) {
                assertThat(writer.isValid()).isTrue();
                jump(lost);
                jumps.add(clocks.rawNanos());
            }
        };
        run(400);
        assertThat(jumps).hasSize(1);
        long jump = jumps.get(0);
        assertThat(exchanges)
                .noneMatch(each -> each.measured().exchange().t1() < jump
                        && each.measured().exchange().t4() > jump)
                .anyMatch(each -> each.measured().exchange().t1() > jump);
        assertThat(writer.isValid()).isTrue();
        assertThat(Math.abs(writer.error())).isLessThan(ONE_WAY);
    }

    /** Three replies in one go, and the jump becomes known behind the first. */
    @Test
    void shouldDropWhatIsReadInTheSameGoAsTheJumpBecomesKnown() {
        List<Long> jumps = new ArrayList<>();
        network.afterReply = source -> {
            if (jumps.isEmpty() && source == 0 && exchanges.size() == 10) {
                jump(3 * SECOND);
                jumps.add(clocks.rawNanos());
            }
        };
        run(60);
        assertThat(jumps).hasSize(1);
        List<Integer> inThatGo = exchanges.stream()
                .map(each -> each.measured().exchange())
                .filter(exchange -> exchange.t4() == jumps.get(0))
                .map(Exchange::source)
                .toList();
        assertThat(inThatGo).containsExactly(0);
        assertThat(Math.abs(writer.error())).isLessThan(ONE_WAY);
    }

    /** As of a machine that is restored from a checkpoint: nothing waits for the clock to come back to where it was. */
    @Test
    void shouldMeasureAgainAtOnceWhenTheRawClockJumpsBack() {
        network.events.in(200 * SECOND, () -> {
            clocks.jumpRaw(-1_000_000 * SECOND);
            jump(1_000_000 * SECOND);
        });
        run(310);
        assertThat(writer.isValid()).isTrue();
        assertThat(Math.abs(writer.error())).isLessThan(ONE_WAY);
        // Both are renewed once a second.
        assertThat(loop.snapshot().rawNanos()).isBetween(clocks.rawNanos() - 2 * SECOND, clocks.rawNanos());
        assertThat(writer.newest.rawNanos()).isBetween(clocks.rawNanos() - 2 * SECOND, clocks.rawNanos());
    }

    private void jump(long nanos) {
        truth += nanos;
        writer.jumps++;
    }

    @Test
    void shouldLeaveAServerAloneThatRefuses() {
        network.kiss = "DENY";
        run(3000);
        assertThat(network.requests).startsWith(1, 1, 1).containsOnly(0, 1);
        assertThat(report(0).state()).isEqualTo(SourceState.DENIED);
        assertThat(writer.isValid()).isFalse();
    }

    @Test
    void shouldSayOnceThatItIsDeafAndOnceThatItHears() {
        network.deafUntil = clocks.rawNanos() + 30 * SECOND;
        run(60);
        assertThat(log.lines().stream().filter(line -> line.contains("listened")))
                .containsExactly(
                        "ERROR the network cannot be listened to: bad address; trying until it can",
                        "INFO the network can be listened to again");
        assertThat(writer.isValid()).isTrue();
    }

    /** Two names lead to one server: they are "one" and "two". */
    @Test
    void shouldSayInItsReportWhoseSeatANameWouldShare() throws Exception {
        loop = loop("one", "two");
        run(10);
        assertThat(report(0).name()).isEqualTo("one");
        assertThat(report(1).name()).isEqualTo("two = one");
        assertThat(report(1).sent()).isZero();
    }

    /** The servers' time is three years after the system clock's, and before this program was made: two of four do not suffice for that. */
    @ParameterizedTest
    @ValueSource(longs = {1_900_000_000L, 1_790_000_000L})
    void shouldNotBelieveHalfOfTheServersATimeFarFromTheSystemClock(long unixSeconds) throws Exception {
        truth = unixSeconds * SECOND - clocks.rawNanos();
        fourServersOfWhichTwoAnswer();
        List<String> waits = new ArrayList<>();
        network.events.in(120 * SECOND, () -> {
            assertThat(writer.isValid()).isFalse();
            waits.add(loop.snapshot().waitingFor());
            network.up = source -> source < 3;
        });
        run(600);
        assertThat(waits).containsExactly("a majority on a time far from the system clock: 3 servers");
        assertThat(writer.isValid()).isTrue();
    }

    @Test
    void shouldBelieveHalfOfTheServersTheTimeThatTheSystemClockHas() throws Exception {
        truth = clocks.realtimeNanos() - clocks.rawNanos() - 86_400 * SECOND;
        fourServersOfWhichTwoAnswer();
        run(120);
        assertThat(writer.isValid()).isTrue();
    }

    private void fourServersOfWhichTwoAnswer() throws Exception {
        network.requests = new int[4];
        network.up = source -> source < 2;
        loop = loop("one", "three", "eleven", "seventy");
    }
}
