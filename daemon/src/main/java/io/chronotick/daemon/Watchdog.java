// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Looks after the daemon's threads, on a thread of its own: raises the alarm once, for the first that has died or hangs.
 *
 * <p>A loop hangs when it has not turned once between {@link #PATIENCE} looks in a row. Looks are counted, not time: what stops
 * the whole process (SIGSTOP, a suspend, a paused virtual machine, a debugger, a frozen cgroup) stops the looks too, and none is
 * made up for afterwards, because each comes a whole period of waiting behind the one before. Where CPU is scarce, the looks
 * come late like the turns that they wait for.
 *
 * <p>{@link #uncaughtException} is for any thread; all else belongs to the watchdog's own once that runs.
 */
final class Watchdog implements Runnable, Thread.UncaughtExceptionHandler {
    /** Between two looks, ms. Every loop turns about as often when all is well. */
    static final long LOOK_MILLIS = 1_000;

    /**
     * So many looks in a row without a turn mean that a loop hangs. Nothing is at stake meanwhile: a record that is not
     * written ages and expires, and one that nothing is measured for states a bound that grows. So it may be long: the longest
     * honest turn takes some tenths of a second of CPU, of which the machine may have little to give.
     */
    static final int PATIENCE = 30;

    /**
     * What has happened to a thread.
     *
     * @param text for people: which thread, and what
     * @param cause what it died of, if that is known
     * @param thread the thread, if it still lives
     */
    record Trouble(String text, Optional<Throwable> cause, Optional<Thread> thread) {}

    private final long lookMillis;
    private final Consumer<Trouble> alarm;
    private final List<Loop> loops = new ArrayList<>();
    private final BlockingQueue<Trouble> deaths = new LinkedBlockingQueue<>();
    private volatile boolean stopping;

    /** A thread whose end is nobody's wish, and how often its loop has turned. */
    private static final class Loop {
        final Thread thread;
        final BooleanSupplier alive;
        final LongSupplier turns;
        long seenTurns;
        int looksWithoutTurn;

        Loop(Thread thread, BooleanSupplier alive, LongSupplier turns) {
            this.thread = thread;
            this.alive = alive;
            this.turns = turns;
        }

        boolean hangs() {
            long now = turns.getAsLong();
            looksWithoutTurn = now == seenTurns ? looksWithoutTurn + 1 : 0;
            seenTurns = now;
            return looksWithoutTurn >= PATIENCE;
        }
    }

    /**
     * A watchdog of nobody yet.
     *
     * @param lookMillis between two looks; {@link #LOOK_MILLIS} but for tests
     * @param alarm called on the watchdog's thread, once at most
     */
    Watchdog(long lookMillis, Consumer<Trouble> alarm) {
        this.lookMillis = lookMillis;
        this.alarm = alarm;
    }

    /**
     * Looks after a thread that has been started.
     *
     * @param turns how often its loop has turned; for any thread
     */
    void watch(Thread thread, LongSupplier turns) {
        watch(thread, thread::isAlive, turns);
    }

    /** For tests, which have no time to let a thread live or die. */
    void watch(Thread thread, BooleanSupplier alive, LongSupplier turns) {
        loops.add(new Loop(thread, alive, turns));
    }

    /** A thread dies of what it did not expect. */
    @Override
    public void uncaughtException(Thread thread, Throwable cause) {
        deaths.add(death(thread, cause));
    }

    /** That a thread has died. */
    static Trouble death(Thread thread, Throwable cause) {
        String message = Objects.requireNonNullElse(cause.getMessage(), "")
                .lines()
                .findFirst()
                .map(line -> ": " + line)
                .orElse("");
        return new Trouble(
                name(thread) + " has died: " + cause.getClass().getSimpleName() + message,
                Optional.of(cause),
                Optional.empty());
    }

    /** No alarm any more. Any thread, which then interrupts the watchdog's to have it end at once. */
    void stop() {
        stopping = true;
    }

    @Override
    public void run() {
        Optional<Trouble> trouble = Optional.empty();
        try {
            while (trouble.isEmpty() && !stopping) {
                trouble = Optional.ofNullable(deaths.poll(lookMillis, TimeUnit.MILLISECONDS))
                        .or(this::look);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!stopping) {
            alarm.accept(trouble.orElseGet(() -> new Trouble(
                    name(Thread.currentThread()) + " was interrupted", Optional.empty(), Optional.empty())));
        }
    }

    /** One look at every loop. */
    Optional<Trouble> look() {
        for (Loop loop : loops) {
            if (!loop.alive.getAsBoolean()) {
                // What it died of may have come in since the queue was looked at.
                return Optional.ofNullable(deaths.poll())
                        .or(() -> Optional.of(
                                new Trouble(name(loop.thread) + " has ended", Optional.empty(), Optional.empty())));
            }
            if (loop.hangs()) {
                return Optional.of(new Trouble(
                        String.format(
                                Locale.ROOT,
                                "%s hangs: its loop has not turned for %.0f s",
                                name(loop.thread),
                                PATIENCE * lookMillis * 1e-3),
                        Optional.empty(),
                        Optional.of(loop.thread)));
            }
        }
        return Optional.empty();
    }

    private static String name(Thread thread) {
        return "the " + Objects.requireNonNull(thread.getName()).replaceFirst("^chronotick-", "") + " thread";
    }
}
