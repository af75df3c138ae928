// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

/** Other machines could call the server, and nothing tells who may. */
public final class MissingTokenException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    MissingTokenException(String host) {
        super(host + " lets other machines in, so callers have to show a token");
    }
}
