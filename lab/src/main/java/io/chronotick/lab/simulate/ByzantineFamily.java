// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

/** Kinds of worlds with an adversary in them. */
public enum ByzantineFamily {
    /** The same minority of the servers lies from some time on; anything else may happen. */
    FIXED(true),
    /** The liars change, so slowly or under such new addresses that no more than a minority was wrong within the last hour. */
    ROTATING(true),
    /** No honest server answers for a long time, and the oscillator uses all the room that it has. */
    HOLDOVER(true),
    /**
     * The oscillator goes far, if by less than 15 ppm within any hour and a half, while honest servers are silent for hours: what
     * they said of its frequency has to be forgotten.
     */
    ROAMING(true),
    /** The machine sleeps, and knows of it. */
    SUSPEND(true),
    /** The liars change every 20 s to 10 min: at any one time a minority, within the memory of the bound everybody. */
    AMBITIOUS(false),
    /** The oscillator jumps by 20 ppm where 15 are allowed. */
    JUMP(false),
    /** The machine stands still for 1 to 20 s and does not know of it. */
    PAUSE(false);

    private final boolean guaranteed;

    ByzantineFamily(boolean guaranteed) {
        this.guaranteed = guaranteed;
    }

    /** Whether its worlds keep the assumptions, so that the bound has to hold. */
    public boolean isGuaranteed() {
        return guaranteed;
    }
}
