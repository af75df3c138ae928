// SPDX-License-Identifier: Apache-2.0
package io.chronotick.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.agent.SampleSegment;
import io.chronotick.client.ChronoTickClock;
import io.chronotick.client.NoSegmentException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What an application gets that has the starter, with a daemon's segment, without, and with one that comes later. */
class ChronoTickAutoConfigurationTest {
    /** The segment's time is of 2025: no system clock has it. */
    private static final Instant SAMPLE = Instant.parse("2025-03-13T15:33:20.75Z");

    @TempDir
    Path directory = Path.of("");

    private Path file = Path.of("");
    private ApplicationContextRunner application = new ApplicationContextRunner();

    @BeforeEach
    void configure() {
        file = directory.resolve("shm");
        application = new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        ChronoTickAutoConfiguration.class,
                        ChronoTickHealthAutoConfiguration.class,
                        ChronoTickMetersAutoConfiguration.class))
                .withPropertyValues("chronotick.segment=" + file);
    }

    @Test
    void shouldBeTheClockOfTheApplication() throws IOException {
        new SampleSegment().publish(file);
        application.run(context -> {
            assertThat(context.getBean(Clock.class)).isSameAs(context.getBean(InstantSource.class));
            assertThat(context.getBean(Clock.class).instant()).isBetween(SAMPLE, SAMPLE.plus(Duration.ofHours(1)));
            assertThat(context.getBean(Clock.class).getZone()).isEqualTo(ZoneOffset.UTC);
        });
    }

    @Test
    void shouldStartBeforeTheDaemonAndThrowUntilItIsThere() {
        application.run(context -> {
            Clock clock = context.getBean(Clock.class);
            assertThatThrownBy(clock::instant)
                    .isInstanceOf(NoSegmentException.class)
                    .hasMessageContaining(file.toString());
            new SampleSegment().publish(file);
            assertThat(clock.instant()).isBetween(SAMPLE, SAMPLE.plus(Duration.ofHours(1)));
        });
    }

    @Test
    void shouldTakeTheSystemClockOnlyIfToldSo() {
        application.withPropertyValues("chronotick.fallback=system").run(context -> {
            assertThat(context.getBean(Clock.class).instant()).isAfter(Instant.parse("2026-01-01T00:00:00Z"));
            Health health = health(context.getBean(HealthIndicator.class));
            assertThat(health.getStatus()).isEqualTo(Status.UNKNOWN);
            assertThat(health.getDetails().get("reason")).asString().contains(file.toString());
        });
    }

    @Test
    void shouldTellTheApplicationsHealth() {
        application.run(context -> {
            HealthIndicator indicator = context.getBean(HealthIndicator.class);
            Health down = health(indicator);
            assertThat(down.getStatus()).isEqualTo(Status.DOWN);
            assertThat(down.getDetails()).containsOnlyKeys("reason");

            new SampleSegment().publish(file);
            Health up = health(indicator);
            assertThat(up.getStatus()).isEqualTo(Status.UP);
            assertThat(up.getDetails()).containsEntry("state", "READY").containsEntry("source", "FUSION");
            assertThat(detail(up, "boundSeconds")).isBetween(SampleSegment.MAX_ERROR, 1.0);
            assertThat(detail(up, "uncertaintySeconds")).isBetween(20e-6, 1e-3);
            assertThat(up.getDetails()).containsKey("offsetSeconds");
        });
    }

    @Test
    void shouldSayThatAnExpiredTimeIsNone() throws IOException {
        new SampleSegment().withFlags(0).publish(file);
        application.run(context -> {
            Health health = health(context.getBean(HealthIndicator.class));
            assertThat(health.getStatus()).isEqualTo(Status.DOWN);
            assertThat(health.getDetails()).containsEntry("state", "WARMING UP").containsKey("reason");
        });
    }

    @Test
    void shouldHaveMeters() {
        application.run(context -> {
            MeterRegistry registry = new SimpleMeterRegistry();
            context.getBean(MeterBinder.class).bindTo(registry);
            assertThat(registry.get("chronotick.valid").gauge().value()).isZero();
            assertThat(registry.get("chronotick.bound").gauge().value()).isNaN();
            assertThat(registry.get("chronotick.offset").gauge().value()).isNaN();

            new SampleSegment().publish(file);
            assertThat(registry.get("chronotick.valid").gauge().value()).isEqualTo(1);
            assertThat(registry.get("chronotick.bound").gauge().value()).isBetween(SampleSegment.MAX_ERROR, 1.0);
            assertThat(registry.get("chronotick.uncertainty").gauge().value()).isCloseTo(20e-6, within(1e-4));
            assertThat(registry.get("chronotick.offset").gauge().getId().getBaseUnit())
                    .isEqualTo("seconds");
        });
    }

    @Test
    void shouldLeaveAnApplicationsOwnClockAlone() {
        Clock own = Clock.fixed(SAMPLE, ZoneOffset.UTC);
        application.withBean("own", Clock.class, () -> own).run(context -> {
            assertThat(context.getBean(Clock.class)).isSameAs(own);
            assertThat(context)
                    .doesNotHaveBean(ChronoTickClock.class)
                    .doesNotHaveBean(HealthIndicator.class)
                    .doesNotHaveBean(MeterBinder.class);
        });
    }

    @Test
    void shouldBeSilentWhenSwitchedOff() {
        application
                .withPropertyValues("chronotick.enabled=false")
                .run(context ->
                        assertThat(context).doesNotHaveBean(Clock.class).doesNotHaveBean(HealthIndicator.class));
    }

    @Test
    void shouldNeedNeitherHealthNorMeters() {
        application
                .withClassLoader(new FilteredClassLoader("org.springframework.boot.health", "io.micrometer"))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(ChronoTickClock.class)
                        .doesNotHaveBean("chronoTickMeters"));
    }

    @Test
    void shouldRefuseAWrongFallback() {
        application
                .withPropertyValues("chronotick.fallback=sundial")
                .run(context -> assertThat(context).hasFailed().getFailure().hasMessageContaining("chronotick"));
    }

    @Test
    void shouldDescribeItsPropertiesToEditors() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json"))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .contains(
                            "\"chronotick.enabled\"",
                            "\"chronotick.segment\"",
                            "\"chronotick.fallback\"",
                            "which clock is asked while ChronoTick has no time");
        }
    }

    private static Health health(HealthIndicator indicator) {
        return Objects.requireNonNull(indicator.health());
    }

    private static double detail(Health health, String name) {
        return (double) Objects.requireNonNull(health.getDetails().get(name));
    }
}
