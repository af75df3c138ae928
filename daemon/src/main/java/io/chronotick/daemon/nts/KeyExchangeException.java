// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import io.chronotick.engine.nts.KeyExchangeFailure;

/** A key exchange brought no keys. The message is one line with cause and remedy, without the name of the server. */
public final class KeyExchangeException extends Exception {
    private static final long serialVersionUID = 1;

    private final KeyExchangeFailure failure;

    KeyExchangeException(KeyExchangeFailure failure, String message) {
        super(message);
        this.failure = failure;
    }

    public KeyExchangeFailure failure() {
        return failure;
    }
}
