// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import io.chronotick.client.ChronoTickClock;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Counts the time among the application's meters, where it has any. */
@AutoConfiguration(after = ChronoTickAutoConfiguration.class)
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean(ChronoTickClock.class)
public class ChronoTickMetersAutoConfiguration {
    @Bean
    @ConditionalOnMissingBean
    ChronoTickMeters chronoTickMeters(ChronoTickClock clock) {
        return new ChronoTickMeters(clock);
    }
}
