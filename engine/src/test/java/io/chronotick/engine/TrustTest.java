// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.VirtualWorld.VirtualServer;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.SourceState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom to trust when more servers lie than may: the time is withdrawn as long as anybody stands by what it was. */
class TrustTest {
    private static final double LIE = 0.4;

    private static VirtualWorld world(EngineConfig config, int servers, double poll) {
        VirtualWorld world = new VirtualWorld(config, 12, 5);
        for (int i = 0; i < servers; i++) {
            world.addServer(poll);
        }
        return world;
    }

    /** Runs to an instant; what is valid meanwhile has to be true. Returns for how many seconds it was valid. */
    private static int validSeconds(VirtualWorld world, long end) {
        int[] valid = new int[1];
        world.runUntil(end, (seen, told) -> {
            if (told.validAt(seen.rawNanos())) {
                valid[0]++;
                assertThat(Math.abs(seen.error()) / 1e9)
                        .as("at %d s", seen.rawNanos() / SECOND)
                        .isLessThanOrEqualTo(told.maxErrorAt(seen.rawNanos()));
            }
        });
        return valid[0];
    }

    private static boolean isValid(VirtualWorld world) {
        Correction told = world.correction();
        return told.validAt(world.rawNanos());
    }

    private static void lie(VirtualWorld world, int servers, double seconds) {
        for (VirtualServer server : world.servers.subList(0, servers)) {
            server.lieSeconds = seconds;
        }
    }

    /** For as long as they lie: whoever stands by the time is asked, however long the poll is. */
    @ParameterizedTest
    @CsvSource({"2, 3, 16", "3, 4, 16", "3, 4, 1024", "4, 5, 64", "2, 4, 64"})
    void shouldNotFollowAMajorityThatOneServerContradicts(int liars, int servers, double poll) {
        VirtualWorld world = world(EngineConfig.DEFAULT, servers, poll);
        world.runUntil(5000 * SECOND);
        assertThat(isValid(world)).isTrue();
        lie(world, liars, LIE);
        validSeconds(world, 9 * 3600 * SECOND);
        assertThat(isValid(world)).isFalse();
        assertThat(world.engine.warmupWaitingFor()).startsWith("servers ");
        lie(world, liars, 0);
        validSeconds(world, 13 * 3600 * SECOND);
        assertThat(isValid(world)).isTrue();
        assertThat(world.engine.sources(world.rawNanos())).allMatch(report -> report.state() == SourceState.SELECTED);
    }

    @Test
    void shouldSayWhatItWaitsFor() {
        VirtualWorld world = world(EngineConfig.DEFAULT, 4, 16);
        world.runUntil(1000 * SECOND);
        lie(world, 3, LIE);
        world.runUntil(2000 * SECOND);
        assertThat(world.engine.warmupWaitingFor()).matches("servers to agree on a move of 0\\.[34].. s, or a restart");
        assertThat(world.notes).anyMatch(note -> note.contains("a move of") && note.contains("withdrawn"));
    }

    /** As a pool does that replaces whom an attacker has silenced; the new ones have never said anything else. */
    @ParameterizedTest
    @CsvSource({"3, 0.4", "4, 0.4", "4, 40"})
    void shouldNotFollowNewcomersThatOneServerContradicts(int servers, double lie) {
        VirtualWorld world = world(EngineConfig.DEFAULT, servers, 16);
        world.runUntil(1000 * SECOND);
        for (int i = 0; i < servers - 1; i++) {
            world.servers.get(i).lieSeconds = lie;
            world.engine.onAddressChanged(i, 16, 1, world.rawNanos());
            validSeconds(world, world.rawNanos() + 300 * SECOND);
        }
        validSeconds(world, 8000 * SECOND);
        assertThat(isValid(world)).isFalse();
        assertThat(world.engine.warmupWaitingFor()).contains("a move of");
        // Neither side is called wrong, which would have it replaced.
        assertThat(world.engine.sources(world.rawNanos()))
                .noneMatch(report -> report.state() == SourceState.FALSETICKER);
    }

