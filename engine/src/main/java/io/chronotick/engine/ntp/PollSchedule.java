// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import io.chronotick.engine.math.Nanos;
import java.util.function.DoublePredicate;
import java.util.random.RandomGenerator;

/**
 * When a server is asked: a burst at first, then at the poll interval; ever less often while it is silent, while it asks for that (RATE)
 * or has refused (DENY, RSTR). Time comes in as an argument, CLOCK_MONOTONIC_RAW in ns. Not thread-safe.
 *
 * <p>The poll adapts between a shortest and a longest interval ({@link #adapt}); it is fixed where both are the same.
 *
 * <p>Whatever asks for more than the shortest poll, be it a burst, a retry or a contradiction that is to be settled, draws on one budget of
 * requests, and none of it does with a server that has sent RATE: that one is never asked faster than its slowed poll.
 */
final class PollSchedule {
    /** While a server does not answer it is asked at intervals that double from this, s, to its normal poll. */
    private static final double FIRST_RETRY = 2;

    /** A server that does not answer at all is asked at least every so many seconds, or at its shortest poll if that is longer. */
    private static final double SILENT_POLL = 256;

    /** A request that cannot leave this host is no burden to anybody: the next one is tried after so many seconds at most. */
    private static final double NOT_SENT_RETRY = 8;

    /**
     * So many answers in a row have to find the doubled poll good enough before it is. One might be a lucky one; more cost a server
     * requests that bring little. Halved it is at once.
     */
    private static final int STEADY_ANSWERS = 2;

    /** A RATE kiss doubles the poll up to this, s (RFC 5905: MAXPOLL, 2^17 s; chrony ends at 2^10 for it). */
    private static final double SLOWEST_POLL = 1024;

    /**
     * The poll is halved again after so many answers since the last RATE kiss, a number that each kiss doubles from the least
     * to the most: a server whose limit lies between two polls is bothered ever less often.
     */
    private static final int LEAST_RECOVERY = 16;

    private static final int MOST_RECOVERY = 1024;

    /**
     * A server that has sent DENY or RSTR is left alone for this, s, doubling with each further one to the longest. RFC 5905,
     * section 7.4, has a client stop for good; but servers change their minds, and an on-path attacker who can forge one kiss
     * must not have silenced a server for ever. A packet an hour, then a packet a day, is no burden to anybody.
     */
    private static final double FIRST_DENIAL = 3600;

    private static final double LONGEST_DENIAL = 86_400;

    /** Polls are spread by this part at random, so that clients do not fall into step. */
    private static final double POLL_SPREAD = 0.02;

    /** So many answers are enough of a burst where somebody says so ({@link #endBurst}). */
    private static final int ENOUGH_ANSWERS = 4;

    /** A request that comes sooner than this part of the poll after the one before draws on the budget. */
    private static final double QUICK_PART = 0.9;

    /** The budget grows by one request in so many shortest polls: the mean rate exceeds theirs by a quarter at most. */
    private static final double REFILL_POLLS = 4;

    private final int burstCount;
    private final RandomGenerator random;
    private boolean started;
    private boolean denied;
    private double denialSeconds = FIRST_DENIAL;
    private int recovery = LEAST_RECOVERY;
    private int answersSinceRate;
    private long nextNanos;
    private double shortestSeconds = 1;
    private double longestSeconds = 1;

    /** Between these two, as good as what is known allows. */
    private double adaptedSeconds = 1;

    private int steadyAnswers;

    /** What a server has asked for by RATE, s; 0 while it has not, or has got over it. */
    private double slowedSeconds;

    /** Whether the newest request is known to have stayed on this host. */
    private boolean notSent;

    private double burstSeconds = 1;
    private double retrySeconds = FIRST_RETRY;

    /** Requests that are still to be made in quick succession. */
    private int burstLeft;

    /** Answers to the burst that measures a path which is not known, and whether it is one of that kind. */
    private int burstAnswers;

    private boolean burstMayEnd;

    /** Whether RATE was said since the beginning. */
    private boolean rateLimited;

    /** Requests that may still be made sooner than at the poll. */
    private double budget;

    private long lastRequestNanos;

    /**
     * A schedule that asks for nothing before {@link #begin}.
     *
     * @param burstCount most requests in quick succession, at the beginning or later
     * @param random what spreads the polls
     */
    PollSchedule(int burstCount, RandomGenerator random) {
        this.burstCount = burstCount;
        this.random = random;
    }

    /** Asks at once, with a burst, then at a poll that adapts, beginning with the shortest, or is fixed if both are the same; all in s. */
    void begin(double shortest, double longest, double burst, long rawNanos) {
        setPoll(shortest, longest);
        burstSeconds = burst;
        started = true;
        denied = false;
        denialSeconds = FIRST_DENIAL;
        recovery = LEAST_RECOVERY;
        answersSinceRate = 0;
        retrySeconds = FIRST_RETRY;
        notSent = false;
        rateLimited = false;
        budget = burstCount;
        lastRequestNanos = rawNanos;
        beginBurst(burstCount);
        nextNanos = rawNanos;
    }

