// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The interleaved client/server mode (RFC 9769, section 2) with one server: its reply tells when its reply <em>before</em> left, by a stamp
 * that it took as that packet left, and could not put into it. So an exchange is complete one poll later, and only asked for
 * where polls are short.
 *
 * <p>A request names the server's receive time stamp of the exchange before, by which the server knows it again, and two random numbers:
 * which of them comes back says what kind of reply it is. Nothing in it tells anything of the clock here. A server that does not know this
 * mode, or the exchange before, answers as ever, and that answer is taken as it is. Not thread-safe.
 */
final class InterleavedMode {
    /**
     * Where polls are longer, s, what the hard bound grows by until the exchange is complete is more than the stamp is better by: 30 us at the
     * usual max_drift of 15 ppm, about what a server takes from its own stamp to that of the kernel.
     */
    static final double LONGEST_POLL = 2;

    /** After so many requests without an answer nobody remembers the exchange before, and it is too old to be of use. */
    private static final int MOST_MISSED = 4;

    /** An exchange of which it may come later when its reply left. */
    private record Unfinished(
            long t1, StampKind transmitted, NtpTimestamp serverReceive, long t4, StampKind received, boolean taken) {}

    /** What an interleaved reply completes: the stamps of the exchange before, but for the one in the reply. */
    record Completed(long t1, NtpTimestamp serverReceive, long t4, StampKind stamps) {}

    private Optional<Unfinished> before = Optional.empty();
    private int missed;

    /** What comes back in an interleaved reply to the request under way; 0: none can come. */
    private long cookie;

    private boolean answersSo;

    /** Nothing of what was exchanged before holds. */
    void forget() {
        before = Optional.empty();
        cookie = 0;
        answersSo = false;
    }

    /**
     * The next request.
     *
     * @param basicCookie what comes back in a basic reply
     * @param wanted whether an interleaved reply is
     */
    NtpPacket request(long basicCookie, boolean wanted, RandomGenerator random) {
        if (missed++ >= MOST_MISSED) {
            forget();
        }
        cookie = 0;
        if (before.isEmpty() || !wanted) {
            return NtpPacket.request(new NtpTimestamp(basicCookie));
        }
        while (cookie == 0 || cookie == basicCookie) {
            cookie = random.nextLong();
        }
        return NtpPacket.request(before.get().serverReceive(), new NtpTimestamp(cookie), new NtpTimestamp(basicCookie));
    }

    /** What comes back in an interleaved reply to the request under way; 0: none can come. */
    long cookie() {
        return cookie;
    }

    /** Whether the newest good reply was interleaved. */
    boolean answersSo() {
        return answersSo;
    }

    /** The exchange that an interleaved reply completes; none if it has been taken in its basic form. */
    Optional<Completed> completed() {
        return before.filter(exchange -> !exchange.taken())
                .map(exchange -> new Completed(
                        exchange.t1(),
                        exchange.serverReceive(),
                        exchange.t4(),
                        StampKind.ofBoth(exchange.transmitted(), exchange.received())));
    }

    /**
     * A good reply: the next one may complete this exchange.
     *
     * @param interleaved whether it was; else it has been taken as it is
     */
    void onReply(
            long t1,
            StampKind transmitted,
            NtpTimestamp serverReceive,
            long t4,
            StampKind received,
            boolean interleaved) {
        before = Optional.of(new Unfinished(t1, transmitted, serverReceive, t4, received, !interleaved));
        missed = 0;
        answersSo = interleaved;
    }
}
