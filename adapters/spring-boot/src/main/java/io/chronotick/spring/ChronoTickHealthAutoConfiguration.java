// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import io.chronotick.client.ChronoTickClock;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** Makes the time a part of the application's health, where that is shown. */
@AutoConfiguration(after = ChronoTickAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(ChronoTickClock.class)
public class ChronoTickHealthAutoConfiguration {
    @Bean
    @ConditionalOnMissingBean
    ChronoTickHealthIndicator chronoTickHealthIndicator(ChronoTickClock clock, ChronoTickProperties properties) {
        return new ChronoTickHealthIndicator(clock, properties.fallback());
    }
}
