// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import io.chronotick.client.ChronoTickClock;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.Reading;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** What the application's time is worth, in the words of the daemon's own metrics; NaN while there is none. */
class ChronoTickMeters implements MeterBinder {
    private final ChronoTickClock clock;

    ChronoTickMeters(ChronoTickClock clock) {
        this.clock = clock;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        seconds(registry, "chronotick.offset", "correction of the system clock", Reading::offset);
        seconds(registry, "chronotick.uncertainty", "standard deviation of the time", Reading::uncertainty);
        seconds(
                registry,
                "chronotick.bound",
                "what the time is off by at most",
                reading -> reading.now().boundNanos() * 1e-9);
        Gauge.builder("chronotick.valid", clock, c -> Double.isNaN(read(c, reading -> 1)) ? 0 : 1)
                .description("1 while there is a time, else 0")
                .strongReference(true)
                .register(registry);
    }

    private void seconds(MeterRegistry registry, String name, String description, ToDoubleFunction<Reading> value) {
        Gauge.builder(name, clock, c -> read(c, value))
                .description(description)
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    /** NaN where there is no time: not a number that somebody could take for one. */
    private static double read(ChronoTickClock clock, ToDoubleFunction<Reading> value) {
        try {
            Reading reading = new Reading(clock.reader());
            return reading.refusal() == null ? value.applyAsDouble(reading) : Double.NaN;
        } catch (ChronoTickException e) {
            return Double.NaN;
        }
    }
}
