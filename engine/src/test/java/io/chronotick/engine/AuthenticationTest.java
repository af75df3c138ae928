// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.ntp.DropReason;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.SourceState;
import io.chronotick.engine.nts.NtsReport;
import io.chronotick.engine.nts.NtsServer;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Servers that have to prove who they are (RFC 8915), in virtual time. */
class AuthenticationTest {
    private static final long SECOND = VirtualWorld.SECOND;

    private final VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 0, 1);

    private VirtualWorld.VirtualServer authenticated() {
        return world.addServer(64, new NtsServer(world.rawNanos() + 7, 100));
    }

    private SourceReport report(int source) {
        return world.engine.sources(world.rawNanos()).get(source);
    }

    private NtsReport nts(int source) {
        return report(source).nts().orElseThrow();
    }

    private static long drops(SourceReport report, DropReason reason) {
        return report.drops().get(reason.ordinal());
    }

    @Test
    void oneKeyExchangeIsEnoughForADay() {
        VirtualWorld.VirtualServer server = authenticated();
        world.runUntil(20 * SECOND);
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
        assertThat(world.correction().authenticated()).isTrue();
        world.runUntil(86_400 * SECOND);
        assertThat(server.keyExchanges).isEqualTo(1);
        assertThat(report(0).accepted()).isGreaterThan(1250);
        assertThat(drops(report(0), DropReason.UNAUTHENTICATED)).isZero();
        assertThat(nts(0).cookies()).isEqualTo(8);
        assertThat(nts(0).state()).isEqualTo(NtsReport.State.AUTHENTICATED);
        assertThat(report(0).state()).isEqualTo(SourceState.SELECTED);
    }

    @Test
    void lossesCostNoFurtherKeyExchange() {
        VirtualWorld.VirtualServer server = authenticated();
        server.lossProbability = 0.3;
        world.runUntil(10_000 * SECOND);
        assertThat(server.keyExchanges).isEqualTo(1);
        assertThat(drops(report(0), DropReason.UNAUTHENTICATED)).isZero();
        assertThat(report(0).accepted()).isGreaterThan(80);
    }

    @Test
    void aServerThatHasLostItsKeysIsFollowedAgainAfterOneExchange() {
        VirtualWorld.VirtualServer server = authenticated();
        world.runUntil(1000 * SECOND);
        Objects.requireNonNull(server.nts).forget();
        world.runUntil(1200 * SECOND);
        assertThat(server.keyExchanges).isEqualTo(2);
        assertThat(drops(report(0), DropReason.KISS)).isBetween(1L, 2L);
        assertThat(nts(0).state()).isEqualTo(NtsReport.State.AUTHENTICATED);
        assertThat(world.correction().authenticated()).isTrue();
    }

    /** It is there, and answers as ever, but does not prove itself any more. */
    @Test
    void aServerThatTurnsNtsOffIsNotFollowedWithout() {
        VirtualWorld.VirtualServer server = authenticated();
        world.runUntil(1000 * SECOND);
        long accepted = report(0).accepted();
        server.nts = null;
        server.lieSeconds = 1;
        world.runUntil(
                10_000 * SECOND,
                (now, correction) -> assertThat(Math.abs(now.error())).isLessThan(SECOND / 10));
        assertThat(report(0).accepted()).isEqualTo(accepted);
        assertThat(drops(report(0), DropReason.UNAUTHENTICATED)).isGreaterThan(5);
        assertThat(report(0).state()).isEqualTo(SourceState.UNAUTHENTICATED);
        assertThat(nts(0).state()).isEqualTo(NtsReport.State.FAILED);
        assertThat(nts(0).cookies()).isZero();
        assertThat(world.correction().authenticated()).isFalse();
        // An hour at the most between exchanges; ten minutes at this point of the back-off.
        assertThat(server.keyExchanges).isBetween(5, 20);
    }

    @Test
    void aServerThatNeverProvesItselfIsNeverAsked() {
        VirtualWorld.VirtualServer server = authenticated();
        server.nts = null;
        world.runUntil(3600 * SECOND);
        assertThat(report(0).sent()).isZero();
        assertThat(report(0).state()).isEqualTo(SourceState.UNAUTHENTICATED);
        assertThat(world.correction().validAt(world.rawNanos())).isFalse();
    }

    @Test
    void theRecordIsAuthenticatedWhenThoseThatAreNeedNobodyElse() {
        authenticated();
        VirtualWorld.VirtualServer second = authenticated();
        world.addServer(64);
        world.runUntil(100 * SECOND);
        // Two of three: the third could not mislead them.
        assertThat(world.correction().authenticated()).isTrue();
        second.nts = null;
        world.runUntil(3600 * SECOND);
        assertThat(report(0).state()).isEqualTo(SourceState.SELECTED);
        assertThat(report(2).state()).isEqualTo(SourceState.SELECTED);
        assertThat(world.correction().authenticated()).isFalse();
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
    }

    @Test
    void aMajorityOfOthersIsNone() {
        authenticated();
        world.addServer(64);
        world.addServer(64);
        world.runUntil(100 * SECOND);
        assertThat(world.correction().validAt(world.rawNanos())).isTrue();
        assertThat(world.correction().authenticated()).isFalse();
    }

    /** Who can see the requests can send what he likes: nothing of it counts, not even a refusal. */
    @Test
    void noKissIsObeyedWithoutProof() {
        VirtualWorld.VirtualServer server = authenticated();
        world.runUntil(1000 * SECOND);
        server.nts = null;
        server.kiss = 'D' << 24 | 'E' << 16 | 'N' << 8 | 'Y';
        world.runUntil(1200 * SECOND);
        assertThat(report(0).state()).isNotEqualTo(SourceState.DENIED);
        assertThat(drops(report(0), DropReason.UNAUTHENTICATED)).isPositive();
    }

    @Test
    void aDenialWithProofIsObeyed() {
        VirtualWorld.VirtualServer server = authenticated();
        world.runUntil(1000 * SECOND);
        server.kiss = 'D' << 24 | 'E' << 16 | 'N' << 8 | 'Y';
        world.runUntil(1200 * SECOND);
        assertThat(report(0).state()).isEqualTo(SourceState.DENIED);
    }
}
