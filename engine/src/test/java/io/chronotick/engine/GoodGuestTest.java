// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator of public servers sees of the engine, which asks as the daemon does: bursts at 2 s, then every 64 s. */
class GoodGuestTest {
    private static final double POLL = 64;
    private static final int RATE = 0x52415445;

    private static VirtualWorld world(long seed, int servers, double loss) {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 12, seed);
        for (int i = 0; i < servers; i++) {
            world.addServer(POLL, 2).lossProbability = loss;
        }
        return world;
    }

    private static double leastGap(VirtualWorld.VirtualServer server) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 1; i < server.askedNanos.size(); i++) {
            least = Math.min(least, (server.askedNanos.get(i) - server.askedNanos.get(i - 1)) / 1e9);
        }
        return least;
    }

    /** Four servers give what the warm-up needs in four answers each, one alone in eight. */
    @ParameterizedTest
    @CsvSource({"4, 4", "3, 4", "2, 4", "1, 8"})
    void shouldBeReadyWithin15SecondsByFewRequests(int servers, int most) {
        VirtualWorld world = world(3, servers, 0);
        world.runUntil(15 * SECOND);
        assertThat(world.engine.isWarmupComplete()).isTrue();
        world.runUntil(60 * SECOND);
        assertThat(world.servers).allSatisfy(server -> {
            assertThat(server.requests).isLessThanOrEqualTo(most);
            assertThat(leastGap(server)).isGreaterThanOrEqualTo(2);
        });
    }

    @Test
    void shouldBeReadyWithin15SecondsThoughThreePacketsInTenAreLost() {
        for (long seed = 1; seed <= 50; seed++) {
            VirtualWorld world = world(seed, 4, 0.3);
            world.runUntil(15 * SECOND);
            assertThat(world.engine.isWarmupComplete()).as("seed %d", seed).isTrue();
            world.runUntil(60 * SECOND);
            assertThat(world.servers).allSatisfy(server -> {
                assertThat(server.requests).isLessThanOrEqualTo(8);
                assertThat(leastGap(server)).isGreaterThanOrEqualTo(2);
            });
        }
    }

    /** Whatever is wrong with the others: a liar, a jump of the clock, silence. */
    @Test
    void shouldNeverHurryAServerThatHasSaidRate() {
        VirtualWorld world = world(5, 4, 0.3);
        VirtualWorld.VirtualServer limited = world.servers.get(0);
        limited.kiss = RATE;
        world.runUntil(5 * SECOND);
        limited.kiss = 0;
        int before = limited.askedNanos.size() - 1;
        world.runUntil(3000 * SECOND);
        world.servers.get(1).lieSeconds = 0.5;
        limited.lieSeconds = 0.2;
        world.runUntil(6000 * SECOND);
        world.engine.onDiscontinuity("jump", world.rawNanos(), world::perform);
        world.runUntil(6100 * SECOND);
        limited.down = true;
        world.runUntil(8000 * SECOND);
        limited.down = false;
        world.runUntil(12_000 * SECOND);
        for (int i = before + 1; i < limited.askedNanos.size(); i++) {
            double gap = (limited.askedNanos.get(i) - limited.askedNanos.get(i - 1)) / 1e9;
            assertThat(gap).as("request %d", i).isGreaterThanOrEqualTo(0.98 * POLL);
        }
    }

    /** Who contradicts itself for ever, and all that it stirs up, costs a quarter more than the poll. */
    @Test
    void shouldNotBecomeANuisanceBecauseOfALiar() {
        VirtualWorld world = world(6, 4, 0);
        world.runUntil(600 * SECOND);
        int[] before =
                world.servers.stream().mapToInt(server -> server.requests).toArray();
        for (int minute = 10; minute < 130; minute++) {
            world.servers.get(3).lieSeconds = minute % 2 == 0 ? 0.5 : -0.5;
            world.runUntil(60L * minute * SECOND);
        }
        for (int i = 0; i < 4; i++) {
            VirtualWorld.VirtualServer server = world.servers.get(i);
            assertThat(server.requests - before[i]).isLessThanOrEqualTo((int) (7200 / POLL * 1.3) + 8);
            assertThat(leastGap(server)).isGreaterThanOrEqualTo(2);
        }
    }
}
