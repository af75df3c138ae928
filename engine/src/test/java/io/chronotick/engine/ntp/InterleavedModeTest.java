// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.chronotick.engine.forecast.SystematicUncertainty;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The interleaved mode against a server as RFC 9769 describes it, which stamps its replies half a millisecond before they leave. */
class InterleavedModeTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UTC = 1_800_000_000L * SECOND;
    private static final long ONE_WAY = 1_000_000;
    private static final long LATE = 500_000;

    private NtpAssociation source = source(1);

    /** When the replies to the requests that were received then have left, by what the server stamped. */
    private final Map<NtpTimestamp, NtpTimestamp> left = new HashMap<>();

    private final List<NtpPacket> requests = new ArrayList<>();
    private boolean knowsTheMode = true;
    private long now = SECOND;
    private long id;

    @BeforeEach
    void begin() {
        source.begin(2, 2, 1, now);
    }

    private static NtpAssociation source(int burst) {
        return new NtpAssociation(
                0,
                new SourceConfig("server", burst, 1.0, 1, 15, SystematicUncertainty.DEFAULT_SHARE, false, true),
                new Random(1));
    }

    private NtpPacket ask() {
        Optional<byte[]> packet = Optional.empty();
        id++;
        while (packet.isEmpty()) {
            now = Math.max(now, source.nextTimerNanos());
            packet = source.onTimer(now, id);
        }
        source.onTransmitted(id, now, StampKind.KERNEL);
        requests.add(NtpPacket.parse(packet.get(), NtpPacket.HEADER_SIZE).orElseThrow());
        return requests.getLast();
    }

    private static NtpTimestamp utc(long raw) {
        return NtpTimestamp.ofUnixNanos(UTC + raw);
    }

    /** What the server says, and what it remembers. */
    private NtpPacket answer(NtpPacket request) {
        NtpTimestamp receive = utc(now + ONE_WAY);
        NtpTimestamp before = left.remove(request.origin());
        left.put(receive, utc(now + ONE_WAY + LATE));
        if (before == null || !knowsTheMode || request.receive().equals(request.transmit())) {
            return packet(request.transmit(), receive, receive, 2);
        }
        return packet(request.receive(), receive, before, 2);
    }

    private static NtpPacket packet(NtpTimestamp origin, NtpTimestamp receive, NtpTimestamp transmit, int stratum) {
        return new NtpPacket(
                LeapIndicator.NONE, 4, 4, stratum, 4, -20, 0.001, 0.001, 1, receive, origin, receive, transmit);
    }

    private Optional<Exchange> receive(NtpPacket reply) {
        return source.onDatagram(reply.toBytes(), NtpPacket.HEADER_SIZE, now + 2 * ONE_WAY + LATE, StampKind.KERNEL);
    }

    private Optional<Exchange> exchange() {
        return receive(answer(ask()));
    }

    private long dropped(DropReason reason) {
        return source.drops().get(reason.ordinal());
    }

    private boolean isInterleaved() {
        return source.report(SourceState.SELECTED, 0, 0, 0, 0).interleaved();
    }

    @Test
    void shouldLearnWhenTheReplyBeforeReallyLeft() {
        // In basic mode the stamp is half a millisecond early, which looks like a longer way back.
        Exchange basic = exchange().orElseThrow();
        assertThat(basic.t3() - basic.t2()).isZero();
        assertThat(isInterleaved()).isFalse();
        // The first interleaved reply completes an exchange that has been taken as it was: it counts once.
        long second = now;
        assertThat(exchange()).isEmpty();
        assertThat(isInterleaved()).isTrue();
        assertThat(source.reach()).isEqualTo(3);
        for (int i = 0; i < 10; i++) {
            long asked = now;
            Exchange completed = exchange().orElseThrow();
            assertThat(completed.t1()).isEqualTo(asked).isNotEqualTo(second);
            assertThat(completed.t4()).isEqualTo(asked + 2 * ONE_WAY + LATE);
            assertThat((double) (completed.t3() - completed.t2())).isCloseTo(LATE, offset(2.0));
            assertThat(completed.delay()).isCloseTo(2e-3, offset(1e-8));
        }
        assertThat(source.accepted()).isEqualTo(11);
        assertThat(source.stamps()).isEqualTo(StampKind.KERNEL);
        assertThat(source.drops()).containsOnly(0L);
    }

    /** Random numbers, and what the server itself has said. */
    @Test
    void shouldTellNothingOfTheClockHere() {
        for (int i = 0; i < 100; i++) {
            exchange();
        }
        Set<NtpTimestamp> numbers = new HashSet<>();
        for (int i = 0; i < requests.size(); i++) {
            NtpPacket request = requests.get(i);
            assertThat(numbers.add(request.transmit())).isTrue();
            assertThat(request.reference()).isEqualTo(NtpTimestamp.ZERO);
            assertThat(request.rootDelay() + request.rootDispersion()).isZero();
            assertThat(request.stratum() + request.pollExponent() + request.precisionExponent() + request.referenceId())
                    .isZero();
            if (i == 0) {
                assertThat(request).isEqualTo(NtpPacket.request(request.transmit()));
            } else {
                assertThat(numbers.add(request.receive())).isTrue();
                assertThat(left.containsKey(request.origin()))
                        .as("remembered no more")
                        .isFalse();
            }
        }
    }

    /** Until the next poll the bound would grow by more than the stamp is better by; and in a burst what counts is to know at once. */
    @ParameterizedTest
    @CsvSource({"2.1, 1", "64, 1", "2, 8"})
    void shouldAskInBasicModeWhereThatSaysMore(double poll, int burst) {
        source = source(burst);
        source.begin(poll, poll, 1, now);
        for (int i = 0; i < 8; i++) {
            assertThat(exchange()).isPresent();
            assertThat(requests.getLast())
                    .isEqualTo(NtpPacket.request(requests.getLast().transmit()));
        }
    }

    /** What comes next is measured in the mode that fits its poll. */
    @Test
    void shouldChangeTheModeWithThePoll() {
        source.begin(1, 64, 1, now);
        exchange();
        exchange();
        assertThat(exchange()).isPresent();
        assertThat(isInterleaved()).isTrue();
        for (int i = 0; i < 5; i++) {
            source.adaptPoll(seconds -> true);
        }
        assertThat(source.pollSeconds()).isEqualTo(4);
        assertThat(exchange().orElseThrow().t1()).isEqualTo(now);
        assertThat(isInterleaved()).isFalse();
        source.shortenPollFully(now);
        assertThat(exchange()).isEmpty();
        assertThat(exchange()).isPresent();
        assertThat(isInterleaved()).isTrue();
    }

    @Test
    void shouldTakeTheAnswersOfAServerThatDoesNotKnowTheMode() {
        knowsTheMode = false;
        for (int i = 0; i < 10; i++) {
            Exchange basic = exchange().orElseThrow();
            assertThat(basic.t1()).isEqualTo(now);
        }
        assertThat(source.accepted()).isEqualTo(10);
        assertThat(isInterleaved()).isFalse();
    }

    @Test
    void shouldGoOnInBasicModeAtOnceWhenTheServerHasForgotten() {
        exchange();
        exchange();
        assertThat(exchange()).isPresent();
        left.clear();
        Exchange basic = exchange().orElseThrow();
        assertThat(basic.t1()).isEqualTo(now);
        assertThat(isInterleaved()).isFalse();
        assertThat(exchange()).isEmpty();
        assertThat(exchange()).isPresent();
        assertThat(isInterleaved()).isTrue();
    }

    @Test
    void shouldSurviveLostRequestsAndReplies() {
        exchange();
        exchange();
        long asked = now;
        ask();
        ask();
        Exchange completed = exchange().orElseThrow();
        assertThat(completed.t1()).as("the newest that was answered").isEqualTo(asked);
        // Lost on the way back: the server has forgotten the one before for one that is not known here.
        answer(ask());
        Exchange basic = exchange().orElseThrow();
        assertThat(basic.t1()).isEqualTo(now);
    }

    @Test
    void shouldNotAskForWhatIsTooOld() {
        exchange();
        exchange();
        for (int i = 0; i < 5; i++) {
            ask();
        }
        assertThat(requests.getLast())
                .isEqualTo(NtpPacket.request(requests.getLast().transmit()));
        assertThat(receive(answer(requests.getLast()))).isPresent();
    }

    @Test
    void shouldTakeNothingThatFitsNeither() {
        exchange();
        exchange();
        NtpPacket request = ask();
        NtpPacket truth = answer(request);
        for (NtpTimestamp origin :
                List.of(request.origin(), NtpTimestamp.ZERO, requests.get(1).receive())) {
            assertThat(receive(packet(origin, truth.receive(), truth.transmit(), 2)))
                    .isEmpty();
        }
        assertThat(dropped(DropReason.BOGUS_ORIGIN)).isEqualTo(2);
        assertThat(dropped(DropReason.DUPLICATE)).isEqualTo(1);
        assertThat(receive(truth)).isPresent();
        assertThat(receive(truth)).isEmpty();
        assertThat(dropped(DropReason.DUPLICATE)).isEqualTo(2);
    }

    @Test
    void shouldTellLateRepliesFromForgedOnes() {
        exchange();
        exchange();
        NtpPacket late = answer(ask());
        ask();
        assertThat(receive(late)).isEmpty();
        assertThat(dropped(DropReason.LATE)).isEqualTo(1);
    }

    /** A departure before the arrival, or later than the reply was here: of another client's, perhaps. */
    @Test
    void shouldNotBelieveADepartureThatCannotBe() {
        for (long wrong : new long[] {-SECOND, SECOND}) {
            exchange();
            exchange();
            NtpPacket truth = answer(ask());
            NtpTimestamp elsewhere = NtpTimestamp.ofUnixNanos(truth.transmit().toUnixNanos() + wrong);
            long nonsense = dropped(DropReason.NONSENSE);
            assertThat(receive(packet(truth.origin(), truth.receive(), elsewhere, 2)))
                    .isEmpty();
            assertThat(dropped(DropReason.NONSENSE)).isEqualTo(nonsense + 1);
            // And begins anew.
            assertThat(ask().origin()).isEqualTo(NtpTimestamp.ZERO);
            assertThat(receive(answer(requests.getLast()))).isPresent();
        }
    }

    /** What was measured before a jump of the clock here, by another server, or while it was not synchronized, is void. */
    @Test
    void shouldCompleteNothingThatIsVoid() {
        exchange();
        exchange();
        source.onDiscontinuity(now);
        assertThat(ask().origin()).isEqualTo(NtpTimestamp.ZERO);
        assertThat(receive(answer(requests.getLast()))).isPresent();
        exchange();
        source.begin(2, 2, 1, now);
        assertThat(ask().origin()).isEqualTo(NtpTimestamp.ZERO);
        assertThat(receive(answer(requests.getLast()))).isPresent();
        NtpPacket good = answer(ask());
        assertThat(receive(packet(good.origin(), good.receive(), good.transmit(), 16)))
                .isEmpty();
        assertThat(ask().origin()).isEqualTo(NtpTimestamp.ZERO);
    }

    @Test
    void shouldHeedAKissInEitherMode() {
        exchange();
        exchange();
        NtpPacket good = answer(ask());
        NtpPacket kiss = new NtpPacket(
                LeapIndicator.UNSYNCHRONIZED,
                4,
                4,
                0,
                4,
                -20,
                0,
                0,
                0x52415445,
                good.receive(),
                good.origin(),
                good.receive(),
                good.transmit());
        assertThat(receive(kiss)).isEmpty();
        assertThat(source.trouble()).isEqualTo(SourceTrouble.RATE_LIMITED);
        assertThat(source.pollSeconds()).isEqualTo(4);
    }
}
