// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import static io.chronotick.engine.nts.NtsClient.Verdict.AUTHENTIC;
import static io.chronotick.engine.nts.NtsClient.Verdict.NAK;
import static io.chronotick.engine.nts.NtsClient.Verdict.UNAUTHENTIC;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NtsClientTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int HEADER = 48;

    private final NtsClient client = new NtsClient(new Random(1));
    private final NtsServer server = new NtsServer(2, 100);
    private long now = 5 * SECOND;

    private void exchangeKeys() {
        assertThat(client.isExchangeDue(now)).isTrue();
        client.onExchangeBegun(now);
        client.onKeys(server.exchange(), now);
    }

    private NtsClient.Verdict judge(byte[] reply) {
        return client.judge(reply, reply.length, HEADER, reply.length > 1 && reply[1] == 0);
    }

    private static byte[] header(int stratum) {
        byte[] header = new byte[HEADER];
        header[1] = (byte) stratum;
        return header;
    }

    private NtsClient.Verdict exchange() {
        return judge(server.answer(client.protect(header(0)), header(2)));
    }

    @Test
    void keepsEightCookiesAndUsesEachOnce() {
        exchangeKeys();
        Set<String> used = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            byte[] request = client.protect(header(0));
            assertThat(used.add(Arrays.toString(NtsServer.cookieOf(request).orElseThrow())))
                    .isTrue();
            assertThat(client.report().cookies()).isEqualTo(7);
            assertThat(judge(server.answer(request, header(2)))).isEqualTo(AUTHENTIC);
            assertThat(client.report().cookies()).isEqualTo(8);
        }
        assertThat(server.asked).containsOnly(1);
        assertThat(client.report().state()).isEqualTo(NtsReport.State.AUTHENTICATED);
        assertThat(client.isExchangeDue(now)).isFalse();
    }

    @Test
    void noTwoRequestsHaveAnythingInCommonThatTellsWhoAsks() {
        exchangeKeys();
        byte[] first = client.protect(header(0));
        byte[] second = client.protect(header(0));
        assertThat(NtsServer.identifier(first)).isNotEqualTo(NtsServer.identifier(second));
        assertThat(NtsServer.cookieOf(first).orElseThrow())
                .isNotEqualTo(NtsServer.cookieOf(second).orElseThrow());
    }

    @Test
    void placeholdersFetchWhatLossesHaveCost() {
        exchangeKeys();
        for (int i = 0; i < 3; i++) {
            client.protect(header(0));
            client.onSilence();
        }
        assertThat(client.report().cookies()).isEqualTo(5);
        for (int i = 0; i < 40; i++) {
            assertThat(exchange()).isEqualTo(AUTHENTIC);
        }
        assertThat(client.report().cookies()).isEqualTo(8);
    }

    @Test
    void aLostRequestWithPlaceholdersIsFollowedByASmallerOne() {
        exchangeKeys();
        int largest = 0;
        // Something on the way drops what is longer than a request with two placeholders.
        int passes = 48 + 36 + 104 + 40 + 2 * 104;
        int lost = 0;
        for (int i = 0; i < 1000; i++) {
            if (!client.canAsk()) {
                client.onExchangeBegun(now);
                client.onKeys(server.exchange(), now);
            }
            byte[] request = client.protect(header(0));
            largest = Math.max(largest, request.length);
            if (request.length > passes || i % 10 < 3) {
                lost += request.length > passes ? 1 : 0;
                client.onSilence();
            } else {
                assertThat(judge(server.answer(request, header(2)))).isEqualTo(AUTHENTIC);
            }
        }
        assertThat(largest).isLessThanOrEqualTo(1024);
        assertThat(lost).isLessThan(60);
    }

    @Test
    void requestsStaySmallWhateverTheCookies() {
        for (int cookieBytes : new int[] {1, 16, 99, 256, NtsClient.MAX_COOKIE_BYTES}) {
            NtsClient other = new NtsClient(new Random(1));
            NtsServer its = new NtsServer(3, cookieBytes);
            other.onExchangeBegun(now);
            other.onKeys(its.exchange(), now);
            for (int i = 0; i < 7; i++) {
                assertThat(other.protect(header(0)).length).isLessThanOrEqualTo(1024);
            }
            byte[] request = other.protect(header(0));
            assertThat(request.length).isLessThanOrEqualTo(1024);
            byte[] reply = its.answer(request, header(2));
            assertThat(other.judge(reply, reply.length, HEADER, false)).isEqualTo(AUTHENTIC);
            assertThat(other.canAsk()).isTrue();
        }
    }

    @Test
    void nothingIsBelievedThatHasBeenChanged() {
        exchangeKeys();
        byte[] request = client.protect(header(0));
        byte[] reply = server.answer(request, header(2));
        for (int bit = 0; bit < 8 * reply.length; bit++) {
            reply[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(judge(reply)).as("bit %d", bit).isEqualTo(UNAUTHENTIC);
            reply[bit / 8] ^= (byte) (1 << bit % 8);
        }
        for (int length = 0; length < reply.length; length++) {
            assertThat(judge(Arrays.copyOf(reply, length))).isEqualTo(UNAUTHENTIC);
        }
        for (int more = 1; more <= 64; more++) {
            assertThat(judge(Arrays.copyOf(reply, reply.length + more))).isEqualTo(UNAUTHENTIC);
        }
        assertThat(client.report().state()).isEqualTo(NtsReport.State.UNPROVEN);
        assertThat(client.report().cookies()).isEqualTo(7);
        assertThat(judge(reply)).isEqualTo(AUTHENTIC);
        assertThat(judge(reply)).as("its copy").isEqualTo(UNAUTHENTIC);
        assertThat(client.report().cookies()).isEqualTo(8);
    }

    @Test
    void believesNeitherABareReplyNorOneToAnotherRequest() {
        exchangeKeys();
        byte[] older = server.answer(client.protect(header(0)), header(2));
        client.onSilence();
        byte[] request = client.protect(header(0));
        assertThat(judge(header(2))).isEqualTo(UNAUTHENTIC);
        assertThat(judge(older)).isEqualTo(UNAUTHENTIC);
        assertThat(judge(server.sealed(header(2), new byte[32], new byte[0]))).isEqualTo(UNAUTHENTIC);
        // A reply whose encrypted part is no list of fields.
        assertThat(judge(server.sealed(header(2), NtsServer.identifier(request), new byte[17])))
                .isEqualTo(UNAUTHENTIC);
        // Without new cookies it is a poor reply, but an authentic one.
        assertThat(judge(server.sealed(header(2), NtsServer.identifier(request), new byte[0])))
                .isEqualTo(AUTHENTIC);
        assertThat(client.report().cookies()).isEqualTo(6);
    }

    @Test
    void aNakIsBelievedWhenNoReplyHasComeInstead() {
        exchangeKeys();
        byte[] request = client.protect(header(0));
        assertThat(judge(NtsServer.nak(header(2), new byte[32]))).isEqualTo(UNAUTHENTIC);
        assertThat(judge(NtsServer.nak(header(2), NtsServer.identifier(request))))
                .isEqualTo(NAK);
        // It was forged: here is the reply.
        assertThat(judge(server.answer(request, header(2)))).isEqualTo(AUTHENTIC);
        assertThat(client.isExchangeDue(now + 1000 * SECOND)).isFalse();

        server.forget();
        now += 64 * SECOND;
        assertThat(exchange()).isEqualTo(NAK);
        assertThat(client.isExchangeDue(now)).isFalse();
        client.onSilence();
        assertThat(client.isExchangeDue(now)).isTrue();
        assertThat(client.report().state()).isEqualTo(NtsReport.State.UNPROVEN);
        client.onExchangeBegun(now);
        client.onExchangeFailed(KeyExchangeFailure.REFUSED, now);
        // What there is stays in use until there is better (RFC 8915, section 5.7).
        assertThat(client.canAsk()).isTrue();
        now += 10 * SECOND;
        exchangeKeys();
        assertThat(exchange()).isEqualTo(AUTHENTIC);
    }

    /** A server that gives out cookies which it does not honour. */
    @Test
    void keyExchangesComeEverLessOftenUntilOneHelps() {
        long last = now;
        double interval = 0;
        for (int i = 0; i < 25; i++) {
            now = Math.max(now, client.nextExchangeNanos());
            assertThat((now - last) * 1e-9).isGreaterThanOrEqualTo(Math.min(1.4 * interval, 3600));
            interval = (now - last) * 1e-9;
            last = now;
            exchangeKeys();
            server.forget();
            assertThat(exchange()).isEqualTo(NAK);
            client.onSilence();
        }
        assertThat(interval).isEqualTo(3600);
        now = client.nextExchangeNanos();
        exchangeKeys();
        assertThat(exchange()).isEqualTo(AUTHENTIC);
        server.forget();
        assertThat(exchange()).isEqualTo(NAK);
        client.onSilence();
        assertThat(client.isExchangeDue(now)).isTrue();
    }

    @Test
    void failedKeyExchangesComeEverLessOften() {
        List<Double> intervals = intervals(KeyExchangeFailure.REFUSED, 20);
        assertThat(intervals.subList(0, 4)).containsExactly(10.0, 15.0, 22.5, 33.75);
        assertThat(intervals.get(19)).isEqualTo(3600);
    }

    @Test
    void whileNothingLeavesThisHostItIsTriedAgainSoon() {
        assertThat(intervals(KeyExchangeFailure.NO_ROUTE, 6)).containsExactly(2.0, 4.0, 8.0, 16.0, 16.0, 16.0);
        // The server has not been bothered: it is no reason to wait.
        assertThat(intervals(KeyExchangeFailure.REFUSED, 1)).containsExactly(10.0);
    }

    private List<Double> intervals(KeyExchangeFailure failure, int count) {
        return Stream.generate(() -> {
                    now = Math.max(now, client.nextExchangeNanos());
                    client.onExchangeBegun(now);
                    assertThat(client.nextExchangeNanos()).isEqualTo(Long.MAX_VALUE);
                    client.onExchangeFailed(failure, now);
                    assertThat(client.report().failure()).isEqualTo(failure);
                    assertThat(client.report().state()).isEqualTo(NtsReport.State.FAILED);
                    return (client.nextExchangeNanos() - now) / 1e9;
                })
                .limit(count)
                .toList();
    }

    @Test
    void afterAJumpBackItIsNotTriedAgainInYears() {
        client.onExchangeBegun(now);
        client.onExchangeFailed(KeyExchangeFailure.REFUSED, now);
        client.onDiscontinuity(-1_000_000 * SECOND);
        assertThat(client.nextExchangeNanos()).isEqualTo(-999_990 * SECOND);
    }

    @Test
    void silenceUsesTheCookiesUpAndThenNewKeysAreWanted() {
        exchangeKeys();
        for (int i = 0; i < 8; i++) {
            assertThat(client.canAsk()).isTrue();
            client.protect(header(0));
            client.onSilence();
        }
        assertThat(client.canAsk()).isFalse();
        assertThat(client.report().state()).isEqualTo(NtsReport.State.EXCHANGING);
        assertThat(client.remaining()).isEmpty();
        now = client.nextExchangeNanos();
        exchangeKeys();
        assertThat(exchange()).isEqualTo(AUTHENTIC);
    }

    @Test
    void whatIsLeftIsGoodForAnotherRun() {
        exchangeKeys();
        assertThat(exchange()).isEqualTo(AUTHENTIC);
        client.protect(header(0));
        NtsKeys left = client.remaining().orElseThrow();
        assertThat(left.cookies()).hasSize(7);
        assertThat(left).hasToString("keys with 7 cookies");
        NtsClient next = new NtsClient(new Random(9));
        next.onKeys(left, now);
        assertThat(next.isExchangeDue(now)).isFalse();
        byte[] reply = server.answer(next.protect(header(0)), header(2));
        assertThat(next.judge(reply, reply.length, HEADER, false)).isEqualTo(AUTHENTIC);
    }
}
