// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.forecast.SystematicUncertainty;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The protocol with one server: which datagrams are believed, and what is counted of the others. */
class NtpAssociationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UTC = 1_800_000_000L * SECOND;

    private final NtpAssociation source = new NtpAssociation(
            0, new SourceConfig("server", 8, 1.0, 1, 15, SystematicUncertainty.DEFAULT_SHARE), new Random(1));
    private long now;
    private long request;

    @BeforeEach
    void begin() {
        source.begin(16, 16, 1, 0);
    }

    private NtpPacket ask() {
        Optional<byte[]> packet = Optional.empty();
        request++;
        while (packet.isEmpty()) {
            now = Math.max(now, source.nextTimerNanos());
            packet = source.onTimer(now, request);
        }
        source.onTransmitted(request, now, StampKind.USER);
        return NtpPacket.parse(packet.get(), NtpPacket.HEADER_SIZE).orElseThrow();
    }

    private static NtpPacket answer(NtpPacket request, long now) {
        NtpTimestamp time = NtpTimestamp.ofUnixNanos(UTC + now);
        return new NtpPacket(
                LeapIndicator.NONE, 4, 4, 2, 4, -20, 0.001, 0.001, 1, time, request.transmit(), time, time);
    }

    private Optional<Exchange> receive(byte[] datagram) {
        return source.onDatagram(datagram, datagram.length, now + 1_000_000, StampKind.USER);
    }

    private long dropped(DropReason reason) {
        return source.report(SourceState.CANDIDATE, 0, 0, 0, 0).drops().get(reason.ordinal());
    }

    private void shouldDrop(byte[] datagram, DropReason reason) {
        long before = dropped(reason);
        assertThat(receive(datagram)).isEmpty();
        assertThat(dropped(reason)).as("%s", reason).isEqualTo(before + 1);
    }

    private byte[] answerWith(int offset, int... values) {
        byte[] bytes = answer(ask(), now).toBytes();
        for (int i = 0; i < values.length; i++) {
            bytes[offset + i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void shouldAcceptAGoodAnswer() {
        Exchange exchange = receive(answer(ask(), now).toBytes()).orElseThrow();
        assertThat(exchange.t1()).isEqualTo(now);
        assertThat(exchange.t2()).isEqualTo(UTC + now);
        assertThat(exchange.t4()).isEqualTo(now + 1_000_000);
        assertThat(exchange.delay()).isEqualTo(1e-3);
        assertThat(source.reach()).isEqualTo(1);
    }

    @Test
    void shouldDropWhatIsNoNtp() {
        ask();
        shouldDrop(new byte[0], DropReason.MALFORMED);
        shouldDrop(new byte[47], DropReason.MALFORMED);
        shouldDrop(new byte[48], DropReason.MALFORMED);
    }

    @Test
    void shouldDropOtherModes() {
        shouldDrop(answerWith(0, 0b00_100_011), DropReason.WRONG_MODE);
        shouldDrop(answerWith(0, 0b00_100_110), DropReason.WRONG_MODE);
    }

    @Test
    void shouldDropForgedOriginsAndStillTakeTheTrueAnswer() {
        NtpPacket request = ask();
        byte[] truth = answer(request, now).toBytes();
        byte[] forged = truth.clone();
        forged[31] ^= 1;
        shouldDrop(forged, DropReason.BOGUS_ORIGIN);
        assertThat(receive(truth)).isPresent();
    }

    @Test
    void shouldDropReplays() {
        byte[] datagram = answer(ask(), now).toBytes();
        assertThat(receive(datagram)).isPresent();
        shouldDrop(datagram, DropReason.DUPLICATE);
        ask();
        shouldDrop(datagram, DropReason.DUPLICATE);
    }

    @Test
    void shouldCallAnAnswerLateAfterItsTimeout() {
        byte[] late = answer(ask(), now).toBytes();
        now += 2 * SECOND;
        assertThat(source.onTimer(now, 99)).isEmpty();
        shouldDrop(late, DropReason.LATE);
        ask();
        shouldDrop(late, DropReason.LATE);
    }

    @Test
    void shouldCallAnAnswerLateThoughTheTimerHasNotComeRound() {
        byte[] late = answer(ask(), now).toBytes();
        now += 3600 * SECOND;
        shouldDrop(late, DropReason.LATE);
        assertThat(source.onTimer(now, 99)).as("the request is given up").isEmpty();
        assertThat(receive(answer(ask(), now).toBytes())).isPresent();
    }

    @Test
    void shouldDropAnUnsynchronizedServer() {
        shouldDrop(answerWith(0, 0b11_100_100), DropReason.UNSYNCHRONIZED);
        shouldDrop(answerWith(1, 16), DropReason.UNSYNCHRONIZED);
        shouldDrop(answerWith(1, 255), DropReason.UNSYNCHRONIZED);
    }

    @Test
    void shouldKeepToTheConfiguredStrata() {
        NtpAssociation strict = new NtpAssociation(
                0, new SourceConfig("server", 8, 1.0, 2, 3, SystematicUncertainty.DEFAULT_SHARE), new Random(1));
        strict.begin(16, 16, 1, 0);
        byte[] sent = strict.onTimer(0, 1).orElseThrow();
        NtpPacket request = NtpPacket.parse(sent, 48).orElseThrow();
        byte[] datagram = answer(request, 0).toBytes();
        datagram[1] = 1;
        assertThat(strict.onDatagram(datagram, 48, 1_000_000, StampKind.USER)).isEmpty();
        assertThat(strict.report(SourceState.CANDIDATE, 0, 0, 0, 0).drops().get(DropReason.STRATUM.ordinal()))
                .isEqualTo(1);
    }

    @Test
    void shouldDropTimesThatCannotBe() {
        // Received never; transmitted never; transmitted a second before it was received.
        shouldDrop(answerWith(32, 0, 0, 0, 0, 0, 0, 0, 0), DropReason.NONSENSE);
        shouldDrop(answerWith(40, 0, 0, 0, 0, 0, 0, 0, 0), DropReason.NONSENSE);
        byte[] backwards = answer(ask(), now).toBytes();
        backwards[43]--;
        shouldDrop(backwards, DropReason.NONSENSE);
        // Longer at the server than the whole round trip took.
        byte[] slow = answer(ask(), now).toBytes();
        slow[43]++;
        shouldDrop(slow, DropReason.NONSENSE);
        // A root delay of 256 s.
        shouldDrop(answerWith(4, 1, 0, 0, 0), DropReason.NONSENSE);
    }

    private byte[] kiss(String code) {
        byte[] kiss = answerWith(1, 0);
        System.arraycopy(code.getBytes(StandardCharsets.US_ASCII), 0, kiss, 12, 4);
        return kiss;
    }

    /** Seconds from now until the source asks again, without answering it. */
    private double secondsToNextRequest() {
        long before = now;
        ask();
        return (now - before) * 1e-9;
    }

    private double secondsToNextGoodAnswer() {
        long before = now;
        receive(answer(ask(), now).toBytes());
        return (now - before) * 1e-9;
    }

    // --- What is wrong, for people ---

    @Test
    void shouldSayWhatIsWrongWithTheNewestAnswer() {
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
        receive(answerWith(0, 0b11_100_100));
        assertThat(source.trouble()).isEqualTo(SourceTrouble.UNSYNCHRONIZED);
        receive(answerWith(32, 0, 0, 0, 0, 0, 0, 0, 0));
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NO_TIME);
        receive(answerWith(4, 1, 0, 0, 0));
        assertThat(source.trouble()).isEqualTo(SourceTrouble.ROOT_DISTANCE);
        byte[] backwards = answer(ask(), now).toBytes();
        backwards[43]--;
        receive(backwards);
        assertThat(source.trouble()).isEqualTo(SourceTrouble.CONTRADICTORY_STAMPS);
        receive(kiss("STEP"));
        assertThat(source.trouble()).isEqualTo(SourceTrouble.KISS);
        receive(answer(ask(), now).toBytes());
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
    }

    /** What is no answer to a request says nothing of the server. */
    @Test
    void shouldNotCallAServerWrongForWhatOthersSend() {
        receive(answer(ask(), now).toBytes());
        byte[] forged = answerWith(0, 0b11_100_100);
        forged[31] ^= 1;
        receive(forged);
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
    }

    @Test
    void shouldSayHowManyRequestsWereNotAnswered() {
        for (int asked = 1; asked <= 12; asked++) {
            ask();
        }
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NO_ANSWER);
        // The twelfth is under way.
        assertThat(unanswered()).isEqualTo(11);
        receive(answer(ask(), now).toBytes());
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
        assertThat(unanswered()).isZero();
        // Of a server that answers, packets may be lost.
        ask();
        ask();
        ask();
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
        ask();
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NO_ANSWER);
        assertThat(unanswered()).isEqualTo(3);
    }

    private long unanswered() {
        return source.report(SourceState.CANDIDATE, 0, 0, 0, 0).unanswered();
    }

    /** Nobody has been asked, so nobody is silent. */
    @Test
    void shouldNotCountRequestsThatNeverLeft() {
        for (int asked = 0; asked < 5; asked++) {
            now = Math.max(now, source.nextTimerNanos());
            source.onTimer(now, ++request);
        }
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
        assertThat(unanswered()).isZero();
    }

    @Test
    void shouldSayThatAServerHasRefused() {
        receive(kiss("RSTR"));
        ask();
        ask();
        assertThat(source.trouble()).isEqualTo(SourceTrouble.DENIED);
        source.begin(16, 16, 1, now);
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
    }

    /** As long as it is asked less often for it. */
    @Test
    void shouldSayThatAServerHasAskedForLess() {
        receive(kiss("RATE"));
        int answers = 0;
        while (source.trouble() == SourceTrouble.RATE_LIMITED) {
            receive(answer(ask(), now).toBytes());
            answers++;
        }
        assertThat(source.trouble()).isEqualTo(SourceTrouble.NONE);
        assertThat(answers).isGreaterThanOrEqualTo(16);
        assertThat(source.pollSeconds()).isEqualTo(16);
    }

    @Test
    void shouldSlowDownWhenAskedTo() {
        shouldDrop(kiss("RATE"), DropReason.KISS);
        assertThat(source.pollSeconds()).isEqualTo(32);
        assertThat(secondsToNextRequest()).isBetween(31.0, 34.0);
    }

    /** Not even while it does not answer: that is no leave to hurry. */
    @Test
    void shouldNotRetryFasterThanAServerHasAskedFor() {
        shouldDrop(kiss("RATE"), DropReason.KISS);
        for (int i = 0; i < 20; i++) {
            assertThat(secondsToNextRequest()).isGreaterThan(31);
            source.confirm(8, now);
        }
    }

    @Test
    void shouldGoDownToSeventeenMinutesAndNoFurther() {
        for (int i = 0; i < 20; i++) {
            shouldDrop(kiss("RATE"), DropReason.KISS);
        }
        assertThat(source.pollSeconds()).isEqualTo(1024);
    }

    @Test
    void shouldRecoverSlowlyAndSlowerAfterEachFurtherKiss() {
        for (int answers = 32; answers <= 1024; answers *= 2) {
            shouldDrop(kiss("RATE"), DropReason.KISS);
            for (int i = 0; i < answers; i++) {
                assertThat(source.pollSeconds()).isEqualTo(32);
                assertThat(secondsToNextGoodAnswer()).isGreaterThan(31);
            }
            assertThat(source.pollSeconds()).isEqualTo(16);
        }
        shouldDrop(kiss("RATE"), DropReason.KISS);
        for (int i = 0; i < 1024; i++) {
            assertThat(source.pollSeconds()).isEqualTo(32);
            secondsToNextGoodAnswer();
        }
        assertThat(source.pollSeconds()).isEqualTo(16);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DENY", "RSTR"})
    void shouldLeaveAServerAloneThatRefusesLongerEachTime(String code) {
        for (double hours : new double[] {1, 2, 4, 8, 16, 24, 24}) {
            shouldDrop(kiss(code), DropReason.KISS);
            assertThat(source.isDenied()).isTrue();
            source.confirm(8, now);
            source.onDiscontinuity(now);
            assertThat(secondsToNextRequest() / 3600).isBetween(0.97 * hours, 1.03 * hours);
            assertThat(source.isDenied()).isTrue();
            now += 5 * SECOND; // that request is lost
        }
    }

    @Test
    void shouldServeAgainWhenADenialIsOver() {
        shouldDrop(kiss("DENY"), DropReason.KISS);
        assertThat(receive(answer(ask(), now).toBytes())).isPresent();
        assertThat(source.isDenied()).isFalse();
        assertThat(secondsToNextGoodAnswer()).isBetween(15.0, 17.0);
        // Forgiven and forgotten.
        shouldDrop(kiss("DENY"), DropReason.KISS);
        assertThat(secondsToNextRequest()).isBetween(3500.0, 3700.0);
    }

    @Test
    void shouldNotHurryAfterADenialWhenThereIsNoAnswer() {
        shouldDrop(kiss("DENY"), DropReason.KISS);
        ask();
        for (int i = 0; i < 10; i++) {
            assertThat(secondsToNextRequest()).isBetween(1000.0, 1050.0);
            assertThat(source.isDenied()).isTrue();
        }
        assertThat(receive(answer(ask(), now).toBytes())).isPresent();
        assertThat(source.isDenied()).isFalse();
    }

    @Test
    void shouldBeginAnewAtAnotherAddress() {
        shouldDrop(kiss("RATE"), DropReason.KISS);
        shouldDrop(kiss("DENY"), DropReason.KISS);
        source.begin(16, 16, 1, now);
        assertThat(source.isDenied()).isFalse();
        assertThat(source.pollSeconds()).isEqualTo(16);
        assertThat(secondsToNextRequest()).isZero();
    }

    @Test
    void shouldAskInTimeWhenTheRawClockHasJumpedBack() {
        shouldDrop(kiss("RATE"), DropReason.KISS);
        now -= 1_000_000 * SECOND;
        source.onDiscontinuity(now);
        assertThat(secondsToNextRequest()).isBetween(31.0, 34.0);
        shouldDrop(kiss("DENY"), DropReason.KISS);
        now -= 1_000_000 * SECOND;
        source.onDiscontinuity(now);
        assertThat(secondsToNextRequest()).isLessThan(90_000);
    }

    /** Its stamps lie on both sides of the jump. */
    @Test
    void shouldNotTakeTheReplyToARequestFromBeforeADiscontinuity() {
        byte[] reply = answer(ask(), now).toBytes();
        source.onDiscontinuity(now);
        source.confirm(8, now);
        shouldDrop(reply, DropReason.LATE);
        assertThat(secondsToNextGoodAnswer()).isEqualTo(1);
        assertThat(source.accepted()).isEqualTo(1);
    }

    @Test
    void shouldIgnoreAForgedKiss() {
        byte[] deny = kiss("DENY");
        deny[24] ^= 0x40;
        shouldDrop(deny, DropReason.BOGUS_ORIGIN);
        assertThat(source.isDenied()).isFalse();
    }

    @Test
    void shouldPreferTheKernelsTransmitStamp() {
        NtpPacket request = ask();
        source.onTransmitted(this.request, now + 5_000, StampKind.KERNEL);
        source.onTransmitted(this.request, now + 9_000, StampKind.USER);
        source.onTransmitted(this.request - 1, now + 7_000, StampKind.KERNEL);
        assertThat(receive(answer(request, now + 5_000).toBytes()).orElseThrow().t1())
                .isEqualTo(now + 5_000);
    }

    private ClockReading reading(double maxError) {
        return new ClockReading(now + 1_000, UTC + now, now + 1_600, maxError, 1, Optional.empty());
    }

    @Test
    void shouldTakeTheReadingOfAClockOfThisHostForAnExchange() {
        ask();
        Exchange exchange =
                source.onReading(request, reading(1e-6), now + 1_700).orElseThrow();
        assertThat(exchange).isEqualTo(new Exchange(0, now + 1_000, UTC + now, UTC + now, now + 1_600, 0, 1e-6, 1e-9));
        SourceReport report = source.report(SourceState.SELECTED, 0, 0, exchange.delay(), 0);
        assertThat(report.stratum()).isEqualTo(1);
        assertThat(report.reach()).isEqualTo(1);
        assertThat(report.accepted()).isEqualTo(1);
        assertThat(report.rootDistance()).isCloseTo(1.3e-6, within(1e-15));
        assertThat(report.stampKind()).isEqualTo(StampKind.DEVICE);
        // It has no opinion of leap seconds, which is not that there is none.
        assertThat(report.leap()).isEqualTo(LeapIndicator.UNSYNCHRONIZED);
    }

    @Test
    void shouldDropReadingsThatAreLateOrOfAnotherRequest() {
        ask();
        assertThat(source.onReading(request - 1, reading(1e-6), now + 1_700)).isEmpty();
        assertThat(source.onReading(request, reading(1e-6), now + SECOND + 1)).isEmpty();
        assertThat(source.onReading(request, reading(1e-6), now + 1_700)).isPresent();
        assertThat(source.onReading(request, reading(1e-6), now + 1_800)).isEmpty();
        assertThat(dropped(DropReason.LATE)).isEqualTo(3);
        ask();
        source.onDiscontinuity(now + 100);
        assertThat(source.onReading(request, reading(1e-6), now + 1_700)).isEmpty();
        assertThat(dropped(DropReason.LATE)).isEqualTo(4);
    }

    @Test
    void shouldDropReadingsThatCannotBe() {
        ask();
        assertThat(source.onReading(request, reading(NtpAssociation.MAX_ROOT_DISTANCE + 1), now + 1_700))
                .isEmpty();
        assertThat(source.trouble()).isEqualTo(SourceTrouble.ROOT_DISTANCE);
        ask();
        ClockReading backwards = new ClockReading(now + 10_000, UTC + now, now, 1e-6, 1, Optional.empty());
        assertThat(source.onReading(request, backwards, now + 1_700)).isEmpty();
        assertThat(source.trouble()).isEqualTo(SourceTrouble.CONTRADICTORY_STAMPS);
        assertThat(dropped(DropReason.NONSENSE)).isEqualTo(2);
    }

    @Test
    void shouldBurstThenPollAndBackOffWhenNobodyAnswers() {
        List<Long> asked = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            NtpPacket request = ask();
            asked.add(now);
            receive(answer(request, now).toBytes());
        }
        for (int i = 1; i < 12; i++) {
            double gap = (asked.get(i) - asked.get(i - 1)) * 1e-9;
            if (i < 8) {
                assertThat(gap).isEqualTo(1.0);
            } else {
                assertThat(gap).isBetween(15.6, 16.4);
            }
        }
    }

    @Test
    void shouldBackOffWhileNobodyAnswers() {
        int requests = 0;
        while (source.nextTimerNanos() < 3600 * SECOND) {
            now = source.nextTimerNanos();
            if (source.onTimer(now, ++request).isPresent()) {
                source.onTransmitted(request, now, StampKind.USER);
                requests++;
            }
        }
        // 2, 4, 8, then every 16 s and the time-out: some 212 in an hour.
        assertThat(requests).isBetween(150, 230);
        assertThat(source.reach()).isZero();
    }
}
