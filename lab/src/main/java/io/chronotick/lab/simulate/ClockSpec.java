// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.List;
import java.util.Optional;

/**
 * The local oscillator.
 *
 * @param frequency error at the beginning, s/s, + = fast
 * @param spread what the frequency keeps within, half of it on either side of the first, s/s; infinite: any
 * @param wander random walk of the frequency, s/s after one second, growing with the square root of time
 * @param noise white noise of the frequency from second to second, s/s
 * @param ageing steady change of the frequency, s/s a day
 * @param cycles heating and cooling
 * @param steps changes of the temperature
 * @param jumps the clock suddenly reads something else
 * @param stops the clock and the machine stand still
 * @param sensor of the temperature, which is what cycles and steps come from
 */
record ClockSpec(
        double frequency,
        double spread,
        double wander,
        double noise,
        double ageing,
        List<Cycle> cycles,
        List<Step> steps,
        List<Jump> jumps,
        List<Stop> stops,
        Optional<Sensor> sensor) {

    /** A sine of the frequency; amplitude in s/s, period in s, phase 0..1 of a period at the beginning. */
    record Cycle(double amplitude, double period, double phase) {}

    /** The frequency moves by this, s/s, from an instant on, s; with this time constant, s, 0 = at once. */
    record Step(double at, double by, double settle) {}

    /** At an instant, s, the clock reads this much more, s; noticed: the daemon knows at once. */
    record Jump(double at, double by, boolean noticed) {}

    /**
     * From an instant on, s, for some time, s, nothing runs here and the raw clock does not count.
     *
     * @param noticed whether the machine knows afterwards, as after a suspend; if not (a virtual machine was paused), replies
     *     that came meanwhile are delivered late
     */
    record Stop(double at, double length, boolean noticed) {}

    /**
     * A sensor of the temperature that moves the frequency.
     *
     * @param coefficient what the frequency changes by with a degree, (s/s)/K; not 0
     * @param lag how long the oscillator takes to follow it, s: a time constant
     * @param noise of each reading, K
     * @param wander random walk of what has nothing to do with the oscillator, K after one second
     * @param step resolution, K; 0 = none
     * @param stuckAt from when on it reads the same for ever, s
     */
    record Sensor(double coefficient, double lag, double noise, double wander, double step, double stuckAt) {}

    /** What the sensor sees of the heat at an instant, K: the oscillator's T' = (sensor - T) / lag the other way round. */
    double felt(Sensor of, double seconds) {
        double slope = heat(seconds + 0.5) - heat(seconds - 0.5);
        return (heat(seconds) + of.lag() * slope) / of.coefficient();
    }

    /** What heat makes of the frequency at an instant, s/s. */
    double heat(double seconds) {
        double sum = 0;
        for (Cycle cycle : cycles) {
            sum += cycle.amplitude() * Math.sin(2 * Math.PI * (seconds / cycle.period() + cycle.phase()));
        }
        for (Step step : steps) {
            double since = seconds - step.at();
            if (since >= 0) {
                sum += step.by() * (step.settle() == 0 ? 1 : 1 - Math.exp(-since / step.settle()));
            }
        }
        return sum;
    }
}