    /** Asks for nothing any more. */
    void end() {
        started = false;
    }

    private void setPoll(double shortest, double longest) {
        shortestSeconds = shortest;
        longestSeconds = longest;
        adaptedSeconds = shortest;
        slowedSeconds = 0;
        steadyAnswers = 0;
    }

    private void beginBurst(int count) {
        burstLeft = count;
        burstAnswers = 0;
        burstMayEnd = true;
    }

    /** A request goes out. */
    void onRequest(long rawNanos) {
        double elapsed = Nanos.toSeconds(rawNanos - lastRequestNanos);
        budget = budgetAt(rawNanos);
        if (elapsed < QUICK_PART * leastSeconds()) {
            budget = Math.max(budget - 1, 0);
        }
        notSent = false;
        lastRequestNanos = rawNanos;
        burstLeft = Math.max(burstLeft - 1, 0);
    }

    /** The last request has never left this host: no server has been asked, so it costs nothing. */
    void onNotSent() {
        budget = Math.min(budget + 1, burstCount);
        notSent = true;
    }

    private double budgetAt(long rawNanos) {
        double grown = Nanos.toSeconds(rawNanos - lastRequestNanos) / (REFILL_POLLS * leastSeconds());
        return Math.min(budget + Math.max(grown, 0), burstCount);
    }

    private boolean mayHurry(long rawNanos) {
        return !denied && !rateLimited && budgetAt(rawNanos) >= 1;
    }

    /** What is known is good enough: a burst that has brought {@value #ENOUGH_ANSWERS} answers need not go on. */
    void endBurst() {
        if (burstMayEnd && burstLeft > 0 && burstAnswers >= ENOUGH_ANSWERS) {
            burstLeft = 0;
            schedule(lastRequestNanos, pollSeconds());
        }
    }

    /**
     * An answer has been made use of: the poll is halved at once where it is not good enough, and doubled where the doubled one has been for
     * {@value #STEADY_ANSWERS} answers in a row. Not during a burst, whose answers say little of the time after it.
     *
     * @param isGoodEnough whether what is known will be good enough until the next answer, so many seconds after this one
     */
    void adapt(DoublePredicate isGoodEnough) {
        if (burstLeft > 0 || shortestSeconds == longestSeconds) {
            return;
        }
        double before = adaptedSeconds;
        double doubled = Math.min(2 * adaptedSeconds, longestSeconds);
        if (!isGoodEnough.test(adaptedSeconds)) {
            halve();
        } else if (doubled == adaptedSeconds || !isGoodEnough.test(doubled)) {
            steadyAnswers = 0;
        } else if (++steadyAnswers >= STEADY_ANSWERS) {
            adaptedSeconds = doubled;
            steadyAnswers = 0;
        }
        if (adaptedSeconds != before) {
            schedule(lastRequestNanos, pollSeconds());
        }
    }

    private void halve() {
        adaptedSeconds = Math.max(adaptedSeconds / 2, shortestSeconds);
        steadyAnswers = 0;
    }

    /** One of the others is lost: this one counts for more. */
    void shorten(long rawNanos) {
        halve();
        askBefore(pollSeconds(), rawNanos);
    }

    /** What was learned of the clock is void: back to the shortest poll. */
    void shortenFully(long rawNanos) {
        adaptedSeconds = shortestSeconds;
        steadyAnswers = 0;
        askBefore(pollSeconds(), rawNanos);
    }

    private void askBefore(double seconds, long rawNanos) {
        if (started && !denied) {
            nextNanos = Math.min(nextNanos, Math.max(rawNanos, lastRequestNanos + Nanos.ofSeconds(seconds)));
        }
    }

    /** Whether the server is asked: it has an address, and has not refused. */
    boolean isAsking() {
        return started && !denied;
    }

    /** Whether the server has refused to serve us and has not answered otherwise since. */
    boolean isDenied() {
        return denied;
    }

    /** Whether the server has asked for less by RATE and has not got over it. */
    boolean isSlowed() {
        return slowedSeconds > 0;
    }

    /** Interval at which a server that answers is asked now, s. */
    double pollSeconds() {
        return Math.max(adaptedSeconds, slowedSeconds);
    }

    /** What is asked sooner than so many seconds after the request before draws on the budget. */
    double leastSeconds() {
        return Math.max(shortestSeconds, slowedSeconds);
    }

    /** The source is asked by others, at this interval, s. */
    void follow(double seconds) {
        setPoll(seconds, seconds);
    }

    /** Whether requests are made in quick succession. */
    boolean isBurst() {
        return burstLeft > 0;
    }

    /** When the next request is due; the end of time before {@link #begin}. */
    long nextNanos() {
        return started ? nextNanos : Long.MAX_VALUE;
    }

