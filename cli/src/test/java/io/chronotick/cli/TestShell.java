// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Shell;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Runs commands in this process and keeps what they print. */
final class TestShell {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();
    private boolean terminal;

    TestShell with(String variable, Object value) {
        environment.put(variable, value.toString());
        return this;
    }

    TestShell onTerminal() {
        terminal = true;
        return this;
    }

    /** Returns the exit code. */
    int run(String... arguments) {
        out.reset();
        err.reset();
        return Main.run(shell(), arguments);
    }

    Shell shell() {
        return new Shell(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, false, StandardCharsets.UTF_8),
                Map.copyOf(environment),
                terminal);
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
