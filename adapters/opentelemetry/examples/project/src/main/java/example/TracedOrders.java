// SPDX-License-Identifier: Apache-2.0
package example;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** One span, and how far its start is from the system clock's time; nothing here names ChronoTick. */
public final class TracedOrders implements SpanProcessor {
    private static Instant before = Instant.MIN;

    public static void main(String[] arguments) {
        Map<String, String> noExporters = Map.of(
                "otel.traces.exporter", "none", "otel.metrics.exporter", "none", "otel.logs.exporter", "none");
        try (OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.builder()
                .addPropertiesSupplier(() -> noExporters)
                .addTracerProviderCustomizer((builder, config) -> builder.addSpanProcessor(new TracedOrders()))
                .build()
                .getOpenTelemetrySdk()) {
            before = Instant.now();
            sdk.getTracer("example").spanBuilder("order").startSpan().end();
        }
    }

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
        Instant start = Instant.EPOCH.plusNanos(span.toSpanData().getStartEpochNanos());
        System.out.println("span at " + start + ", system clock off by "
                + Duration.between(before, start).toMillis() + " ms");
        System.out.println(span.toSpanData().getResource().getAttributes());
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }
}
