// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.oscillator.CovariateConfig;
import io.chronotick.engine.oscillator.CovariateReport;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("looks at all that is logged")
class CovariateNotesTest {
    private final CovariateNotes notes = new CovariateNotes();

    private void note(CovariateConfig covariate, double coefficient, double weight) {
        notes.note(List.of(new CovariateReport(covariate, OptionalDouble.of(40), coefficient, 1e-9, weight)));
    }

    /** Once when it begins, once when it ends, and not at every swing of a weight between. */
    @Test
    void saysWhatTheClockFollows() {
        try (LogLines log = new LogLines()) {
            note(CovariateConfig.TEMPERATURE, 4.2e-8, 0.4);
            assertThat(log.lines()).isEmpty();
            note(CovariateConfig.TEMPERATURE, 4.2e-8, 0.6);
            note(CovariateConfig.TEMPERATURE, 4.3e-8, 0.3);
            note(CovariateConfig.TEMPERATURE, 4.3e-8, 0.9);
            assertThat(log.lines()).containsExactly("INFO the clock follows temperature: +0.0420 ppm/C");
            note(CovariateConfig.TEMPERATURE, 4.3e-8, 0.05);
            note(CovariateConfig.CPU_USAGE, -1e-7, 0.8);
            assertThat(log.lines())
                    .containsExactly(
                            "INFO the clock follows temperature: +0.0420 ppm/C",
                            "INFO the clock is forecast better without temperature",
                            "INFO the clock follows cpu_usage: -0.1000 ppm");
        }
    }
}
