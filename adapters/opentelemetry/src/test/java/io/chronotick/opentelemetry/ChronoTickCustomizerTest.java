// SPDX-License-Identifier: Apache-2.0
package io.chronotick.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.agent.SampleSegment;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.testing.exporter.InMemoryLogRecordExporter;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An SDK that configures itself, with this on its class path and nothing else said. */
class ChronoTickCustomizerTest {
    private static final long SAMPLE = Instant.parse("2025-03-13T15:33:20Z").getEpochSecond() * 1_000_000_000L;
    private static final long HOUR = 3_600_000_000_000L;
    private static final AttributeKey<String> SOURCE = AttributeKey.stringKey("chronotick.source");
    private static final AttributeKey<Double> BOUND = AttributeKey.doubleKey("chronotick.bound_seconds");

    @TempDir
    Path directory = Path.of("");

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryLogRecordExporter logs = InMemoryLogRecordExporter.create();
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();

    private OpenTelemetrySdk sdk(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "otel.traces.exporter", "none",
                "otel.metrics.exporter", "none",
                "otel.logs.exporter", "none",
                "otel.chronotick.segment", directory.resolve("shm").toString()));
        all.putAll(settings);
        return AutoConfiguredOpenTelemetrySdk.builder()
                .disableShutdownHook()
                .addPropertiesSupplier(() -> all)
                .addTracerProviderCustomizer(
                        (builder, config) -> builder.addSpanProcessor(SimpleSpanProcessor.create(spans)))
                .addLoggerProviderCustomizer(
                        (builder, config) -> builder.addLogRecordProcessor(SimpleLogRecordProcessor.create(logs)))
                .addMeterProviderCustomizer((builder, config) -> builder.registerMetricReader(metrics))
                .build()
                .getOpenTelemetrySdk();
    }

    private SpanData span(OpenTelemetrySdk sdk) {
        spans.reset();
        sdk.getTracer("test").spanBuilder("work").startSpan().end();
        return spans.getFinishedSpanItems().get(0);
    }

    @Test
    void shouldTimeAllSignals() throws IOException {
        new SampleSegment().publish(directory.resolve("shm"));
        try (OpenTelemetrySdk sdk = sdk(Map.of())) {
            SpanData span = span(sdk);
            assertThat(span.getStartEpochNanos()).isBetween(SAMPLE, SAMPLE + HOUR);
            assertThat(span.getEndEpochNanos()).isBetween(span.getStartEpochNanos(), SAMPLE + HOUR);
            assertThat(span.getResource().getAttribute(SOURCE)).isEqualTo("FUSION");
            assertThat(span.getResource().getAttribute(BOUND)).isBetween(SampleSegment.MAX_ERROR, 1.0);

            sdk.getSdkLoggerProvider()
                    .get("test")
                    .logRecordBuilder()
                    .setBody("hello")
                    .emit();
            assertThat(logs.getFinishedLogRecordItems().get(0).getObservedTimestampEpochNanos())
                    .isBetween(SAMPLE, SAMPLE + HOUR);

            sdk.getMeter("test").counterBuilder("count").build().add(1);
            assertThat(metrics.collectAllMetrics())
                    .filteredOn(metric -> metric.getName().equals("count"))
                    .singleElement()
                    .satisfies(metric -> assertThat(metric.getLongSumData().getPoints())
                            .allSatisfy(
                                    point -> assertThat(point.getEpochNanos()).isBetween(SAMPLE, SAMPLE + HOUR)));
        }
    }

    @Test
    void shouldHaveTheSystemClocksTimeUntilThereIsADaemonAndSaySo() throws IOException {
        try (OpenTelemetrySdk sdk = sdk(Map.of())) {
            SpanData span = span(sdk);
            assertThat(span.getStartEpochNanos()).isGreaterThan(SAMPLE + HOUR);
            assertThat(span.getResource().getAttribute(SOURCE)).isEqualTo("SYSTEM_CLOCK");
            assertThat(span.getResource().getAttribute(BOUND)).isNull();
        }
    }

    @Test
    void shouldDoNothingWhenSwitchedOff() throws IOException {
        new SampleSegment().publish(directory.resolve("shm"));
        try (OpenTelemetrySdk sdk = sdk(Map.of("otel.chronotick.enabled", "false"))) {
            SpanData span = span(sdk);
            assertThat(span.getStartEpochNanos()).isGreaterThan(SAMPLE + HOUR);
            assertThat(span.getResource().getAttribute(SOURCE)).isNull();
        }
    }

    @Test
    void shouldRefuseASegmentThatCannotBe() {
        assertThatThrownBy(() -> sdk(Map.of("otel.chronotick.segment", "a\0b")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("otel.chronotick.segment");
    }
}
