// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.List;

/**
 * The local oscillator.
 *
 * @param frequency error at the beginning, s/s, + = fast
 * @param wander random walk of the frequency, s/s after one second, growing with the square root of time
 * @param noise white noise of the frequency from second to second, s/s
 * @param ageing steady change of the frequency, s/s a day
 * @param cycles heating and cooling
 * @param steps changes of the temperature
 * @param jumps the clock suddenly reads something else
 * @param stops the clock and the machine stand still
 */
record ClockSpec(
        double frequency,
        double wander,
        double noise,
        double ageing,
        List<Cycle> cycles,
        List<Step> steps,
        List<Jump> jumps,
        List<Stop> stops) {

    /** A sine of the frequency; amplitude in s/s, period in s, phase 0..1 of a period at the beginning. */
    record Cycle(double amplitude, double period, double phase) {}

    /** The frequency moves by this, s/s, from an instant on, s; with this time constant, s, 0 = at once. */
    record Step(double at, double by, double settle) {}

    /** At an instant, s, the clock reads this much more, s. */
    record Jump(double at, double by) {}

    /**
     * From an instant on, s, for some time, s, nothing runs here and the raw clock does not count.
     *
     * @param noticed whether the machine knows afterwards, as after a suspend; if not (a virtual machine was paused), replies
     *     that came meanwhile are delivered late
     */
    record Stop(double at, double length, boolean noticed) {}
}
