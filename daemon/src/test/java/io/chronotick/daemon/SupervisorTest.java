// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a service manager is told and when, in virtual time. */
class SupervisorTest {
    private static final long SECOND = VirtualClocks.SECOND;
    private static final String PING = "WATCHDOG=1";

    private final VirtualClocks clocks = new VirtualClocks();
    private final List<String> sent = new ArrayList<>();
    private final Loops loops = new Loops();
    private boolean isDeaf;
    private boolean isClosed;
    private final Supervisor supervisor = supervisor(5 * SECOND);

    private static final class Loops implements Supervisor.Subject {
        boolean writerTurns;
        boolean engineTurns;
        long writer;
        long engine;
        String state = "WARMING UP: waiting for a first answer";

        @Override
        public long writerTurns() {
            return writer;
        }

        @Override
        public long engineTurns() {
            return engine;
        }

        @Override
        public String state() {
            return state;
        }
    }

    private Supervisor supervisor(long pingNanos) {
        Supervisor.Link link = new Supervisor.Link() {
            @Override
            public void send(String message) throws IOException {
                if (isDeaf) {
                    throw new IOException("no buffer space");
                }
                sent.add(message);
            }

            @Override
            public void close() {
                isClosed = true;
            }
        };
        return new Supervisor(link, loops, clocks, pingNanos);
    }

    /** Time passes while both look and turn as they do. */
    private void run(long seconds) {
        long end = clocks.monotonicNanos() + seconds * SECOND;
        while (clocks.monotonicNanos() < end) {
            loops.writer += loops.writerTurns ? 1 : 0;
            loops.engine += loops.engineTurns ? 1 : 0;
            clocks.pass(supervisor.look());
        }
    }

    private void start() {
        loops.writerTurns = true;
        loops.engineTurns = true;
        run(1);
        sent.clear();
    }

    @Test
    void shouldBeReadyWithTheFirstRecordAndNotBefore() {
        loops.engineTurns = true;
        run(3);
        assertThat(sent).isEmpty();
        loops.writerTurns = true;
        run(1);
        assertThat(sent).containsExactly("READY=1\nSTATUS=WARMING UP: waiting for a first answer");
    }

    @Test
    void shouldSayEachStateOnce() {
        start();
        loops.state = "READY: 3 of 4 servers agree";
        run(3);
        loops.state = "HOLDOVER: waiting for an answer:\nno answer";
        run(1);
        assertThat(sent)
                .containsExactly(
                        "STATUS=READY: 3 of 4 servers agree", "STATUS=HOLDOVER: waiting for an answer: no answer");
    }

    @Test
    void shouldGiveASignOfLifeAtHalfOfTheTimeThatTheManagerWaits() {
        start();
        run(60);
        assertThat(sent).hasSize(12).containsOnly(PING);
    }

    @Test
    void shouldGiveNoneWhereNoneIsWanted() {
        start();
        Supervisor other = supervisor(0);
        for (int i = 0; i < 100; i++) {
            loops.writer++;
            loops.engine++;
            clocks.pass(other.look());
        }
        assertThat(sent).doesNotContain(PING);
    }

    @ParameterizedTest
    @CsvSource({"true, false", "false, true", "false, false"})
    void shouldGiveNoneWhileALoopHangsAndAgainWhenItGoesOn(boolean writerTurns, boolean engineTurns) {
        start();
        run(20);
        loops.writerTurns = writerTurns;
        loops.engineTurns = engineTurns;
        run(5); // what has turned before may still be told
        sent.clear();
        run(60);
        assertThat(sent).isEmpty();
        loops.writerTurns = true;
        loops.engineTurns = true;
        run(2);
        assertThat(sent).containsExactly(PING);
    }

    @Test
    void shouldTellAgainWhatWasNotTaken() {
        isDeaf = true;
        start();
        run(10);
        assertThat(sent).isEmpty();
        isDeaf = false;
        run(1);
        assertThat(sent).containsExactly("READY=1\nSTATUS=WARMING UP: waiting for a first answer", PING);
    }

    @Test
    void shouldTellOfAReloadAndOfTheEnd() {
        start();
        supervisor.reloading();
        supervisor.reloaded();
        supervisor.close();
        supervisor.close();
        run(10);
        assertThat(sent)
                .containsExactly(
                        "RELOADING=1\nMONOTONIC_USEC=" + 4_001_000_000L,
                        "READY=1\nSTATUS=WARMING UP: waiting for a first answer",
                        "STOPPING=1\nSTATUS=WARMING UP: waiting for a first answer");
        assertThat(isClosed).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "10000000,, 10000000000",
        "10000000, 42, 10000000000",
        "10000000, 43, 0",
        "0, 42, 0",
        ", 42, 0",
        "soon, 42, 0",
        "10000000, me, 0",
        "9223372036854775807, 42, 0"
    })
    void shouldKnowHowLongTheManagerWaits(String micros, String pid, long nanos) {
        Map<String, String> environment = new java.util.HashMap<>();
        if (micros != null) {
            environment.put("WATCHDOG_USEC", micros);
        }
        if (pid != null) {
            environment.put("WATCHDOG_PID", pid);
        }
        assertThat(Supervisor.watchdogNanos(environment, 42)).isEqualTo(nanos);
    }
}
