// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

/**
 * What HotSpot makes of SIGBUS: an {@link InternalError} in a thread that touches a mapped file beyond its end, after somebody
 * has cut it short. It can come some instructions late, so callers catch it round everything that follows the access.
 */
public final class MappingFault {
    private MappingFault() {}

    /** Throws the error again unless it is such a fault. */
    public static void require(InternalError error) {
        String message = error.getMessage();
        if (message == null || !message.contains("unsafe memory access")) {
            throw error;
        }
    }
}
