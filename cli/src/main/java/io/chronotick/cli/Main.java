// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Output;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.client.ChronoTickException;
import java.util.concurrent.Callable;

/** The program. */
public final class Main {
    /** Set to 1, an internal error shows its stack trace. */
    static final String DEBUG_VARIABLE = "CHRONOTICK_DEBUG";

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments the command line
     */
    public static void main(String[] arguments) {
        // Not exit: that looks up a logger first, which takes as long as reading the time. No command leaves anything
        // to hooks.
        Runtime.getRuntime().halt(run(Shell.ofProcess(), arguments));
    }

    /** Runs one command; never throws. */
    static int run(Shell shell, String... arguments) {
        if (arguments.length == 1 && (arguments[0].equals("--version") || arguments[0].equals("-V"))) {
            shell.line(CommandTree.Version.text()); // without picocli, see QuickStart
            return ended(shell, ExitCode.OK);
        }
        SegmentCommand quick = QuickStart.parse(shell, arguments);
        int exitCode = quick != null ? guard(shell, quick) : guard(shell, () -> CommandTree.execute(shell, arguments));
        return ended(shell, exitCode);
    }

    /** A result that nobody got is no success. */
    private static int ended(Shell shell, int exitCode) {
        shell.out().flush();
        String failure = shell.out() instanceof Output output ? output.failure() : null;
        if (failure != null) {
            shell.error("cannot write the output: " + failure);
        }
        shell.err().flush();
        return failure == null ? exitCode : ExitCode.OUTPUT_LOST;
    }

    /** Turns what a command throws into one line and an exit code. */
    static int guard(Shell shell, Callable<Integer> command) {
        try {
            return command.call();
        } catch (ChronoTickException e) {
            shell.error(String.valueOf(e.getMessage()));
            return ExitCode.of(e);
        } catch (UserException e) {
            shell.error(String.valueOf(e.getMessage()));
            return e.exitCode();
        } catch (Exception | LinkageError | StackOverflowError | OutOfMemoryError e) {
            return internalError(shell, e);
        }
    }

    private static int internalError(Shell shell, Throwable e) {
        if ("1".equals(shell.environment().get(DEBUG_VARIABLE))) {
            shell.out().flush();
            e.printStackTrace(shell.err());
        }
        shell.error("internal error: " + e + "; run it again with " + DEBUG_VARIABLE
                + "=1 for the stack trace, and please report it");
        return ExitCode.INTERNAL_ERROR;
    }
}