    boolean isDue(long rawNanos) {
        return started && rawNanos - nextNanos >= 0;
    }

    /**
     * Asks {@code count} times in quick succession, to settle a contradiction; a burst under way goes on. Not a server that
     * has asked for less, and no more often than the budget allows.
     */
    void confirm(int count, long rawNanos) {
        if (!mayHurry(rawNanos)) {
            return;
        }
        burstLeft = Math.max(burstLeft, count);
        burstMayEnd = false;
        nextNanos = Math.min(nextNanos, rawNanos + Nanos.ofSeconds(burstSeconds));
    }

    /** Asks at the latest after {@code seconds}; not while a request is under way, and not one who has refused or slowed us. */
    void askWithin(double seconds, long rawNanos) {
        if (!mayHurry(rawNanos)) {
            return;
        }
        nextNanos = Math.min(nextNanos, rawNanos + Nanos.ofSeconds(seconds));
    }

    /**
     * The request that went out at {@code transmittedNanos} was answered, and not by a kiss.
     *
     * @param first whether nothing has been answered of late: its path has to be measured
     */
    void onAnswer(long transmittedNanos, boolean first) {
        if (first && burstLeft < ENOUGH_ANSWERS && mayHurry(transmittedNanos)) {
            beginBurst(burstCount);
        }
        denied = false;
        burstAnswers++;
        denialSeconds = FIRST_DENIAL;
        retrySeconds = FIRST_RETRY;
        if (slowedSeconds > 0 && ++answersSinceRate >= recovery) {
            answersSinceRate = 0;
            slowedSeconds = slowedSeconds / 2 > shortestSeconds ? slowedSeconds / 2 : 0;
        }
        scheduleNext(transmittedNanos);
    }

    /**
     * A request has not been answered in time.
     *
     * @param unreachable whether none of the newest eight has been
     */
    void onSilence(long rawNanos, boolean unreachable) {
        if (denied) {
            // The denial is over, and now it is silent: no reason to hurry.
            schedule(rawNanos, Math.max(pollSeconds(), SLOWEST_POLL));
        } else if (unreachable) {
            retry(rawNanos);
        } else if (burstLeft > 0 && mayHurry(rawNanos)) {
            scheduleNext(rawNanos);
        } else {
            // Lost, or the network is gone: that is found out at the shortest poll, whatever the present one.
            schedule(rawNanos, leastSeconds());
        }
    }

    private void retry(long rawNanos) {
        double slowest = Math.max(leastSeconds(), Math.min(SILENT_POLL, longestSeconds));
        double seconds = Math.min(retrySeconds, notSent ? NOT_SENT_RETRY : Math.max(slowest, FIRST_RETRY));
        retrySeconds = Math.min(2 * retrySeconds, SLOWEST_POLL);
        schedule(rawNanos, mayHurry(rawNanos) ? seconds : Math.max(seconds, leastSeconds()));
    }

    /** The server has sent a kiss-o'-death (RFC 5905, section 7.4). */
    void onKiss(String code, long rawNanos) {
        burstLeft = 0;
        switch (code) {
            case "DENY", "RSTR" -> {
                denied = true;
                schedule(rawNanos, Math.max(pollSeconds(), denialSeconds));
                denialSeconds = Math.min(2 * denialSeconds, LONGEST_DENIAL);
            }
            case "RATE" -> {
                denied = false;
                rateLimited = true;
                recovery = Math.min(2 * recovery, MOST_RECOVERY);
                answersSinceRate = 0;
                slowedSeconds = Math.min(2 * pollSeconds(), Math.max(SLOWEST_POLL, adaptedSeconds));
                schedule(rawNanos, pollSeconds());
            }
            // Other codes ask for nothing (RFC 5905, section 7.4): as if there had been no answer.
            default -> schedule(rawNanos, denied ? Math.max(pollSeconds(), SLOWEST_POLL) : pollSeconds());
        }
    }

    /**
     * The raw clock has jumped.
     *
     * @param asked whether a request was under way; it is given up
     */
    void onDiscontinuity(long rawNanos, boolean asked) {
        lastRequestNanos = rawNanos;
        if (asked) {
            scheduleNext(rawNanos);
        }
        // It may have jumped back: what was to be soon is not to be in years.
        double longest = denied ? LONGEST_DENIAL : pollSeconds() * (1 + POLL_SPREAD);
        nextNanos = Math.min(nextNanos, rawNanos + Nanos.ofSeconds(longest));
    }

    private void scheduleNext(long rawNanos) {
        if (burstLeft > 0 && mayHurry(rawNanos)) {
            nextNanos = lastRequestNanos + Nanos.ofSeconds(burstSeconds);
        } else {
            schedule(rawNanos, pollSeconds());
        }
    }

    private void schedule(long rawNanos, double seconds) {
        double spread = 1 + POLL_SPREAD * (2 * random.nextDouble() - 1);
        nextNanos = rawNanos + Nanos.ofSeconds(seconds * spread);
    }
}
