// SPDX-License-Identifier: Apache-2.0
package io.chronotick.opentelemetry;

import io.chronotick.client.ChronoTickClock;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizer;
import io.opentelemetry.sdk.autoconfigure.spi.AutoConfigurationCustomizerProvider;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.resources.Resource;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Gives an SDK that configures itself ChronoTick's time, for spans, log records and metrics; the system clock's while
 * ChronoTick has none. The resource says what the time was worth at the start: {@code chronotick.source} (of the record, or
 * SYSTEM_CLOCK) and {@code chronotick.bound_seconds}.
 *
 * <p>{@code otel.chronotick.enabled} (true) switches it off; {@code otel.chronotick.segment} names the daemon's shared memory
 * (by default CHRONOTICK_SHM of the environment, else chronotick_shm).
 */
public final class ChronoTickCustomizer implements AutoConfigurationCustomizerProvider {
    private static final Logger LOG = Logger.getLogger(ChronoTickCustomizer.class.getName());

    /** One for all three signals: made by whichever is configured first. */
    private @Nullable ChronoTickClock time;

    @Override
    public void customize(AutoConfigurationCustomizer sdk) {
        sdk.addResourceCustomizer((resource, config) ->
                isEnabled(config) ? resource.merge(Resource.create(worth(time(config)))) : resource);
        sdk.addTracerProviderCustomizer(
                (builder, config) -> isEnabled(config) ? builder.setClock(clock(config)) : builder);
        sdk.addMeterProviderCustomizer(
                (builder, config) -> isEnabled(config) ? builder.setClock(clock(config)) : builder);
        sdk.addLoggerProviderCustomizer(
                (builder, config) -> isEnabled(config) ? builder.setClock(clock(config)) : builder);
    }

    private static boolean isEnabled(ConfigProperties config) {
        return config.getBoolean("otel.chronotick.enabled", true);
    }

    private ChronoTickTelemetryClock clock(ConfigProperties config) {
        return new ChronoTickTelemetryClock(time(config));
    }

    private synchronized ChronoTickClock time(ConfigProperties config) {
        ChronoTickClock made = time;
        if (made == null) {
            String segment = config.getString("otel.chronotick.segment");
            try {
                made = ChronoTickClock.of(
                                segment == null ? ChronoTickReader.defaultSegment() : ChronoTickReader.resolve(segment))
                        .orElse(java.time.Clock.systemUTC());
            } catch (IllegalArgumentException e) {
                throw new ConfigurationException("otel.chronotick.segment: " + e.getMessage(), e);
            }
            time = made;
        }
        return made;
    }

    private static Attributes worth(ChronoTickClock time) {
        try {
            TimeInterval now = new TimeInterval();
            time.reader().now(now);
            CorrectionRecord record = new CorrectionRecord();
            time.reader().read(record);
            return Attributes.builder()
                    .put("chronotick.source", record.source().name())
                    .put("chronotick.bound_seconds", now.boundNanos() * 1e-9)
                    .build();
        } catch (ChronoTickException e) {
            LOG.log(
                    Level.WARNING,
                    "telemetry has the system clock''s time until ChronoTick has one: {0}",
                    e.getMessage());
            return Attributes.builder().put("chronotick.source", "SYSTEM_CLOCK").build();
        }
    }
}