    /** Then it may as well be the local clock: what was known of it is void, as it always was. */
    @Test
    void shouldFollowAllServersTogether() {
        VirtualWorld world = world(EngineConfig.DEFAULT, 4, 16);
        world.runUntil(1000 * SECOND);
        lie(world, 4, LIE);
        world.runUntil(2000 * SECOND);
        assertThat(isValid(world)).isTrue();
        assertThat(world.error() / 1e9).isBetween(LIE - 0.01, LIE + 0.01);
    }

    /** One that has fallen silent stands by nothing. */
    @Test
    void shouldNotWaitForASilentServer() {
        VirtualWorld world = world(EngineConfig.DEFAULT, 4, 16);
        world.runUntil(1000 * SECOND);
        lie(world, 3, LIE);
        world.servers.get(3).down = true;
        world.runUntil(2000 * SECOND);
        assertThat(isValid(world)).isTrue();
    }

    /** A newcomer that is the only one left to ask is not followed farther than {@code max_step} allows. */
    @ParameterizedTest
    @ValueSource(doubles = {0.4, 40})
    void shouldNotFollowANewcomerBeyondTheLargestStep(double lie) {
        VirtualWorld world = world(EngineConfig.DEFAULT, 1, 16);
        world.runUntil(1000 * SECOND);
        world.servers.get(0).lieSeconds = lie;
        world.engine.onAddressChanged(0, 16, 1, world.rawNanos());
        world.runUntil(3000 * SECOND);
        assertThat(isValid(world)).isEqualTo(lie < 1);
    }

    // --- min_servers ---

    @Test
    void shouldWaitUntilSoManyServersAgree() {
        VirtualWorld world =
                world(EngineConfig.DEFAULT.toBuilder().minServers(3).build(), 4, 16);
        world.servers.get(2).down = true;
        world.servers.get(3).down = true;
        assertThat(validSeconds(world, 600 * SECOND)).isZero();
        assertThat(world.engine.warmupWaitingFor()).isEqualTo("agreement of 3 servers (min_servers)");
        world.servers.get(2).down = false;
        validSeconds(world, 1200 * SECOND);
        assertThat(isValid(world)).isTrue();
        // One that contradicts the others is none of those that agree.
        world.servers.get(0).lieSeconds = LIE;
        validSeconds(world, 1800 * SECOND);
        assertThat(isValid(world)).isFalse();
        world.servers.get(3).down = false;
        validSeconds(world, 2400 * SECOND);
        assertThat(isValid(world)).isTrue();
    }

    @Test
    void shouldGoOnInAHoldoverOfServersThatAgreed() {
        VirtualWorld world =
                world(EngineConfig.DEFAULT.toBuilder().minServers(4).build(), 4, 16);
        world.runUntil(1000 * SECOND);
        world.servers.forEach(server -> server.down = true);
        assertThat(validSeconds(world, 1600 * SECOND)).isEqualTo(600);
    }

    // --- The first time ---

    private static void expect(VirtualWorld world, double secondsAway) {
        long there = VirtualWorld.UTC_AT_ZERO + Math.round(secondsAway * 1e9);
        world.engine.expect(there - SECOND, there + SECOND);
    }

    /** Two of four bring about a time that holds if only one of four is wrong; of a time far from the system clock it takes three. */
    @Test
    void shouldAskForAMajorityOfAllServersForASurprisingTime() {
        for (double away : new double[] {0, 10, -10}) {
            VirtualWorld world = world(EngineConfig.DEFAULT, 4, 16);
            expect(world, away);
            world.servers.get(2).down = true;
            world.servers.get(3).down = true;
            validSeconds(world, 600 * SECOND);
            assertThat(isValid(world)).as("%s s away", away).isEqualTo(away == 0);
            if (away != 0) {
                assertThat(world.engine.warmupWaitingFor())
                        .isEqualTo("a majority on a time far from the system clock: 3 servers");
            }
            world.servers.get(2).down = false;
            validSeconds(world, 1200 * SECOND);
            assertThat(isValid(world)).isTrue();
            // Only of the first.
            world.servers.get(2).down = true;
            assertThat(validSeconds(world, 3000 * SECOND)).isEqualTo(1800);
        }
    }

    @Test
    void shouldBelieveTheOnlyServerThereIs() {
        VirtualWorld world = world(EngineConfig.DEFAULT, 1, 16);
        expect(world, 1e9);
        world.runUntil(600 * SECOND);
        assertThat(isValid(world)).isTrue();
    }
}
