// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.forecast.SystematicUncertainty;
import io.chronotick.engine.ntp.SourceConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator of public servers sees of the engine, which asks as the daemon does: bursts at 2 s, then every 64 to 1024 s. */
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

    private static VirtualWorld adaptive(long seed, double loss) {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 12, seed);
        for (int i = 0; i < 4; i++) {
            VirtualWorld.VirtualServer server = world.addServer(64, 1024, 2);
            server.baseSeconds = 0.015;
            server.jitterSeconds = 0.001;
            server.lossProbability = loss;
        }
        world.wander(3e-9, 40_000, seed + 2);
        return world;
    }

    private static void assertCounts(VirtualWorld.VirtualServer server, double most) {
        long start = server.askedNanos.get(0);
        long burst = server.askedNanos.stream()
                .filter(asked -> asked - start < 30 * SECOND)
                .count();
        assertThat(burst).isLessThanOrEqualTo(8);
        assertThat(leastGap(server)).isGreaterThanOrEqualTo(2);
        assertThat((double) server.requests).isLessThanOrEqualTo(most);
    }

    /** Six hours by default: 8 requests at most at first, then one in 64 s at most, 150 in all; READY in 15 s. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.05, 0.3})
    void shouldAskPublicServersEverLessOften(double loss) {
        VirtualWorld world = adaptive(7, loss);
        world.runUntil(15 * SECOND);
        assertThat(world.engine.isWarmupComplete()).isTrue();
        world.runUntil(
                6 * 3600 * SECOND,
                (w, c) -> assertThat((double) Math.abs(w.error()))
                        .as("at %d s", w.rawNanos() / SECOND)
                        .isLessThanOrEqualTo(c.maxErrorAt(w.rawNanos()) * 1e9));
        world.servers.forEach(server -> assertCounts(server, 150));
        assertThat(world.engine.sources(world.rawNanos()))
                .allSatisfy(source -> assertThat(source.pollSeconds()).isGreaterThanOrEqualTo(256));
    }

    /** Silence, a refusal, RATE and a liar among four: none of the others is asked more than once in 64 s for it. */
    @ParameterizedTest
    @ValueSource(strings = {"silence", "DENY", "RATE", "lie"})
    void shouldStayAGoodGuestWhenAServerIsLost(String what) {
        VirtualWorld world = adaptive(8, 0.05);
        world.runUntil(3 * 3600 * SECOND);
        int[] before =
                world.servers.stream().mapToInt(server -> server.requests).toArray();
        VirtualWorld.VirtualServer lost = world.servers.get(3);
        switch (what) {
            case "silence" -> lost.down = true;
            case "DENY" -> lost.kiss = 0x44454E59;
            case "RATE" -> lost.kiss = RATE;
            default -> lost.lieSeconds = 0.3;
        }
        world.runUntil(6 * 3600 * SECOND);
        for (int i = 0; i < 4; i++) {
            assertThat(world.servers.get(i).requests - before[i])
                    .as("server %d", i)
                    .isLessThanOrEqualTo(100);
            assertThat(leastGap(world.servers.get(i))).isGreaterThanOrEqualTo(2);
        }
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
    }

    /** A name that cannot be looked up, or a pool with fewer members than were asked for: nobody is asked, so nobody is silent. */
    @Test
    void shouldNotMissTheAnswersOfWhoHasNoAddress() {
        VirtualWorld world = world(11, 2, 0);
        world.engine.addSource(new SourceConfig("nowhere", 8, 1.0, 1, 15, SystematicUncertainty.DEFAULT_SHARE, false));
        world.runUntil(60 * SECOND);
        assertThat(world.engine.isWarmupComplete()).isTrue();
        world.runUntil(
                (60 + 10 * 64) * SECOND,
                (w, c) -> assertThat(c.holdover()).as("at %d ns", w.rawNanos()).isFalse());
    }

    /** All of them silent: holdover is told of as soon as four requests to each have remained unanswered. */
    @Test
    void shouldNoticeSilenceAtALongPoll() {
        VirtualWorld world = adaptive(9, 0);
        world.runUntil(4 * 3600 * SECOND);
        assertThat(world.engine.sources(world.rawNanos()))
                .allSatisfy(source -> assertThat(source.pollSeconds()).isGreaterThanOrEqualTo(256));
        world.servers.forEach(server -> server.down = true);
        world.runUntil((4 * 3600 + 1024 + 4 * 64) * SECOND);
        assertThat(world.correction().holdover()).isTrue();
    }

    /** The clock jumps: everybody is asked at the shortest poll again. */
    @Test
    void shouldPollFastAgainWhenTheClockHasChanged() {
        VirtualWorld world = adaptive(10, 0);
        world.runUntil(4 * 3600 * SECOND);
        world.engine.onDiscontinuity("jump", world.rawNanos(), world::perform);
        assertThat(world.engine.sources(world.rawNanos()))
                .allSatisfy(source -> assertThat(source.pollSeconds()).isEqualTo(64));
        world.runUntil((4 * 3600 + 15) * SECOND);
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
    }
}
