// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import io.chronotick.engine.forecast.Notices;
import java.util.function.Consumer;

/** Makes actions of what people would want to know. */
record Notes(Consumer<Action> out) implements Notices {
    @Override
    public void inform(String text) {
        out.accept(new Action.Note(Action.Severity.INFO, text));
    }

    @Override
    public void warn(String text) {
        out.accept(new Action.Note(Action.Severity.WARN, text));
    }

    /** Of use to who looks for a fault. */
    void debug(String text) {
        out.accept(new Action.Note(Action.Severity.DEBUG, text));
    }
}
