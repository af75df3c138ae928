// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

import java.util.Optional;

/**
 * What the time waits for, as the status page says it in at most 63 bytes of words. Whoever reads the page finds the reason
 * again by {@link #of}.
 */
public enum WaitReason {
    /** No server has answered yet. */
    FIRST_ANSWER("a first answer"),
    /** Servers that answered do so no more. */
    ANSWER("an answer: "),
    /** The warm-up needs more exchanges. */
    EXCHANGE("exchange "),
    /** The time is not certain enough yet. */
    UNCERTAINTY("an uncertainty below the maximum"),
    /** All but one of a majority have been heard. */
    ONE_SERVER("an answer from one more server"),
    /** Less than a majority of the servers has been heard. */
    SERVERS("answers from "),
    /** No majority of the servers agrees. */
    AGREEMENT("servers that agree"),
    /** What was measured contradicts what was promised. */
    JUMP("servers or local clock have jumped: is it to stay?"),
    /** The servers agree on a step that is larger than the configuration allows. */
    STEP("step of "),
    /** The majority has moved, and a server stands by what it said before. */
    MOVED("servers to agree on a move of "),
    /** Fewer servers agree than the configuration asks for. */
    MIN_SERVERS("agreement of "),
    /** The first time is far from the system clock. */
    UNEXPECTED("a majority on a time far from the system clock: ");

    private final String beginning;

    WaitReason(String beginning) {
        this.beginning = beginning;
    }

    /** In words. */
    public String text() {
        return beginning;
    }

    /** In words, which go on with these. */
    public String text(String details) {
        return beginning + details;
    }

    /** The reason that words tell; empty for none of these, which a daemon of another version may have. */
    public static Optional<WaitReason> of(String text) {
        for (WaitReason reason : values()) {
            if (text.startsWith(reason.beginning)) {
                return Optional.of(reason);
            }
        }
        return Optional.empty();
    }
}
