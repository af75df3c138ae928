// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import io.chronotick.client.ChronoTickClock;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.Reading;
import io.chronotick.spring.ChronoTickProperties.Fallback;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * UP while there is a time, with what it is worth. Else DOWN with the reason; UNKNOWN where the application has been told to
 * take the system clock then, for it works, with a time that nobody vouches for.
 */
class ChronoTickHealthIndicator extends AbstractHealthIndicator {
    private final ChronoTickClock clock;
    private final Status withoutTime;

    ChronoTickHealthIndicator(ChronoTickClock clock, Fallback fallback) {
        super("ChronoTick's time could not be read");
        this.clock = clock;
        this.withoutTime = fallback == Fallback.SYSTEM ? Status.UNKNOWN : Status.DOWN;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        try {
            Reading reading = new Reading(clock.reader());
            health.withDetail("state", reading.label());
            ChronoTickException refusal = reading.refusal();
            if (refusal != null) {
                withoutTime(health, refusal);
                return;
            }
            health.up()
                    .withDetail("source", reading.record().source().name())
                    .withDetail("offsetSeconds", reading.offset())
                    .withDetail("uncertaintySeconds", reading.uncertainty())
                    .withDetail("boundSeconds", reading.now().boundNanos() * 1e-9);
        } catch (ChronoTickException e) {
            withoutTime(health, e);
        }
    }

    private void withoutTime(Health.Builder health, ChronoTickException why) {
        health.status(withoutTime).withDetail("reason", String.valueOf(why.getMessage()));
    }
}
