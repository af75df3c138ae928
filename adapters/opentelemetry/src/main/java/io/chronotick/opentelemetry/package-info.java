// SPDX-License-Identifier: Apache-2.0
/** ChronoTick's time for OpenTelemetry's spans, log records and metrics. */
@org.jspecify.annotations.NullMarked
package io.chronotick.opentelemetry;
