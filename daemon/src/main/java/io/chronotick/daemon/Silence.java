// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.time.Libc;
import java.util.Optional;

/** Why servers do not answer, as the status page says it after what is waited for. Whoever reads the page finds it by {@link #in}. */
public enum Silence {
    /** The name cannot be looked up. */
    NAME_NOT_FOUND("name not found"),
    /** This machine has no route to the server's network. */
    NETWORK_UNREACHABLE(Libc.NETWORK_UNREACHABLE),
    /** This machine, or a router on the way, has no route to the server. */
    NO_ROUTE(Libc.NO_ROUTE),
    /** Nobody listens on that port. */
    REFUSED(Libc.CONNECTION_REFUSED),
    /** Requests have left and nothing has come back. */
    NO_ANSWER("no answer"),
    /** A clock of this host cannot be read, or says that it is not right. */
    CLOCK_NOT_READ("clock not read");

    private final String words;

    Silence(String words) {
        this.words = words;
    }

    /** In words. */
    public String words() {
        return words;
    }

    /** The first of these that a text names; empty if it names none. */
    public static Optional<Silence> in(String text) {
        for (Silence silence : values()) {
            if (text.contains(silence.words)) {
                return Optional.of(silence);
            }
        }
        return Optional.empty();
    }
}
