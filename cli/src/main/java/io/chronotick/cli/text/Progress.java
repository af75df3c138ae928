// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import java.util.function.IntConsumer;

/**
 * Shows on stderr how many of many runs are done: one line that is rewritten on a terminal, a line every tenth in a log.
 * Thread-safe.
 */
public final class Progress implements IntConsumer {
    private static final int LINES = 10;

    private final Shell shell;
    private final String what;
    private final int total;

    public Progress(Shell shell, String what, int total) {
        this.shell = shell;
        this.what = what;
        this.total = total;
    }

    @Override
    public synchronized void accept(int done) {
        if (shell.terminal()) {
            shell.err().append("\r\u001b[K");
            if (done < total) {
                shell.err().append(what + " " + done + " of " + total);
            }
        } else if (total >= LINES && done * LINES / total != (done - 1) * LINES / total) {
            shell.err().append(what + " " + done + " of " + total + "\n");
        }
        shell.err().flush();
    }
}
