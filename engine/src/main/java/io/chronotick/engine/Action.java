// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.external.ExternalForecasterConfig;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.ntp.MeasuredExchange;

/** What the engine asks of the shell round it. The engine itself performs no input or output. */
public sealed interface Action
        permits Action.Send,
                Action.ExchangeKeys,
                Action.Publish,
                Action.Measured,
                Action.Explain,
                Action.Infer,
                Action.Note {

    /**
     * Send one datagram to a server; or read the clock, where the source is a clock of this host: then the payload is of no meaning,
     * and the answer comes back by {@link Engine#onReading}, if at all.
     *
     * @param source index of the server, as returned by {@link Engine#addSource}
     * @param requestId identifies this request in {@link Engine#onTransmitted}
     * @param payload the NTP packet; the receiver of this action owns the array
     */
    @SuppressWarnings("ArrayRecordComponent") // a buffer to be sent once, never compared or hashed
    record Send(int source, long requestId, byte[] payload) implements Action {}

    /**
     * Get keys for a server that is to be authenticated (RFC 8915, section 4). The answer comes back by {@link Engine#onKeys} or {@link
     * Engine#onKeyExchangeFailed}, in any case.
     *
     * @param source index of the server
     */
    record ExchangeKeys(int source) implements Action {}

    /** Publish a new correction; it replaces the one before. */
    record Publish(Correction correction) implements Action {}

    /** An exchange has passed the checks of the protocol. For whoever keeps a record. */
    record Measured(MeasuredExchange measured) implements Action {}

    /** What was made of the exchange that has just been measured; only for who wants to know ({@link Engine#explain}). */
    record Explain(ExchangeReport report) implements Action {}

    /**
     * Ask a learned forecaster; the answer comes back by {@link Engine#onForecast} or {@link Engine#onForecastFailed}.
     *
     * @param forecaster which
     * @param requestId identifies this request in the answer
     * @param context offsets, s, oldest first, on the grid of {@link ExternalForecasterConfig#stepSeconds}, less the engine's own straight
     *     line through the newest; the receiver of this action owns the array
     */
    @SuppressWarnings("ArrayRecordComponent") // the input of one inference, never compared or hashed
    record Infer(Forecast.Forecaster forecaster, long requestId, double[] context) implements Action {}

    /** Something a person who watches the daemon would want to know; one log line. */
    record Note(Severity severity, String text) implements Action {}

    /** How much a {@link Note} matters. */
    enum Severity {
        DEBUG,
        INFO,
        WARN
    }
}
