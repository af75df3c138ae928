// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.util.random.RandomGenerator;

/** One direction of a path as packets meet it. Not thread-safe. */
final class Direction {
    private final RandomGenerator random;
    private boolean bursting;
    private double nextTurn = Double.NaN;

    Direction(RandomGenerator random) {
        this.random = random;
    }

    /** Delay of a packet that sets out at a true time, s; not-a-number if it is lost. */
    double delay(DirectionSpec spec, double seconds) {
        boolean lost = random.nextDouble() < spec.loss();
        boolean late = random.nextDouble() < spec.lateShare();
        DelayLaw queue = spec.bursts()
                .filter(bursts -> isBursting(bursts, seconds))
                .map(DirectionSpec.Bursts::queue)
                .orElse(spec.queue());
        double delay = spec.base() + queue.sample(random) + (late ? spec.lateBy() : 0);
        return lost ? Double.NaN : delay;
    }

    private boolean isBursting(DirectionSpec.Bursts bursts, double seconds) {
        if (Double.isNaN(nextTurn)) {
            nextTurn = seconds + exponential(bursts.every());
        }
        while (seconds >= nextTurn) {
            bursting = !bursting;
            nextTurn += exponential(bursting ? bursts.last() : bursts.every());
        }
        return bursting;
    }

    private double exponential(double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }
}
