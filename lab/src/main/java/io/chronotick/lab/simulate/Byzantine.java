// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.oscillator.Ablation;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Plays worlds that an adversary made within the assumptions of the hard bound, and looks whether it holds. */
public final class Byzantine {
    /**
     * In one world of so many the estimator is the one that is shipped. In the others the parts are left out that take the time:
     * the bound believes no model, and a worse one may only put the time elsewhere inside.
     */
    private static final int FULL = 20;

    private Byzantine() {}

    /**
     * Plays one world; the same seed and family give the same bits.
     *
     * @param family empty: one that keeps the assumptions, at random
     */
    public static ByzantineResult play(long seed, Optional<ByzantineFamily> family) {
        ByzantineScenario made = ByzantineScenario.of(seed, family);
        Scenario scenario = made.scenario("byzantine-" + seed);
        Set<Ablation> without = seed % FULL == 0 ? Set.of() : EnumSet.allOf(Ablation.class);
        SimulatedWorld world = new SimulatedWorld(scenario, seed, without, Optional.empty());
        Optional<RuntimeException> failure = Optional.empty();
        try {
            world.run();
        } catch (RuntimeException e) {
            failure = Optional.of(e);
        }
        return new ByzantineResult(
                seed, made.family(), scenario.about(), scenario.duration(), world.findings(), failure);
    }
}
