// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.ntp.SourceState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of the time where exchanges are complete one poll after they were measured (RFC 9769). */
class InterleavedWorldTest {
    private static final double EARLY = 300e-6;

    private static VirtualWorld world(int interleaved, int basic, double poll, long seed) {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 12, seed);
        for (int i = 0; i < interleaved + basic; i++) {
            VirtualWorld.VirtualServer server =
                    i < interleaved ? world.addInterleavedServer(poll) : world.addServer(poll);
            server.baseSeconds = 0.0002;
            server.jitterSeconds = 0.00002;
            server.earlyStampSeconds = i < interleaved ? EARLY : 0;
        }
        world.wander(1e-9, 8_000, seed + 1);
        return world;
    }

    /** Alone, and beside others whose exchanges are newer; with lost packets. */
    @ParameterizedTest
    @CsvSource({"1, 0, 1", "1, 0, 2", "4, 0, 2", "1, 3, 2", "2, 2, 2"})
    void shouldKeepTheBoundAndGoOnWithoutHoldover(int interleaved, int basic, double poll) {
        VirtualWorld world = world(interleaved, basic, poll, 5);
        world.runUntil(40 * SECOND);
        assertThat(world.engine.isWarmupComplete()).isTrue();
        world.runUntil(400 * SECOND, (w, c) -> {
            assertThat((double) Math.abs(w.error()))
                    .as("at %d s", w.rawNanos() / SECOND)
                    .isLessThanOrEqualTo(c.maxErrorAt(w.rawNanos()) * 1e9);
            assertThat(c.holdover()).as("at %d s", w.rawNanos() / SECOND).isFalse();
        });
        assertThat(world.engine.sources(world.rawNanos())).allMatch(source -> source.state() == SourceState.SELECTED);
        assertThat(world.engine.sources(world.rawNanos()).subList(0, interleaved))
                .allMatch(source -> source.interleaved());
    }

    /** The server stamps its replies 300 us early; half of that is the error in basic mode. */
    @Test
    void shouldNotBeOffByWhatTheServerStampsTooEarly() {
        VirtualWorld world = world(1, 0, 2, 6);
        long[] worst = new long[1];
        world.runUntil(60 * SECOND);
        world.runUntil(300 * SECOND, (w, c) -> worst[0] = Math.max(worst[0], Math.abs(w.error())));
        assertThat(worst[0] * 1e-9).isLessThan(EARLY / 4);
        VirtualWorld basic = new VirtualWorld(EngineConfig.DEFAULT, 12, 6);
        VirtualWorld.VirtualServer server = basic.addServer(2);
        server.baseSeconds = 0.0002;
        server.jitterSeconds = 0.00002;
        server.earlyStampSeconds = EARLY;
        basic.runUntil(300 * SECOND);
        assertThat(Math.abs(basic.error()) * 1e-9).isGreaterThan(EARLY / 3);
    }

    @Test
    void shouldNoticeSilence() {
        VirtualWorld world = world(2, 0, 2, 7);
        world.runUntil(200 * SECOND);
        world.servers.forEach(server -> server.down = true);
        world.runUntil(220 * SECOND);
        assertThat(world.correction().holdover()).isTrue();
    }

    /** One of four lies by 50 ms from some time on: it is found out as soon as what it said then is known. */
    @Test
    void shouldFindAFalsetickerOut() {
        VirtualWorld world = world(4, 0, 2, 8);
        world.runUntil(200 * SECOND);
        world.servers.get(2).lieSeconds = 0.05;
        world.runUntil(
                300 * SECOND,
                (w, c) -> assertThat((double) Math.abs(w.error()))
                        .as("at %d s", w.rawNanos() / SECOND)
                        .isLessThanOrEqualTo(c.maxErrorAt(w.rawNanos()) * 1e9));
        assertThat(world.engine.sources(world.rawNanos()).get(2).state()).isEqualTo(SourceState.FALSETICKER);
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
    }
}
