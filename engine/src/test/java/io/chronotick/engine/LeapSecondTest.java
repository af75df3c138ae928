// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceState;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Month;
import java.time.temporal.TemporalAdjusters;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A leap second, second by second and, round its instant, millisecond by millisecond, against the POSIX time of the servers. */
class LeapSecondTest {
    private static final long LEAP = 8000 * SECOND;
    private static final long MIDNIGHT = Instant.parse("2027-01-01T00:00:00Z").getEpochSecond() * SECOND;
    private static final long MILLI = SECOND / 1000;

    private static VirtualWorld world(double poll, LeapIndicator kind) {
        return world(poll, kind, MIDNIGHT);
    }

    private static VirtualWorld world(double poll, LeapIndicator kind, long midnight) {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 12, 5);
        world.wander(1e-9, 30_000, 5);
        for (int i = 0; i < 4; i++) {
            world.addServer(poll);
        }
        world.leapSecond(LEAP, midnight, kind);
        return world;
    }

    /** Runs to an instant and looks at the published time at every step: it is valid, and the truth is inside its bound. */
    private static void holdsUntil(VirtualWorld world, long end, long step) {
        while (world.rawNanos() < end) {
            world.runUntil(Math.min(world.rawNanos() + step, end));
            Correction told = world.correction();
            long raw = world.rawNanos();
            assertThat(told.validAt(raw)).as("valid at %.3f s", raw / 1e9).isTrue();
            assertThat(Math.abs(world.error()) / 1e9)
                    .as("at %.3f s after the leap second", (raw - LEAP) / 1e9)
                    .isLessThanOrEqualTo(told.maxErrorAt(raw));
        }
    }

    private static void holdsThroughTheLeap(VirtualWorld world) {
        world.runUntil(5000 * SECOND); // at a poll of 1024 s it takes as long to know the frequency
        holdsUntil(world, LEAP - 10 * SECOND, SECOND);
        holdsUntil(world, LEAP - 50 * MILLI, 7 * MILLI);
        holdsUntil(world, LEAP + 50 * MILLI, MILLI / 100);
        holdsUntil(world, LEAP + 10 * SECOND, 7 * MILLI);
        // A bound of more than a second would hold anything.
        assertThat(world.correction().maxErrorAt(world.rawNanos())).isLessThan(0.03);
        assertThat(world.error()).isBetween(-20 * MILLI, 20 * MILLI);
        holdsUntil(world, LEAP + 7200 * SECOND, SECOND);
        assertThat(world.notes).noneMatch(note -> note.contains("jumped") || note.contains("withdrawn"));
    }

    @ParameterizedTest
    @CsvSource({"16, INSERT", "16, DELETE", "1024, INSERT", "1024, DELETE"})
    void shouldStepWithUtc(double poll, LeapIndicator kind) {
        VirtualWorld world = world(poll, kind);
        holdsThroughTheLeap(world);
        assertThat(world.notes).noneMatch(note -> note.contains("falseticker"));
        assertThat(world.notes).filteredOn(note -> note.contains("leap second")).hasSize(1);
    }

    /** 23:59:59 comes twice where 23:59:60 is inserted, and not at all where it is deleted. */
    @Test
    void shouldTellPosixTime() {
        for (LeapIndicator kind : new LeapIndicator[] {LeapIndicator.INSERT, LeapIndicator.DELETE}) {
            VirtualWorld world = world(16, kind);
            long before = kind == LeapIndicator.INSERT ? 0 : SECOND;
            for (double second : new double[] {-0.5, 0.5, 1.5, 2.5}) {
                long raw = LEAP + Math.round(second * SECOND);
                world.runUntil(raw);
                long step = second < 0 ? 0 : kind.stepNanos();
                assertThat(world.correction().utcNanosAt(raw))
                        .isCloseTo(MIDNIGHT - before + Math.round(second * SECOND) + step, within(5 * MILLI));
                if (second < 0 || second > 2) {
                    // What is announced is said, what has passed is not.
                    assertThat(world.correction().leap()).isEqualTo(second < 0 ? kind : LeapIndicator.NONE);
                }
            }
        }
    }

    /** Nobody is heard from ten minutes before to ten minutes after. */
    @ParameterizedTest
    @EnumSource(names = {"INSERT", "DELETE"})
    void shouldStepInAHoldover(LeapIndicator kind) {
        VirtualWorld world = world(16, kind);
        world.runUntil(LEAP - 600 * SECOND);
        world.servers.forEach(server -> server.down = true);
        world.at(LEAP + 600 * SECOND, () -> world.servers.forEach(server -> server.down = false));
        holdsThroughTheLeap(world);
    }

    @ParameterizedTest
    @CsvSource({"16, INSERT", "16, DELETE", "1024, INSERT", "1024, DELETE"})
    void shouldNotBelieveOneOfFourThatAnnouncesALeapAndTakesIt(double poll, LeapIndicator kind) {
        VirtualWorld world = world(poll, kind);
        for (int i = 0; i < 3; i++) {
            VirtualWorld.VirtualServer honest = world.servers.get(i);
            honest.leap = LeapIndicator.NONE;
        }
        // The truth does not step; the fourth does.
        long straight = world.truth.applyAsLong(0);
        world.truth = r -> straight + r;
        world.at(LEAP, () -> world.servers.get(3).lieSeconds = kind.stepNanos() / 1e9);
        holdsThroughTheLeap(world);
        assertThat(world.notes).noneMatch(note -> note.contains("leap second"));
        assertThat(world.engine.sources(world.rawNanos()).get(3).state()).isEqualTo(SourceState.FALSETICKER);
    }

    /** Who does not step contradicts the majority, until it does. */
    @ParameterizedTest
    @CsvSource({"16, INSERT", "16, DELETE"})
    void shouldNotFollowOneOfFourThatStepsLate(double poll, LeapIndicator kind) {
        VirtualWorld world = world(poll, kind);
        VirtualWorld.VirtualServer late = world.servers.get(2);
        late.steps = false;
        world.at(LEAP + 900 * SECOND, () -> late.steps = true);
        holdsUntil(startedUp(world), LEAP - SECOND, SECOND);
        holdsUntil(world, LEAP + 800 * SECOND, 100 * MILLI);
        assertThat(world.engine.sources(world.rawNanos()).get(2).state()).isEqualTo(SourceState.FALSETICKER);
        holdsUntil(world, LEAP + 3600 * SECOND, SECOND);
        assertThat(world.engine.sources(world.rawNanos()).get(2).state()).isEqualTo(SourceState.SELECTED);
    }

    @Test
    void shouldKnowTheEndsOfJuneAndDecember() {
        for (LocalDate day = LocalDate.EPOCH; day.getYear() < 2262; day = day.plusDays(1)) {
            long noon = (day.toEpochDay() * 86_400 + 43_200) * SECOND;
            LocalDate next = day.with(TemporalAdjusters.firstDayOfNextMonth());
            boolean mayLeap = next.getMonth() == Month.JULY || next.getMonth() == Month.JANUARY;
            assertThat(LeapSecond.endOfMonth(noon))
                    .isEqualTo(mayLeap ? OptionalLong.of(next.toEpochDay() * 86_400 * SECOND) : OptionalLong.empty());
        }
        assertThat(LeapSecond.endOfMonth(MIDNIGHT - 1)).hasValue(MIDNIGHT);
        assertThat(LeapSecond.endOfMonth(MIDNIGHT)).isEmpty();
        assertThat(LeapSecond.endOfMonth(-1)).isEmpty();
    }

    private static VirtualWorld startedUp(VirtualWorld world) {
        world.runUntil(300 * SECOND);
        return world;
    }

    /** There has never been a leap second in March: servers that go on announcing an old one do not make one. */
    @Test
    void shouldNotStepAtTheEndOfAnotherMonth() {
        VirtualWorld world = world(
                16, LeapIndicator.INSERT, Instant.parse("2027-04-01T00:00:00Z").getEpochSecond() * SECOND);
        long straight = world.truth.applyAsLong(0);
        world.truth = r -> straight + r;
        holdsThroughTheLeap(world);
        assertThat(world.notes).noneMatch(note -> note.contains("leap second"));
    }

    /** Who goes on announcing it afterwards does not make another one a second later, nor at the end of the month. */
    @Test
    void shouldStepOnce() {
        VirtualWorld world = world(16, LeapIndicator.INSERT);
        world.at(LEAP + 1, () -> world.servers.forEach(server -> server.leap = LeapIndicator.INSERT));
        holdsThroughTheLeap(world);
        assertThat(world.notes).filteredOn(note -> note.contains("leap second")).hasSize(1);
    }

    /** A record is used until the next one: it must not be followed past the instant unless it says that it may be a second off. */
    @Test
    void shouldNotLetALineBeFollowedAcrossTheLeap() {
        VirtualWorld world = world(16, LeapIndicator.INSERT);
        startedUp(world);
        world.runUntil(LEAP - 20 * SECOND);
        while (world.rawNanos() < LEAP + SECOND) {
            world.runUntil(world.rawNanos() + 3 * MILLI);
            Correction told = world.correction();
            long raw = world.rawNanos();
            // What a reader makes of it that knows no leap seconds.
            for (long later = raw; later <= raw + told.horizonNanosAt(raw); later += 20 * MILLI) {
                long followed = told.utcNanosAt(raw) + (later - raw);
                double bound = told.maxErrorAt(raw) + 1e-3;
                assertThat(Math.abs(followed - world.truth.applyAsLong(later)) / 1e9)
                        .as("at %.3f s, followed for %.3f s", (raw - LEAP) / 1e9, (later - raw) / 1e9)
                        .isLessThanOrEqualTo(bound);
            }
        }
        assertThat(world.correction().horizonNanosAt(world.rawNanos())).isEqualTo(5 * SECOND);
    }

    // --- The list of leap seconds ---

    private static LeapSecondList list(LeapIndicator kind, long expires) {
        return new LeapSecondList(kind == LeapIndicator.NONE ? Map.of() : Map.of(MIDNIGHT, kind), expires);
    }

    private static final long JUNE = MIDNIGHT + 178 * 86_400 * SECOND;

    /** Servers that do as UTC does and announce nothing. */
    @ParameterizedTest
    @CsvSource({"16, INSERT", "16, DELETE", "1024, INSERT", "1024, DELETE"})
    void shouldBelieveAListWhereNoServerAnnouncesALeapSecond(double poll, LeapIndicator kind) {
        VirtualWorld world = world(poll, kind);
        world.servers.forEach(server -> server.leap = LeapIndicator.NONE);
        world.engine.onLeapSecondList(list(kind, JUNE), world.rawNanos());
        holdsThroughTheLeap(world);
        assertThat(world.notes).filteredOn(note -> note.contains("leap second")).hasSize(1);
    }

    /** As of a hypervisor, beside clocks that know of no leap seconds; one vote, which two servers of four that announce none outweigh. */
    @ParameterizedTest
    @CsvSource({"INSERT, 2", "DELETE, 2", "INSERT, 4"})
    void shouldCountTheHostsAnnouncementAsOneVote(LeapIndicator kind, int announcing) {
        VirtualWorld world = world(16, kind);
        for (int i = announcing; i < 4; i++) {
            world.servers.get(i).leap = LeapIndicator.NONE;
        }
        world.engine.onHostLeap(Optional.of(kind));
        holdsThroughTheLeap(world);
        assertThat(world.notes).filteredOn(note -> note.contains("leap second")).hasSize(1);
    }

    @Test
    void shouldNotBelieveTheHostAgainstTheServers() {
        VirtualWorld world = world(16, LeapIndicator.NONE);
        world.engine.onHostLeap(Optional.of(LeapIndicator.INSERT));
        world.runUntil(5000 * SECOND);
        assertThat(world.correction().leap()).isEqualTo(LeapIndicator.NONE);
    }

    /** Of one that it took back, or that has passed, nothing must stay for the end of the next June. */
    @Test
    void shouldForgetWhatTheHostTakesBack() {
        VirtualWorld world = world(16, LeapIndicator.NONE);
        world.servers.get(0).leap = LeapIndicator.INSERT;
        world.servers.get(1).leap = LeapIndicator.INSERT;
        world.engine.onHostLeap(Optional.of(LeapIndicator.INSERT));
        world.runUntil(2000 * SECOND);
        assertThat(world.correction().leap()).isEqualTo(LeapIndicator.INSERT);
        world.engine.onHostLeap(Optional.empty());
        world.runUntil(3000 * SECOND);
        assertThat(world.correction().leap()).isEqualTo(LeapIndicator.NONE);
    }

    /** A list that knows of none outweighs all servers that announce one. */
    @ParameterizedTest
    @CsvSource({"16, INSERT", "16, DELETE", "1024, INSERT"})
    void shouldNotBelieveServersThatAnnounceWhatTheListDoesNotKnow(double poll, LeapIndicator kind) {
        VirtualWorld world = world(poll, kind);
        long straight = world.truth.applyAsLong(0);
        world.truth = r -> straight + r;
        world.engine.onLeapSecondList(list(LeapIndicator.NONE, JUNE), world.rawNanos());
        world.runUntil(5000 * SECOND);
        assertThat(world.correction().leap()).isEqualTo(LeapIndicator.NONE);
        holdsThroughTheLeap(world);
        assertThat(world.notes).noneMatch(note -> note.contains("leap second"));
    }

    /** Of the end of June it will know in January only. */
    @ParameterizedTest
    @EnumSource(names = {"INSERT", "DELETE"})
    void shouldLeaveItToTheServersWhereTheListHasExpired(LeapIndicator kind) {
        VirtualWorld world = world(16, kind);
        world.engine.onLeapSecondList(list(LeapIndicator.NONE, MIDNIGHT - 3 * 86_400 * SECOND), world.rawNanos());
        holdsThroughTheLeap(world);
        assertThat(world.notes).filteredOn(note -> note.contains("leap second")).hasSize(1);
    }

    /** It may come late, and the servers' announcement counts until then; another list may take it back. */
    @Test
    void shouldDecideAnewWithEveryList() {
        VirtualWorld world = world(16, LeapIndicator.INSERT);
        world.runUntil(LEAP - 900 * SECOND);
        assertThat(world.correction().leap()).isEqualTo(LeapIndicator.INSERT);
        world.engine.onLeapSecondList(list(LeapIndicator.DELETE, JUNE), world.rawNanos());
        world.runUntil(LEAP - 600 * SECOND);
        assertThat(world.correction().leap()).isEqualTo(LeapIndicator.DELETE);
        assertThat(world.correction().leapRawNanos()).isCloseTo(LEAP - SECOND, within(SECOND / 10));
        world.engine.onLeapSecondList(LeapSecondList.NOTHING, world.rawNanos());
        holdsUntil(world, LEAP + 10 * SECOND, 7 * MILLI);
        assertThat(world.notes).filteredOn(note -> note.contains("leap second")).hasSize(1);
    }

    // --- Servers that smear ---

    private static final long HOUR = 3600 * SECOND;
    private static final long SMEARED_LEAP = 15 * HOUR;

    /** Linearly from noon to noon, as Google's and Amazon's servers do. */
    private static double smear(long raw, LeapIndicator kind) {
        double part = Math.abs(raw - SMEARED_LEAP) / (12.0 * HOUR);
        double behind = part >= 1 ? 0 : (1 - part) / 2;
        return (raw < SMEARED_LEAP ? 1 : -1) * behind * kind.stepNanos() / 1e9;
    }

    private static VirtualWorld smearingWorld(EngineConfig config, LeapIndicator kind, int smearing) {
        VirtualWorld world = new VirtualWorld(config, 12, 5);
        world.wander(2e-10, 110_000, 5);
        for (int i = 0; i < 4; i++) {
            world.addServer(64);
        }
        world.leapSecond(SMEARED_LEAP, MIDNIGHT, kind);
        for (int i = 4 - smearing; i < 4; i++) {
            world.servers.get(i).leap = LeapIndicator.NONE;
            world.servers.get(i).smear = raw -> smear(raw, kind);
        }
        return world;
    }

    @Tag("slow")
    @ParameterizedTest
    @CsvSource({"INSERT, 1", "DELETE, 1", "INSERT, 2"})
    void shouldLeaveOutServersThatSaySmear(LeapIndicator kind, int smearing) {
        VirtualWorld world = smearingWorld(EngineConfig.DEFAULT, kind, smearing);
        world.servers.subList(4 - smearing, 4).forEach(server -> server.tellsSmear = true);
        world.runUntil(2 * HOUR);
        assertThat(world.engine.sources(world.rawNanos())).allMatch(report -> report.state() == SourceState.SELECTED);
        holdsUntil(world, SMEARED_LEAP - SECOND, 9 * SECOND);
        holdsUntil(world, SMEARED_LEAP + SECOND, MILLI);
        assertThat(world.engine.sources(world.rawNanos()).subList(4 - smearing, 4))
                .allMatch(report -> report.state() == SourceState.SMEARING);
        holdsUntil(world, 28 * HOUR, 9 * SECOND);
        assertThat(world.engine.sources(world.rawNanos())).allMatch(report -> report.state() == SourceState.SELECTED);
        assertThat(world.notes).noneMatch(note -> note.contains("falseticker") || note.contains("withdrawn"));
        assertThat(world.correction().maxErrorAt(world.rawNanos())).isLessThan(0.03);
    }

    /** As Google's do not: it is outvoted once it has gone farther than its path explains. */
    @Tag("slow")
    @ParameterizedTest
    @EnumSource(names = {"INSERT", "DELETE"})
    void shouldOutvoteAServerThatSmearsWithoutAWord(LeapIndicator kind) {
        VirtualWorld world = smearingWorld(EngineConfig.DEFAULT, kind, 1);
        world.runUntil(2 * HOUR);
        holdsUntil(world, SMEARED_LEAP - SECOND, 9 * SECOND);
        assertThat(world.engine.sources(world.rawNanos()).get(3).state()).isEqualTo(SourceState.FALSETICKER);
        holdsUntil(world, SMEARED_LEAP + SECOND, MILLI);
        holdsUntil(world, 28 * HOUR, 9 * SECOND);
        assertThat(world.engine.sources(world.rawNanos())).allMatch(report -> report.state() == SourceState.SELECTED);
    }

    /** UTC is then what they say, and runs without a step; the oscillator is so good that the smear is more than is assumed of it. */
    @Tag("slow")
    @ParameterizedTest
    @CsvSource({"INSERT, true", "DELETE, true", "INSERT, false"})
    void shouldFollowASmear(LeapIndicator kind, boolean isListed) {
        VirtualWorld world = smearingWorld(
                EngineConfig.DEFAULT.toBuilder()
                        .maxDrift(1e-6)
                        .followsSmear(true)
                        .build(),
                kind,
                4);
        // What is to be held is what the servers say.
        LongUnaryOperator utc = world.truth;
        world.truth = raw -> utc.applyAsLong(raw) + Math.round(smear(raw, kind) * 1e9);
        world.servers.forEach(server -> server.smear = raw -> 0);
        if (isListed) {
            world.engine.onLeapSecondList(list(kind, JUNE), 0);
        }
        world.runUntil(2 * HOUR);
        holdsUntil(world, SMEARED_LEAP - SECOND, 9 * SECOND);
        holdsUntil(world, SMEARED_LEAP + SECOND, MILLI);
        holdsUntil(world, 28 * HOUR, 9 * SECOND);
        assertThat(world.notes).noneMatch(note -> note.contains("leap second") || note.contains("falseticker"));
        assertThat(world.correction().maxErrorAt(world.rawNanos())).isLessThan(0.03);
    }

    /** By a hash of the address of its own server, for example; and a smear is over a day after the leap second. */
    @Test
    void shouldNotCallAServerSmearingInAnotherMonth() {
        VirtualWorld world = world(
                16, LeapIndicator.NONE, Instant.parse("2027-04-01T00:00:00Z").getEpochSecond() * SECOND);
        world.servers.forEach(server -> {
            server.tellsSmear = true;
            server.smear = raw -> 1e-6;
        });
        holdsUntil(startedUp(world), LEAP, 16 * SECOND);
    }
}
