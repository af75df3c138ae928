// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.lab;

import io.chronotick.cli.text.Format;
import io.chronotick.cli.text.Shell;
import io.chronotick.engine.oscillator.Ablation;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** A command of the lab that runs the engine. */
abstract class LabRunCommand extends LabJobCommand {
    @Option(
            names = "--without",
            paramLabel = "PART",
            split = ",",
            description = "Leave parts of the estimator out: ${COMPLETION-CANDIDATES}.")
    List<Ablation> without = List.of();

    public LabRunCommand(Shell shell) {
        super(shell);
    }

    final Set<Ablation> without() {
        Set<Ablation> parts = EnumSet.noneOf(Ablation.class);
        parts.addAll(without);
        return parts;
    }

    /** Microseconds with four significant digits or so. */
    static String micros(double seconds) {
        double micros = seconds * 1e6;
        double size = Math.abs(micros);
        return Format.fixed(micros, size < 100 ? 2 : size < 1000 ? 1 : 0);
    }
}
