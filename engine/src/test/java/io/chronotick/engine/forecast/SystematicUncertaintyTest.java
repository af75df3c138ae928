// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.forecast.SystematicUncertainty.Member;
import io.chronotick.engine.ntp.StampKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SystematicUncertaintyTest {
    private static final double BASE = 0.01;

    private static Member member(double weight, double share, double difference) {
        return new Member(weight, BASE, share, difference, StampKind.KERNEL);
    }

    private static double several(int servers, double difference) {
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < servers; i++) {
            members.add(member(1.0 / servers, 0.1, difference));
        }
        return SystematicUncertainty.of(members);
    }

    @Test
    void oneServerIsBelievedToBeOffByItsShareOfTheBase() {
        assertThat(SystematicUncertainty.of(List.of(member(1, 0.1, 0)))).isCloseTo(0.1 * BASE, within(1e-8));
    }

    @Test
    void knownSymmetryLeavesTheStamps() {
        assertThat(SystematicUncertainty.of(List.of(member(1, 0, 0)))).isEqualTo(1e-6);
        assertThat(SystematicUncertainty.of(List.of(new Member(1, BASE, 0, 0, StampKind.USER))))
                .isEqualTo(5e-6);
    }

    @Test
    void everyFurtherServerThatAgreesMakesItSmaller() {
        for (int servers = 1; servers < 8; servers++) {
            assertThat(several(servers + 1, 0)).isLessThan(several(servers, 0));
        }
    }

    @Test
    void disagreementMakesItLarger() {
        double agreed = several(4, 0);
        double surprised = several(4, Math.pow(0.3 * BASE, 2));
        assertThat(surprised).isGreaterThan(2 * agreed);
        // Never less than what the differences show of the mean by themselves.
        assertThat(surprised).isGreaterThanOrEqualTo(0.3 * BASE / Math.sqrt(3) * (1 - 1e-9));
    }

    @Test
    void noiseThatExplainsTheDifferencesIsNoDisagreement() {
        assertThat(several(4, -1e-6)).isEqualTo(several(4, 0));
    }

    /** In worlds as the prior has them, with servers whose paths share the law: the stated deviation is the error's. */
    @Test
    void isTheErrorsOwnDeviationWhereThePriorHolds() {
        Random random = new Random(1);
        for (int servers : new int[] {1, 2, 4, 8}) {
            double squares = 0;
            int worlds = 20_000;
            for (int world = 0; world < worlds; world++) {
                double[] asymmetries = new double[servers];
                Arrays.setAll(asymmetries, i -> 0.1 * BASE * random.nextGaussian());
                double mean = 0;
                for (double asymmetry : asymmetries) {
                    mean += asymmetry / servers;
                }
                List<Member> members = new ArrayList<>();
                for (double asymmetry : asymmetries) {
                    members.add(member(1.0 / servers, 0.1, (asymmetry - mean) * (asymmetry - mean)));
                }
                double stated = SystematicUncertainty.of(members);
                squares += mean * mean / (stated * stated) / worlds;
            }
            assertThat(squares).as("%d servers", servers).isBetween(0.75, 1.25);
        }
    }

    /** A clock of this host: 500 ns each way, any instant between as likely, and nothing by the way to the wire. */
    @Test
    void aReadingIsOffByAUniformLawOverItsWidth() {
        Member clock = new Member(1, 500e-9, SystematicUncertainty.READING_SHARE, 0, StampKind.DEVICE);
        assertThat(SystematicUncertainty.of(List.of(clock))).isCloseTo(1e-6 / Math.sqrt(12), within(1e-12));
    }
}
