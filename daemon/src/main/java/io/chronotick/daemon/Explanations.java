// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.Engine;
import io.chronotick.engine.ExchangeReport;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.math.Nanos;
import java.util.Locale;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log, at DEBUG, why the time is what it is. Belongs to the network thread. */
final class Explanations {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final long PERIOD_NANOS = Nanos.ofSeconds(60);

    /** The rest counts for little, and the line has to end. */
    private static final int HYPOTHESES = 4;

    private long nextNanos;

    static boolean areWanted() {
        return LOG.isDebugEnabled();
    }

    /** After an exchange: what was made of it, and what READY waits for. */
    static void explain(String server, ExchangeReport report, Correction newest, String waitingFor) {
        String state = report.state().name().toLowerCase(Locale.ROOT);
        String delay = micros(report.delay());
        if (Double.isNaN(report.expectedSd())) {
            LOG.debug("{} {}: delay {} us, nothing to compare it with yet", server, state, delay);
        } else {
            LOG.debug(
                    "{} {}: delay {} us, residual {} us (there {}, back {}) where ±{} was expected, weight {}",
                    server,
                    state,
                    delay,
                    signed(report.residual()),
                    signed(report.forward()),
                    signed(report.back()),
                    micros(report.expectedSd()),
                    String.format(Locale.ROOT, "%.2f", report.weight()));
        }
        if (!waitingFor.isEmpty()) {
            LOG.debug("waits for {}: {}", waitingFor, certainty(newest));
        }
    }

    /** Each minute: which hypotheses about the oscillator the time goes by. */
    void explain(Engine engine, Correction newest, long rawNanos) {
        long left = nextNanos - rawNanos;
        // Not longer than that either, where the clock has jumped back.
        if (!areWanted() || (left > 0 && left <= PERIOD_NANOS)) {
            return;
        }
        nextNanos = rawNanos + PERIOD_NANOS;
        String hypotheses = engine.hypotheses(HYPOTHESES).stream()
                .map(weight -> String.format(
                        Locale.ROOT,
                        "%s %.0f %% (far ahead %.0f %%)",
                        weight.name(),
                        100 * weight.shortTerm(),
                        100 * weight.longTerm()))
                .collect(Collectors.joining("; "));
        if (!hypotheses.isEmpty()) {
            LOG.debug(
                    "hypotheses: {}; frequency {} ppm; {}",
                    hypotheses,
                    String.format(Locale.ROOT, "%+.4f", newest.frequency() * 1e6),
                    certainty(newest));
        }
    }

    private static String certainty(Correction correction) {
        long raw = correction.rawNanos();
        return "uncertainty ±" + micros(correction.sdAt(raw)) + " us of at most " + micros(correction.maxUncertainty())
                + ", bound ±" + micros(correction.maxErrorAt(raw)) + " us";
    }

    private static String micros(double seconds) {
        return String.format(Locale.ROOT, "%.1f", seconds * 1e6);
    }

    private static String signed(double seconds) {
        return String.format(Locale.ROOT, "%+.1f", seconds * 1e6);
    }
}
