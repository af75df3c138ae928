// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.Optional;

/**
 * What came of one world with an adversary in it.
 *
 * @param about the world in a few words
 * @param duration true time, s
 * @param findings until the end, or until the engine failed
 * @param failure the exception that the engine ended with, if it did
 */
public record ByzantineResult(
        long seed,
        ByzantineFamily family,
        String about,
        double duration,
        Findings findings,
        Optional<RuntimeException> failure) {

    /** Whether readers were told something valid whose bound did not hold, or the engine failed. */
    public boolean isViolated() {
        return findings.outside() > 0 || failure.isPresent();
    }
}
