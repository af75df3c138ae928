// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.time.FakeClocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When the time is handed on, and what becomes of outputs that fail. */
class OutputLoopTest {
    private static final long MILLI = 1_000_000;

    private final FakeClocks clocks = new FakeClocks();
    private Optional<TimeSample> sample = Optional.empty();
    private final Recording good = new Recording();
    private final Recording bad = new Recording();

    private static final class Recording implements Output {
        final List<Optional<TimeSample>> got = new ArrayList<>();
        boolean fails;
        boolean closed;

        @Override
        public String describe() {
            return "a test";
        }

        @Override
        public void put(Optional<TimeSample> sample) throws IOException {
            if (fails) {
                throw new IOException("no");
            }
            got.add(sample);
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private TimeSample sample(long offset, long bound, boolean holdover) {
        return Samples.of(clocks, offset, bound, holdover);
    }

    private OutputLoop loop() {
        return new OutputLoop(clocks, () -> sample, List.of(bad, good));
    }

    private void pass(long nanos, OutputLoop loop) {
        clocks.pass(nanos, 0);
        loop.turn();
    }

    @Test
    void shouldHandOnOnceASecondWhatDoesNotChange() {
        OutputLoop loop = loop();
        for (int i = 0; i <= 60; i++) {
            sample = Optional.of(sample(20 * MILLI, MILLI, false));
            pass(50 * MILLI, loop);
        }
        assertThat(good.got).hasSize(4); // at 0, 1, 2 and 3 s
    }

    @Test
    void shouldHandOnAChangeAtOnce() {
        OutputLoop loop = loop();
        pass(50 * MILLI, loop);
        assertThat(good.got).containsExactly(Optional.empty());

        List<TimeSample> changes = new ArrayList<>();
        changes.add(sample(20 * MILLI, MILLI, false)); // there is a time
        changes.add(sample(20 * MILLI + 200_000, MILLI, false)); // moved by more than a slewed clock moves meanwhile
        changes.add(sample(20 * MILLI + 200_000, MILLI, true));
        changes.add(sample(20 * MILLI + 200_000, 2 * MILLI, true));
        for (TimeSample change : changes) {
            sample = Optional.of(change);
            int before = good.got.size();
            pass(50 * MILLI, loop);
            assertThat(good.got).hasSize(before + 1).last().isEqualTo(sample);
            sample = Optional.of(sample(change.offsetNanos() + 30_000, change.boundNanos(), change.holdover()));
            pass(50 * MILLI, loop);
            assertThat(good.got).as("what the drift covers").hasSize(before + 1);
        }
        sample = Optional.empty();
        pass(50 * MILLI, loop);
        assertThat(good.got).last().isEqualTo(Optional.empty());
    }

    @Test
    void shouldNotLetOneThatFailsHinderTheOthers() {
        bad.fails = true;
        OutputLoop loop = loop();
        sample = Optional.of(sample(0, MILLI, false));
        pass(0, loop);
        assertThat(good.got).hasSize(1);
        bad.fails = false;
        pass(1000 * MILLI, loop);
        assertThat(bad.got).hasSize(1);
    }

    @Test
    void shouldSayAtTheEndThatThereIsNoTime() {
        OutputLoop loop = loop();
        sample = Optional.of(sample(0, MILLI, false));
        loop.stop();
        loop.run();
        assertThat(good.got).hasSize(2).last().isEqualTo(Optional.empty());
        assertThat(good.closed).isTrue();
        assertThat(bad.closed).isTrue();
        assertThat(loop.turns()).isEqualTo(1);
    }
}
