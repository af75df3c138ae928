// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.nts;

import java.util.List;

/**
 * What a key exchange brings: the keys of both directions and cookies, of which each is good for one request. Immutable; prints
 * none of it.
 *
 * @param clientToServer key of the requests, 32 bytes; not to be changed
 * @param serverToClient key of the replies, 32 bytes; not to be changed
 * @param cookies each of 1 to {@link NtsClient#MAX_COOKIE_BYTES} bytes; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // secrets, never compared or hashed
public record NtsKeys(byte[] clientToServer, byte[] serverToClient, List<byte[]> cookies) {
    public NtsKeys {
        cookies = List.copyOf(cookies);
    }

    @Override
    public String toString() {
        return "keys with " + cookies.size() + " cookies";
    }
}
