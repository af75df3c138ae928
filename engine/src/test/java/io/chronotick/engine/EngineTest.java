// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine in virtual time: what it publishes against a truth that the test knows. */
class EngineTest {
    private static final double DRIFT_PPM = 12;

    /** Errors and coverage seen at every whole second. */
    private static final class Score {
        int seconds;
        int inside95;
        int insideBound;
        double squares;
        double widest;

        void add(VirtualWorld world, Correction c) {
            double error = world.error() * 1e-9;
            seconds++;
            squares += error * error;
            inside95 += Math.abs(error) <= 1.96 * c.sdAt(world.rawNanos()) ? 1 : 0;
            insideBound += Math.abs(error) <= c.maxErrorAt(world.rawNanos()) ? 1 : 0;
            widest = Math.max(widest, c.maxErrorAt(world.rawNanos()));
        }

        double rms() {
            return Math.sqrt(squares / seconds);
        }

        double coverage() {
            return inside95 / (double) seconds;
        }

        @Override
        public String toString() {
            return "rms %.1f us, coverage %.1f %%, bound %d/%d, widest %.1f us"
                    .formatted(rms() * 1e6, 100 * coverage(), insideBound, seconds, widest * 1e6);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldTrackDriftThroughJitterLossAndALiar(long seed) {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, DRIFT_PPM, seed);
        for (int i = 0; i < 4; i++) {
            world.addServer(2.0);
        }
        world.servers.get((int) (seed % 4)).lieSeconds = 0.080;

        world.runUntil(180 * SECOND);
        Score score = new Score();
        world.runUntil(1200 * SECOND, score::add);
        System.out.println("seed " + seed + " " + score);

        assertThat(score.rms()).as(score.toString()).isLessThan(150e-6);
        assertThat(score.insideBound).isEqualTo(score.seconds);
        assertThat(world.engine.sources(world.rawNanos()).get((int) (seed % 4)).state())
                .isEqualTo(SourceState.FALSETICKER);
    }

    @Test
    void shouldBeReadyAfterABurstAndValidAfterOneExchange() {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, DRIFT_PPM, 7);
        VirtualWorld.VirtualServer server = world.addServer(10.0);
        server.lossProbability = 0;

        world.runUntil(SECOND / 10);
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
        assertThat(world.correction().source()).isEqualTo(Correction.Source.NTP);
        world.runUntil(15 * SECOND);
        System.out.println(world.notes);
        assertThat(world.engine.isWarmupComplete()).isTrue();
        assertThat(server.requests).isLessThanOrEqualTo(12);
    }
}
