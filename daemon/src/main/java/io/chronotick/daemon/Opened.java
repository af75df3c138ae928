// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import java.util.ArrayDeque;
import java.util.Deque;

/** What has been opened so far, to be closed together, the newest first. For one thread at a time. */
final class Opened {
    private final Deque<Closing> closings = new ArrayDeque<>();

    /** How one thing is closed. */
    interface Closing {
        void close() throws Exception;
    }

    void add(Closing closing) {
        closings.push(closing);
    }

    /** Closes everything, whatever fails meanwhile; then throws the first failure. */
    void close() {
        IllegalStateException failed = new IllegalStateException("not everything could be closed");
        closeAfter(failed);
        if (failed.getSuppressed().length > 0) {
            throw failed;
        }
    }

    /** Closes everything because of a failure, to which it adds what fails meanwhile. */
    void closeAfter(Throwable failure) {
        while (!closings.isEmpty()) {
            try {
                closings.pop().close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }
}
