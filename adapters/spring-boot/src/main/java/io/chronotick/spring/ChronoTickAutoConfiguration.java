// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import io.chronotick.client.ChronoTickClock;
import java.time.Clock;
import java.time.InstantSource;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Gives an application ChronoTick's time as its {@link Clock} (and {@link InstantSource}). An application that has a clock of
 * its own keeps it.
 */
@AutoConfiguration
@ConditionalOnProperty(prefix = "chronotick", name = "enabled", matchIfMissing = true)
@EnableConfigurationProperties(ChronoTickProperties.class)
public class ChronoTickAutoConfiguration {
    /** The application's clock: it looks for the daemon when first asked, so either may start first. */
    @Bean
    @ConditionalOnMissingBean(InstantSource.class)
    public ChronoTickClock chronoTickClock(ChronoTickProperties properties) {
        ChronoTickClock clock = ChronoTickClock.of(properties.file());
        return switch (properties.fallback()) {
            case NONE -> clock;
            case SYSTEM -> clock.orElse(Clock.systemUTC());
        };
    }
}
