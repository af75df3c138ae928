// SPDX-License-Identifier: Apache-2.0
package io.chronotick.opentelemetry;

import io.chronotick.client.ChronoTickClock;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** A service with a system clock that is off: for each line it gets, one span, whose start and end it prints. */
final class SpanProgram {
    private SpanProgram() {}

    /** Takes a segment and what the system clock is off by, ms. */
    public static void main(String[] args) throws IOException {
        Clock system = Clock.offset(Clock.systemUTC(), Duration.ofMillis(Long.parseLong(args[1])));
        ChronoTickClock time = ChronoTickClock.of(Path.of(args[0])).orElse(system);
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (SdkTracerProvider tracing = SdkTracerProvider.builder()
                .setClock(new ChronoTickTelemetryClock(time))
                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                .build()) {
            for (String name = in.readLine(); name != null; name = in.readLine()) {
                tracing.get("test").spanBuilder(name).startSpan().end();
                SpanData data = spans.getFinishedSpanItems().get(0);
                spans.reset();
                System.out.println(data.getStartEpochNanos() + " " + data.getEndEpochNanos());
            }
        }
    }
}
