// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.chronotick.cli.text.Shell;
import io.chronotick.daemon.time.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * A terminal that is drawn upon as a whole, on the alternate screen, and given back as it was. What is drawn is cut to its present size, so a window
 * may be resized while it is. Thread-safe.
 */
final class Screen implements AutoCloseable {
    private static final String ENTER = "\u001b[?1049h\u001b[?25l";
    private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    private static final int USUAL_ROWS = 24;
    private static final int STANDARD_OUTPUT = 1;
    private static final long TIOCGWINSZ = 0x5413;

    private final Shell shell;
    private boolean left;

    /**
     * Its size in characters.
     *
     * @param columns at least 1
     * @param rows at least 1
     */
    record Size(int columns, int rows) {}

    /** Loaded only where a size is asked for. */
    private static final class WindowSize {
        /** int ioctl(int, unsigned long, ...); struct winsize is four unsigned shorts: rows, columns, and pixels. */
        private static final MethodHandle IOCTL = Libc.function(
                "ioctl",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                Linker.Option.firstVariadicArg(2));

        private WindowSize() {}

        static Size of(int fd, Size otherwise) {
            try (Arena call = Arena.ofConfined()) {
                MemorySegment window = call.allocate(4 * Short.BYTES, Short.BYTES);
                int result = (int) IOCTL.invokeExact(fd, TIOCGWINSZ, window);
                int rows = Short.toUnsignedInt(window.get(JAVA_SHORT, 0));
                int columns = Short.toUnsignedInt(window.get(JAVA_SHORT, Short.BYTES));
                return result < 0 || rows == 0 || columns == 0 ? otherwise : new Size(columns, rows);
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }

    /** Takes the terminal until {@link #close}, or until the process is told to end. */
    Screen(Shell shell) {
        this.shell = shell;
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "leave-screen"));
        shell.out().append(ENTER);
    }

    /** The size now: what the terminal says, or where it cannot be asked what the environment says. */
    Size size() {
        Size said = new Size(shell.width(), rows(shell.environment().getOrDefault("LINES", "")));
        return Libc.isSupported() ? WindowSize.of(STANDARD_OUTPUT, said) : said;
    }

    private static int rows(String lines) {
        try {
            return Math.max(1, Integer.parseInt(lines));
        } catch (NumberFormatException e) {
            return USUAL_ROWS; // there is none, or nonsense
        }
    }

    /** Draws instead of what was there; lines that there is no room for are left out. Nothing after {@link #close}. */
    synchronized void draw(List<String> lines) {
        if (left) {
            return;
        }
        StringBuilder text = new StringBuilder(HOME);
        int rows = size().rows();
        for (int i = 0; i < Math.min(lines.size(), rows); i++) {
            // No line end behind the last row: it would scroll.
            text.append(i == 0 ? "" : "\n").append(lines.get(i)).append(CLEAR_LINE);
        }
        shell.out().append(text).append(CLEAR_BELOW);
        shell.out().flush();
    }

    @Override
    public synchronized void close() {
        if (!left) {
            left = true;
            shell.out().append(LEAVE);
            shell.out().flush();
        }
    }
}
