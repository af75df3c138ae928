// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.engine.Action;
import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.ntp.SourceTrouble;
import io.chronotick.engine.ntp.StampKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which address a server is asked at, and from which socket, in virtual time. */
@Isolated("looks at all that is logged")
class ServerAddressesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final InetSocketAddress A = address("192.0.2.1");
    private static final InetSocketAddress B = address("192.0.2.2");
    private static final InetSocketAddress C = address("2001:db8::3");

    private final LogLines log = new LogLines();
    private final List<String> events = new ArrayList<>();
    private final Network network = new Network();
    private final Map<String, CompletableFuture<List<InetSocketAddress>>> names = new HashMap<>();
    private final Map<String, Integer> lookups = new HashMap<>();
    private final ServerAddresses addresses = new ServerAddresses(
            network,
            (host, port) -> {
                lookups.merge(host, 1, Integer::sum);
                return names.getOrDefault(host, CompletableFuture.failedFuture(new UnknownHostException(host)));
            },
            new ServerAddresses.Listener() {
                @Override
                public void onAddress(int source, ServerConfig server, InetSocketAddress address) {
                    events.add(source + " at " + text(address));
                }

                @Override
                public void onNoMember(int source) {
                    events.add(source + " has no server");
                }
            });
    private final List<SourceReport> reports = new ArrayList<>();
    private long now;
    private int servers;

    @AfterEach
    void hushUp() {
        log.close();
    }

    private static InetSocketAddress address(String literal) {
        return new InetSocketAddress(InetAddress.ofLiteral(literal), 123);
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress();
    }

    /** Sockets that can be had or not, and send or not. */
    private final class Network implements NtpTransport, NtpTransport.Listener {
        final Set<InetSocketAddress> noRoute = new HashSet<>();
        final Map<Integer, InetSocketAddress> sockets = new HashMap<>();
        final List<Long> transmitted = new ArrayList<>();
        /** So many of the next calls fail. */
        int failures;

        int connects;

        @Override
        public String describe() {
            return "virtual";
        }

        @Override
        public void connect(int source, InetSocketAddress address) throws IOException {
            connects++;
            sockets.remove(source);
            if (noRoute.contains(address)) {
                throw new IOException("cannot reach " + text(address) + " port 123: network is unreachable");
            }
            sockets.put(source, address);
        }

        @Override
        public void disconnect(int source) {
            sockets.remove(source);
        }

        @Override
        public void send(int source, long requestId, byte[] payload, NtpTransport.Listener listener) {
            InetSocketAddress address = sockets.get(source);
            if (address == null) {
                listener.onNotSent(source, NOT_CONNECTED);
            } else if (failures > 0) {
                failures--;
                listener.onNotSent(source, "no local address to send from");
            } else {
                listener.onTransmitted(source, requestId, now, StampKind.USER);
            }
        }

        @Override
        public void poll(long timeoutNanos, NtpTransport.Listener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void wakeup() {
            // Every turn looks at everything.
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {
            transmitted.add(requestId);
        }

        @Override
        public void onReceived(int source, byte[] payload, int length, long rawNanos, StampKind kind) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void onUnreachable(int source, String reason) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void onNotSent(int source, String reason) {
            addresses.onNotSent(reason);
        }
    }

    private void leads(String host, InetSocketAddress... to) {
        names.put(host, CompletableFuture.completedFuture(Arrays.asList(to)));
    }

    private int server(String host) {
        addresses.add(servers++, ServerConfig.of(host, 123), host, now);
        reports.add(report(SourceState.UNREACHABLE, 0));
        return reports.size() - 1;
    }

    private static SourceReport report(SourceState state, int reach) {
        return new SourceReport(
                "",
                state,
                2,
                reach,
                16,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                LeapIndicator.NONE,
                StampKind.USER,
                0,
                0,
                0,
                List.of(),
                Optional.empty(),
                SourceTrouble.NONE,
                false,
                0);
    }

    private void state(int source, SourceState state, int reach) {
        reports.set(source, report(state, reach));
    }

    private void run(long seconds) {
        for (long end = now + seconds * SECOND; now < end; now += SECOND) {
            addresses.turn(reports, now);
        }
    }

    private void send(int source, long requestId) {
        addresses.send(new Action.Send(source, requestId, new byte[48]), now, network);
    }

    private int lookups(String host) {
        return lookups.getOrDefault(host, 0);
    }

    // --- Look-ups ---

    @Test
    void shouldLookUpTheNameOfAHealthyServerOnce() {
        leads("one", A, B);
        int source = server("one");
        run(2);
        state(source, SourceState.SELECTED, 0xFF);
        run(86_400);
        assertThat(lookups("one")).isEqualTo(1);
        assertThat(events).containsExactly("0 at 192.0.2.1");
    }

    @Test
    void shouldGoRoundAllAddressesOfASilentServer() {
        leads("one", A, B, C);
        server("one");
        // A minute each, and ever longer: who is silent is no hurry.
        run(1900);
        assertThat(events)
                .containsExactly(
                        "0 at 192.0.2.1",
                        "0 at 192.0.2.2",
                        "0 at 2001:db8:0:0:0:0:0:3",
                        "0 at 192.0.2.1",
                        "0 at 192.0.2.2",
                        "0 at 2001:db8:0:0:0:0:0:3");
        assertThat(lookups("one")).isEqualTo(6);
    }

    /** Its history is worth keeping while it is away for a while. */
    @Test
    void shouldNotBeginAnewAtTheSameAddress() {
        leads("one", A);
        server("one");
        run(3600);
        assertThat(events).containsExactly("0 at 192.0.2.1");
        // At first, then after 1, 1, 2, 4, 8, 16, 16 minutes.
        assertThat(lookups("one")).isEqualTo(8);
    }

    @Test
    void shouldFollowANameThatLeadsElsewhereOnceTheServerIsSilent() {
        leads("one", A);
        int source = server("one");
        run(2);
        state(source, SourceState.SELECTED, 0xFF);
        leads("one", B);
        run(1000);
        assertThat(events).containsExactly("0 at 192.0.2.1");
        state(source, SourceState.UNREACHABLE, 0);
        run(3);
        assertThat(events).containsExactly("0 at 192.0.2.1", "0 at 192.0.2.2");
        assertThat(addresses.of(source)).contains(B);
    }

    @Test
    void shouldLookUpAgainUntilANameExistsAndSaySoOnce() {
        int source = server("late");
        run(64);
        // After 2, 4, 8, 16, 16 s, and a second each until the failure is seen.
        assertThat(lookups("late")).isEqualTo(6);
        assertThat(log.lines()).containsExactly("WARN late: the name cannot be looked up; trying until it works");
        leads("late", A);
        run(17);
        assertThat(addresses.of(source)).contains(A);
    }

    @Test
    void shouldWaitForALookUpThatHangsWithoutHoldingUpOthers() {
        CompletableFuture<List<InetSocketAddress>> hanging = new CompletableFuture<>();
        names.put("slow", hanging);
        leads("quick", B);
        server("slow");
        server("quick");
        run(600);
        assertThat(events).containsExactly("1 at 192.0.2.2");
        assertThat(lookups("slow")).isEqualTo(1);
        assertThat(hanging.complete(List.of(A))).isTrue();
        run(1);
        assertThat(events).containsExactly("1 at 192.0.2.2", "0 at 192.0.2.1");
    }

    @Test
    void shouldNotSwallowAVirtualMachineInTrouble() {
        names.put("one", CompletableFuture.failedFuture(new OutOfMemoryError("unable to create native thread")));
        server("one");
        assertThatThrownBy(() -> run(2)).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void shouldNotWaitForYearsWhenTheRawClockJumpsBack() {
        leads("one", A);
        int source = server("one");
        now = 1_000_000_000 * SECOND;
        run(2);
        state(source, SourceState.DENIED, 0);
        run(2);
        now = 0;
        addresses.onDiscontinuity(now);
        leads("one", B);
        run(3602);
        assertThat(addresses.of(source)).contains(B);
    }

    // --- Several addresses ---

    @Test
    void shouldTryTheNextAddressAtOnceWhenOneCannotBeConnectedTo() {
        network.noRoute.add(C);
        leads("one", C, A);
        server("one");
        run(2);
        assertThat(events).containsExactly("0 at 192.0.2.1");
        assertThat(log.lines()).isEmpty();
    }

    /** What the status page says while nobody answers, in the order of the servers. */
    @Test
    void shouldNameTheCauseOfEachSilence() {
        names.put("slow", new CompletableFuture<>());
        network.noRoute.add(C);
        leads("far", C);
        leads("refusing", A);
        leads("silent", B);
        server("unknown");
        server("slow");
        server("far");
        int refusing = server("refusing");
        server("silent");
        leads("twin", B);
        server("twin"); // has no seat of its own
        run(2);
        addresses.onUnreachable(refusing, "connection refused");
        assertThat(addresses.silence())
                .isEqualTo("1 x name not found, 1 x name being looked up, 1 x network is unreachable,"
                        + " 1 x connection refused, 1 x no answer");

        addresses.onAnswer(refusing);
        assertThat(addresses.silence()).endsWith("1 x network is unreachable, 2 x no answer");
    }

    @Test
    void shouldNotCountTheOnlyServer() {
        leads("one", A);
        server("one");
        run(2);
        assertThat(addresses.silence()).isEqualTo("no answer");
    }

    @Test
    void shouldGoOnTryingWhenNoneCanAndSaySoOnce() {
        network.noRoute.addAll(List.of(A, C));
        leads("one", C, A);
        int source = server("one");
        run(60);
        assertThat(events).isEmpty();
        assertThat(lookups("one")).isEqualTo(6);
        assertThat(log.lines())
                .containsExactly("WARN one: cannot reach 2001:db8:0:0:0:0:0:3 port 123: network is unreachable;"
                        + " trying until it works");
        network.noRoute.clear();
        run(17);
        assertThat(addresses.of(source)).contains(C);
    }

    @Test
    void shouldLeaveAnAddressThatRefusesForAnotherOfItsName() {
        leads("one", A, B);
        int source = server("one");
        run(2);
        state(source, SourceState.SELECTED, 0xFF);
        run(600);
        state(source, SourceState.DENIED, 0xFF);
        run(3);
        assertThat(addresses.of(source)).contains(B);
        // Not back within the hour, not even when the other one is silent.
        state(source, SourceState.UNREACHABLE, 0);
        run(3590);
        assertThat(addresses.of(source)).contains(B);
        // The next look-up after that is within 16 minutes.
        run(970);
        assertThat(events.subList(1, 3)).containsExactly("0 at 192.0.2.2", "0 at 192.0.2.1");
    }

    @Test
    void shouldStayWithTheOnlyAddressThatRefusesAndLookOnceAnHour() {
        leads("one", A);
        int source = server("one");
        run(2);
        state(source, SourceState.DENIED, 0);
        run(86_400);
        assertThat(events).containsExactly("0 at 192.0.2.1");
        assertThat(lookups("one")).isBetween(24, 26);
    }

    // --- One seat an address ---

    @Test
    void shouldGiveAnAddressOneSeat() {
        leads("one", A);
        leads("two", A);
        server("one");
        int second = server("two");
        run(3600);
        assertThat(events).containsExactly("0 at 192.0.2.1");
        assertThat(addresses.of(second)).isEmpty();
        assertThat(addresses.label(second)).isEqualTo("two = one");
        assertThat(addresses.label(0)).isEqualTo("one");
        assertThat(log.lines())
                .containsExactly("WARN two is 192.0.2.1 port 123, which is asked as one already: one server, one vote;"
                        + " name another one instead");
        send(second, 7);
        assertThat(network.transmitted).isEmpty();
        assertThat(log.lines()).hasSize(1);

        leads("two", A, B);
        run(63);
        assertThat(addresses.of(second)).contains(B);
        assertThat(addresses.label(second)).isEqualTo("two");
    }

    @Test
    void shouldGiveTheSecondNameAnotherOfItsAddresses() {
        leads("pool", A, B);
        server("pool");
        server("pool");
        int third = server("pool");
        run(2);
        assertThat(events).containsExactly("0 at 192.0.2.1", "1 at 192.0.2.2", third + " has no server");
        assertThat(addresses.of(third)).isEmpty();
        assertThat(log.lines())
                .containsExactly("WARN pool: the name leads to no further server; trying until it works");
    }

    @Test
    void shouldTellTwoPortsOfAHostApart() {
        leads("one", A);
        leads("two", new InetSocketAddress(A.getAddress(), 11_123));
        server("one");
        server("two");
        run(2);
        assertThat(events).hasSize(2);
    }

    @Test
    void shouldNotMoveToAnAddressThatAnotherHas() {
        leads("one", A);
        leads("two", B, A);
        int first = server("one");
        int second = server("two");
        run(2);
        state(first, SourceState.SELECTED, 0xFF);
        run(600);
        assertThat(addresses.of(second)).contains(B);
        assertThat(events).hasSize(2);
    }

    // --- What is wrong ---

    @Test
    void shouldSayWhyAServerIsNotAsked() {
        int unknown = server("unknown");
        leads("one", A);
        int first = server("one");
        int twin = server("one-by-another-name");
        leads("one-by-another-name", A);
        leads("far", C);
        int far = server("far");
        network.noRoute.add(C);
        run(3);
        assertThat(addresses.trouble(unknown, SourceTrouble.NONE)).isEqualTo(SourceTrouble.NAME_NOT_FOUND);
        assertThat(addresses.trouble(first, SourceTrouble.NONE)).isEqualTo(SourceTrouble.NONE);
        assertThat(addresses.trouble(twin, SourceTrouble.NONE)).isEqualTo(SourceTrouble.SAME_AS_ANOTHER);
        assertThat(addresses.trouble(far, SourceTrouble.NONE)).isEqualTo(SourceTrouble.NETWORK_UNREACHABLE);
    }

    /** Anybody may have said that nobody listens; that nothing comes, or what comes, is seen. */
    @Test
    void shouldExplainSilenceAndNothingElseByWhatTheNetworkSays() {
        leads("one", A);
        int source = server("one");
        run(2);
        addresses.onUnreachable(source, "connection refused");
        assertThat(addresses.trouble(source, SourceTrouble.NO_ANSWER)).isEqualTo(SourceTrouble.CONNECTION_REFUSED);
        assertThat(addresses.trouble(source, SourceTrouble.RATE_LIMITED)).isEqualTo(SourceTrouble.RATE_LIMITED);
        assertThat(addresses.trouble(source, SourceTrouble.NONE)).isEqualTo(SourceTrouble.NONE);
        network.failures = 2;
        send(source, 1);
        assertThat(addresses.trouble(source, SourceTrouble.NO_ANSWER)).isEqualTo(SourceTrouble.NOT_SENT);
    }

    // --- Pools, and servers of no use ---

    private static final InetSocketAddress D = address("2001:db8::4");

    /** What is known of a server that has answered so often, and as often with something of that kind. */
    private void answers(int source, SourceState state, long accepted, DropReason reason, long dropped) {
        List<Long> drops = new ArrayList<>(Collections.nCopies(DropReason.values().length, 0L));
        drops.set(reason.ordinal(), dropped);
        reports.set(
                source,
                new SourceReport(
                        "",
                        state,
                        2,
                        0xFF,
                        64,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        LeapIndicator.NONE,
                        StampKind.USER,
                        accepted + dropped,
                        accepted,
                        0,
                        drops,
                        Optional.empty(),
                        SourceTrouble.NONE,
                        false,
                        0));
    }

    /** Whom one member of the pool has asked to be left alone, or for less, is not asked by another. */
    @Test
    void shouldNotSendAnotherMemberToWhoHasRefused() {
        leads("pool", A, B, C, D);
        int first = server("pool");
        int second = server("pool");
        run(2);
        assertThat(events).containsExactly("0 at 192.0.2.1", "1 at 2001:db8:0:0:0:0:0:3");
        addresses.onKiss(first, now);
        state(first, SourceState.DENIED, 0);
        send(first, 1);
        send(second, 2);
        run(2);
        // It has other addresses, and has never heard from this one: it does not wait for a look-up.
        assertThat(addresses.of(first)).contains(B);
        events.clear();
        // Silent, and there is nobody but who has refused.
        leads("pool", A);
        state(first, SourceState.SELECTED, 0xFF);
        addresses.onAnswer(second);
        run(3500);
        assertThat(events).isEmpty();
        run(1100);
        assertThat(events).containsExactly("1 at 192.0.2.1");
    }

    @ParameterizedTest
    @EnumSource(
            value = DropReason.class,
            names = {"UNSYNCHRONIZED", "STRATUM", "NONSENSE"})
    void shouldLeaveAServerWhoseAnswersAreOfNoUse(DropReason reason) {
        leads("one", A, B);
        int source = server("one");
        run(2);
        answers(source, SourceState.SELECTED, 10, reason, 0);
        run(600);
        answers(source, SourceState.SELECTED, 10, reason, 3);
        run(600);
        // One good answer between them, and they begin to count anew.
        answers(source, SourceState.SELECTED, 11, reason, 3);
        run(2);
        answers(source, SourceState.CANDIDATE, 11, reason, 6);
        run(600);
        assertThat(events).hasSize(1);
        answers(source, SourceState.CANDIDATE, 11, reason, 7);
        run(3);
        assertThat(events).containsExactly("0 at 192.0.2.1", "0 at 192.0.2.2");
        // Nor does it come back to it soon, and the next one is judged by itself.
        answers(source, SourceState.CANDIDATE, 11, reason, 10);
        run(3500);
        assertThat(events).hasSize(2);
    }

    /** Anybody can forge these; they say nothing of the server. */
    @ParameterizedTest
    @EnumSource(
            value = DropReason.class,
            names = {"MALFORMED", "WRONG_MODE", "BOGUS_ORIGIN", "DUPLICATE", "LATE"})
    void shouldNotLeaveAServerForWhatOthersSay(DropReason reason) {
        leads("one", A, B);
        int source = server("one");
        run(2);
        answers(source, SourceState.SELECTED, 10, reason, 1000);
        run(3600);
        assertThat(events).hasSize(1);
        assertThat(lookups("one")).isEqualTo(1);
    }

    @Test
    void shouldReplaceAFalseticker() {
        leads("pool", A, B, C);
        int first = server("pool");
        int second = server("pool");
        run(2);
        answers(first, SourceState.SELECTED, 10, DropReason.LATE, 0);
        answers(second, SourceState.SELECTED, 10, DropReason.LATE, 0);
        run(100);
        answers(first, SourceState.FALSETICKER, 13, DropReason.LATE, 0);
        run(600);
        assertThat(addresses.of(first)).contains(A);
        answers(first, SourceState.FALSETICKER, 14, DropReason.LATE, 0);
        leads("pool", A, D, B);
        run(3);
        // Of the family that the other does not have.
        assertThat(addresses.of(first)).contains(B);
        assertThat(addresses.of(second)).contains(C);
        // It has to be heard as such again before it goes, too.
        answers(first, SourceState.FALSETICKER, 17, DropReason.LATE, 0);
        run(600);
        assertThat(addresses.of(first)).contains(B);
    }

    @Test
    void shouldLookThePoolUpOnceForAllItsMembersAndSpreadThemOverBothFamilies() {
        CompletableFuture<List<InetSocketAddress>> pending = new CompletableFuture<>();
        names.put("pool", pending);
        for (int i = 0; i < 3; i++) {
            server("pool");
        }
        run(2);
        assertThat(lookups("pool")).isEqualTo(1);
        pending.complete(List.of(A, B, C, D));
        run(2);
        assertThat(lookups("pool")).isEqualTo(1);
        assertThat(events).containsExactly("0 at 192.0.2.1", "1 at 2001:db8:0:0:0:0:0:3", "2 at 192.0.2.2");
    }

    /** What is sent there is lost without a word, as where IPv6 leads nowhere. */
    @Test
    void shouldTryTheOtherAddressesAfterASecondOfSilence() {
        leads("one", C, D, A);
        int source = server("one");
        run(2);
        send(source, 1);
        run(3);
        assertThat(addresses.of(source)).contains(D);
        send(source, 2);
        run(3);
        assertThat(addresses.of(source)).contains(A);
        // They have all had their turn: no reason to hurry any more.
        send(source, 3);
        run(50);
        assertThat(events).hasSize(3);
        assertThat(lookups("one")).isEqualTo(1);
    }

    @Test
    void shouldTryTheOtherFamilyAtOnceWhenNothingCanBeSentAnyMore() {
        leads("one", A, C);
        int source = server("one");
        run(2);
        send(source, 1);
        addresses.onAnswer(source);
        state(source, SourceState.SELECTED, 0xFF);
        run(10);
        network.noRoute.add(A);
        network.failures = 1;
        send(source, 2);
        run(1);
        assertThat(addresses.of(source)).contains(C);
        assertThat(lookups("one")).isEqualTo(1);
    }

    // --- Sockets ---

    private int connected() {
        leads("one", A);
        int source = server("one");
        run(2);
        state(source, SourceState.SELECTED, 0xFF);
        return source;
    }

    /** This host has lost the address that the socket was bound to; another socket has the new one. */
    @Test
    void shouldSendFromANewSocketWhatDoesNotLeaveTheOldOne() {
        int source = connected();
        network.failures = 1;
        send(source, 1);
        assertThat(network.connects).isEqualTo(2);
        assertThat(network.transmitted).containsExactly(1L);
        assertThat(events).hasSize(1);
        assertThat(log.lines()).isEmpty();
    }

    @Test
    void shouldSayOnceThatNothingLeavesAndOnceThatItDoesAgain() {
        int source = connected();
        network.noRoute.add(A);
        network.failures = 1;
        for (int id = 1; id <= 100; id++) {
            send(source, id);
            run(16);
        }
        assertThat(network.transmitted).isEmpty();
        assertThat(log.lines())
                .containsExactly("WARN one: requests do not leave this host: no local address to send from;"
                        + " trying until it works");
        network.noRoute.clear();
        send(source, 101);
        send(source, 102);
        assertThat(network.transmitted).containsExactly(101L, 102L);
        assertThat(log.lines()).hasSize(2).endsWith("INFO one: requests leave again");
        assertThat(events).hasSize(1);
    }

    @Test
    void shouldMoveToAnotherAddressOfTheNameWhenNothingLeavesToTheFirst() {
        leads("one", C, A);
        int source = server("one");
        run(2);
        state(source, SourceState.SELECTED, 0xFF);
        run(100);
        network.noRoute.add(C);
        network.failures = 1;
        send(source, 1);
        run(2);
        assertThat(addresses.of(source)).contains(A);
    }

    @Test
    void shouldTakeANewSocketAfterThreeRequestsWithoutAnAnswer() {
        int source = connected();
        for (int id = 1; id <= 3; id++) {
            send(source, id);
        }
        assertThat(network.connects).isEqualTo(1);
        send(source, 4);
        assertThat(network.connects).isEqualTo(2);
        for (int id = 5; id <= 9; id++) {
            send(source, id);
        }
        assertThat(network.connects).isEqualTo(3);
        for (int id = 10; id <= 100; id++) {
            addresses.onAnswer(source);
            send(source, id);
        }
        assertThat(network.connects).isEqualTo(3);
        assertThat(network.transmitted).hasSize(100);
        assertThat(events).hasSize(1);
        assertThat(log.lines()).isEmpty();
    }
}
