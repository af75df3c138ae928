// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.bound.ServerPool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A warm-up that may take 180 s; silence is none up to 70 s. */
class ReadinessTest implements Notices {
    private static final long SECOND = 1_000_000_000L;

    private final List<String> said = new ArrayList<>();
    private final ServerPool pool = new ServerPool(15e-6, 1, 1);
    private final Readiness readiness = new Readiness(180);
    private long now = 500 * SECOND;

    @Override
    public void inform(String text) {
        said.add("INFO " + text);
    }

    @Override
    public void warn(String text) {
        said.add("WARN " + text);
    }

    @BeforeEach
    void begin() {
        pool.addSeat();
        readiness.begin(now);
    }

    private void exchanges(int count) {
        for (int i = 0; i < count; i++) {
            now += SECOND;
            readiness.onExchange(now);
        }
    }

    private void agreed() {
        readiness.onDoubt(ServerPool.Doubt.NONE, 0, pool, this);
    }

    private void honest() {
        readiness.onHonest(now, 1e-5, 1e-3, this);
    }

    @Test
    void walksThroughItsStates() {
        assertThat(readiness.state()).isEqualTo(Readiness.State.LISTENING);
        assertThat(readiness.waitingFor(pool)).isEqualTo("a first answer from a server");
        exchanges(1);
        assertThat(readiness.state()).isEqualTo(Readiness.State.WARMING_UP);
        assertThat(readiness.waitingFor(pool)).isEqualTo("an answer from one more server");
        agreed();
        assertThat(readiness.waitingFor(pool)).isEqualTo("exchange 2 of 8");
        honest();
        assertThat(readiness.isComplete()).isFalse();
        exchanges(7);
        assertThat(readiness.waitingFor(pool)).isEqualTo("an uncertainty below the maximum");
        honest();
        assertThat(readiness.state()).isEqualTo(Readiness.State.SYNCHRONIZED);
        assertThat(readiness.waitingFor(pool)).isEmpty();
        assertThat(readiness.progress()).isEqualTo(1);
        readiness.listen(now + 71 * SECOND, 70, this);
        assertThat(readiness.state()).isEqualTo(Readiness.State.HOLDOVER);
        exchanges(1);
        assertThat(readiness.state()).isEqualTo(Readiness.State.SYNCHRONIZED);
        assertThat(said)
                .containsExactly(
                        "INFO a majority of the servers agrees",
                        "INFO READY after 8.0 s: 8 exchanges, uncertainty ±10.0 us, bound ±1000.0 us",
                        "WARN no server has answered for 71 s: holdover on the oscillator model");
    }

    @Test
    void saysAHoldoverOnce() {
        exchanges(8);
        readiness.listen(now + 70 * SECOND, 70, this);
        assertThat(said).isEmpty();
        readiness.listen(now + 71 * SECOND, 70, this);
        readiness.listen(now + 72 * SECOND, 70, this);
        assertThat(said).hasSize(1);
    }

    @Test
    void whoNeverAnsweredHasNotFallenSilent() {
        readiness.listen(now + 10_000 * SECOND, 70, this);
        assertThat(readiness.state()).isEqualTo(Readiness.State.LISTENING);
        assertThat(said).isEmpty();
    }

    @Test
    void settlesForFewerExchangesWhenTheTimeIsUp() {
        exchanges(2);
        now = (500 + 179) * SECOND;
        honest();
        assertThat(readiness.isComplete()).isFalse();
        now += SECOND;
        honest();
        assertThat(readiness.isComplete()).isTrue();
    }

    @Test
    void warnsOfDoubtOnlyWhenThereIsATimeToWithdraw() {
        exchanges(8);
        readiness.onDoubt(ServerPool.Doubt.NO_MAJORITY, 0, pool, this);
        assertThat(said).isEmpty();
        agreed();
        honest();
        said.clear();
        readiness.onDoubt(ServerPool.Doubt.NO_MAJORITY, 0, pool, this);
        readiness.onDoubt(ServerPool.Doubt.NO_MAJORITY, 0, pool, this);
        assertThat(said).containsExactly("WARN servers that agree; the time is withdrawn");
        assertThat(readiness.waitingFor(pool)).isEqualTo("servers that agree");
    }

    /** Whoever reads the page gives advice by it. */
    @ParameterizedTest
    @EnumSource
    void waitsForAReasonThatIsFoundAgain(ServerPool.Doubt doubt) {
        exchanges(8);
        readiness.onDoubt(doubt, 0, pool, this);
        assertThat(WaitReason.of(readiness.waitingFor(pool)))
                .contains(
                        switch (doubt) {
                            case NONE -> WaitReason.UNCERTAINTY;
                            case TOO_FEW_HEARD -> WaitReason.ONE_SERVER;
                            case NO_MAJORITY -> WaitReason.AGREEMENT;
                            case CONTRADICTION -> WaitReason.JUMP;
                            case STEP_TOO_LARGE -> WaitReason.STEP;
                            case MOVED -> WaitReason.MOVED;
                            case TOO_FEW_AGREE -> WaitReason.MIN_SERVERS;
                            case UNEXPECTED -> WaitReason.UNEXPECTED;
                        });
        assertThat(readiness.waitingFor(pool)).hasSizeLessThan(64);
    }
}
