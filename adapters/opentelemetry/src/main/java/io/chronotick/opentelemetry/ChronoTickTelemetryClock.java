// SPDX-License-Identifier: Apache-2.0
package io.chronotick.opentelemetry;

import io.chronotick.client.ChronoTickClock;
import io.opentelemetry.sdk.common.Clock;

/**
 * OpenTelemetry's clock on ChronoTick's time, so that the spans of different hosts line up to within the hosts' bounds.
 *
 * <pre>{@code
 * ChronoTickClock time = ChronoTickClock.of(ChronoTickReader.defaultSegment()).orElse(java.time.Clock.systemUTC());
 * SdkTracerProvider.builder().setClock(new ChronoTickTelemetryClock(time))...
 * }</pre>
 *
 * <p>Telemetry must not break the application that it watches: give it a clock that has another to ask
 * ({@link ChronoTickClock#orElse}). Thread-safe; allocates nothing while ChronoTick has a time.
 *
 * <p>The SDK takes {@link #now} once for the first span of a trace in a process and counts on with {@link #nanoTime}: so no
 * span of a trace has a negative duration, whatever the correction does meanwhile.
 */
public final class ChronoTickTelemetryClock implements Clock {
    private final ChronoTickClock time;

    /** A clock that tells the given one's time. */
    public ChronoTickTelemetryClock(ChronoTickClock time) {
        this.time = time;
    }

    @Override
    public long now() {
        return time.epochNanos();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public String toString() {
        return time.toString();
    }
}
