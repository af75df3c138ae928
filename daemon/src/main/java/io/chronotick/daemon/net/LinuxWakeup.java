// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.Libc;
import java.io.IOException;

/** An event counter (eventfd(2)) that ends a poll(2) from another thread. {@link #signal} is for any thread. */
final class LinuxWakeup {
    private final LinuxSockets calls;
    private final int fd;

    /** A signal must not write to a file number that has a new owner. */
    private final Object lock = new Object();

    private boolean closed;

    LinuxWakeup(LinuxSockets calls) throws IOException {
        this.calls = calls;
        fd = calls.eventCounter();
        if (fd < 0) {
            throw new IOException("cannot open an event counter: " + Libc.errnoText(calls.errno()));
        }
    }

    /** Readable when signalled. */
    int fd() {
        return fd;
    }

    /** Does nothing after {@link #close}. */
    void signal() {
        synchronized (lock) {
            if (!closed) {
                calls.signal(fd);
            }
        }
    }

    /** Takes all signals off. */
    void clear() {
        calls.clear(fd);
    }

    /** Returns whether it was open. */
    boolean close() {
        synchronized (lock) {
            if (closed) {
                return false;
            }
            closed = true;
            calls.close(fd);
            return true;
        }
    }
}
