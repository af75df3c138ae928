// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which silence of a loop is an alarm, in virtual time; and that the alarm comes, on real threads. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class WatchdogTest {
    private final List<Watchdog.Trouble> alarms = new ArrayList<>();
    private final Watchdog watchdog = new Watchdog(Watchdog.LOOK_MILLIS, alarms::add);

    /** A process in virtual time, ms: loops that turn, and a watchdog that looks a second after it has looked. */
    private final class VirtualProcess {
        final List<VirtualLoop> loops = new ArrayList<>();
        long now;
        long nextLook = Watchdog.LOOK_MILLIS;
        long looks;
        Optional<Watchdog.Trouble> trouble = Optional.empty();

        /** A loop that turns so long after it has turned. */
        VirtualLoop loop(String name, long periodMillis) {
            VirtualLoop loop = new VirtualLoop(periodMillis);
            loops.add(loop);
            watchdog.watch(
                    Thread.ofPlatform().name("chronotick-" + name).unstarted(() -> {}),
                    () -> loop.alive,
                    () -> loop.turns);
            return loop;
        }

        /** Time passes while everything runs. The watchdog comes first where it can: it sees the least. */
        void run(long millis) {
            long end = now + millis;
            while (now < end && trouble.isEmpty()) {
                lookIfDue();
                loops.forEach(loop -> loop.turnIfDue(now));
                now++;
            }
        }

        /** Time passes while nothing runs. */
        void stop(long millis) {
            now += millis;
        }

        void lookIfDue() {
            if (now >= nextLook && trouble.isEmpty()) {
                trouble = watchdog.look();
                looks++;
                nextLook = now + Watchdog.LOOK_MILLIS;
            }
        }
    }

    private static final class VirtualLoop {
        final long period;
        long turns;
        long next;
        LongSupplier waits = () -> 0;
        boolean alive = true;
        boolean hangs;

        VirtualLoop(long period) {
            this.period = period;
        }

        void turnIfDue(long now) {
            if (now >= next && !hangs) {
                turns++;
                next = now + period + waits.getAsLong();
            }
        }
    }

    private final VirtualProcess process = new VirtualProcess();
    private final VirtualLoop writer = process.loop("writer", 10);
    private final VirtualLoop network = process.loop("network", 1_000);
    private final VirtualLoop status = process.loop("status", 1_005);

    private String text() {
        return process.trouble.map(Watchdog.Trouble::text).orElse("");
    }

    @Test
    void shouldBeQuietWhileAllIsWell() {
        process.run(24 * 3_600_000L);
        assertThat(text()).isEmpty();
        assertThat(process.looks).isGreaterThan(80_000);
    }

    @Test
    void shouldNameTheLoopThatHangs() {
        process.run(100_000);
        network.hangs = true;
        process.run(29_000);
        assertThat(text()).isEmpty();
        process.run(3_000);
        assertThat(text()).isEqualTo("the network thread hangs: its loop has not turned for 30 s");
        assertThat(process.trouble.orElseThrow().thread()).isPresent();
    }

    @Test
    void shouldNoticeALoopThatNeverTurned() {
        status.hangs = true;
        process.run(40_000);
        assertThat(text()).startsWith("the status thread hangs");
    }

    @Test
    void shouldLetALoopBeSlow() {
        for (int i = 0; i < 100; i++) {
            writer.hangs = true;
            process.run(28_500);
            writer.hangs = false;
            process.run(20);
        }
        assertThat(text()).isEmpty();
    }

    /** SIGSTOP and SIGCONT, a suspend, a debugger: nothing runs, and afterwards the watchdog is the first to run. */
    @ParameterizedTest
    @ValueSource(longs = {500, 5_000, 29_000, 31_000, 3_600_000, 100 * 86_400_000L})
    void shouldNotTakeAStoppedProcessForAHungLoop(long stoppedMillis) {
        process.run(10_500);
        for (int i = 0; i < 1_000; i++) {
            process.stop(stoppedMillis);
            // It runs for a moment only, and is stopped again.
            process.lookIfDue();
            process.run(3);
        }
        process.run(60_000);
        assertThat(text()).isEmpty();
        assertThat(process.looks).isGreaterThan(60);
    }

    /** Every thread gets its CPU seconds after it wants it, the watchdog almost at once. */
    @Test
    void shouldNotTakeABusyMachineForAHungLoop() {
        Random random = new Random(4711);
        process.loops.forEach(loop -> loop.waits = () -> random.nextInt(25_000));
        process.run(20_000_000);
        assertThat(text()).isEmpty();
        assertThat(network.turns).isGreaterThan(1_000);
    }

    @Test
    void shouldSeeThatAThreadHasEnded() {
        process.run(5_000);
        status.alive = false;
        process.run(1_500);
        assertThat(text()).isEqualTo("the status thread has ended");
    }

    @Test
    void shouldSayInOneLineWhatAThreadHasDiedOf() {
        Thread thread = Thread.ofPlatform().name("chronotick-exchanges").unstarted(() -> {});
        assertThat(Watchdog.death(thread, new IllegalStateException("the disk\n\tspeaks"))
                        .text())
                .isEqualTo("the exchanges thread has died: IllegalStateException: the disk");
        assertThat(Watchdog.death(thread, new StackOverflowError()).text())
                .isEqualTo("the exchanges thread has died: StackOverflowError");
    }

    // --- On real threads ---

    private static final long NEVER = 3_600_000;

    private final BlockingQueue<Watchdog.Trouble> heard = new LinkedBlockingQueue<>();

    private Thread start(Watchdog real) {
        return Thread.ofPlatform().name("chronotick-watchdog").start(real);
    }

    @Test
    void shouldHearOfADeathAtOnceAndRaiseTheAlarmOnce() throws InterruptedException {
        Watchdog real = new Watchdog(NEVER, heard::add);
        Thread watching = start(real);
        for (int i = 0; i < 2; i++) {
            Thread.ofPlatform()
                    .name("chronotick-model-long_term")
                    .uncaughtExceptionHandler(real)
                    .start(() -> {
                        throw new LinkageError("no such symbol");
                    })
                    .join();
        }
        watching.join();
        assertThat(heard).hasSize(1);
        assertThat(heard.take().text()).isEqualTo("the model-long_term thread has died: LinkageError: no such symbol");
    }

    @Test
    void shouldLookByItself() throws InterruptedException {
        Watchdog real = new Watchdog(1, heard::add);
        AtomicLong turns = new AtomicLong();
        real.watch(Thread.currentThread(), turns::get);
        start(real).join();
        assertThat(heard.take().text()).contains("hangs");
    }

    @Test
    void shouldRaiseNoAlarmOnceItIsStopped() throws InterruptedException {
        Watchdog real = new Watchdog(NEVER, heard::add);
        Thread watching = start(real);
        real.stop();
        watching.interrupt();
        watching.join();
        assertThat(heard).isEmpty();
    }

    @Test
    void shouldRaiseTheAlarmWhenItIsInterruptedByAnybodyElse() throws InterruptedException {
        Thread watching = start(new Watchdog(NEVER, heard::add));
        watching.interrupt();
        watching.join();
        assertThat(heard.take().text()).isEqualTo("the watchdog thread was interrupted");
    }
}
