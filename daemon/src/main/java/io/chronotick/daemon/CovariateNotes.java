// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.oscillator.CovariateReport;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log when the clock model begins or ceases to go by a covariate. Not thread-safe. */
final class CovariateNotes {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** A covariate leads when hypotheses that follow it have this share, until it falls below the other. */
    private static final double LEADING = 0.5;

    private static final double FORGOTTEN = 0.1;

    private final Set<String> leading = new HashSet<>();

    void note(List<CovariateReport> reports) {
        for (CovariateReport report : reports) {
            String name = report.config().name();
            if (report.weight() > LEADING && leading.add(name)) {
                String unit = report.config().unit();
                LOG.info(
                        "the clock follows {}: {} ppm{}",
                        name,
                        String.format(Locale.ROOT, "%+.4f", report.coefficient() * 1e6),
                        unit.isEmpty() ? "" : "/" + unit);
            } else if (report.weight() < FORGOTTEN && leading.remove(name)) {
                LOG.info("the clock is forecast better without {}", name);
            }
        }
    }
}
