// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many requests are answered: for each address a bucket of tokens, and one for all, which bounds what the server costs
 * whoever asks. An IPv6 network of 64 bits counts as one address, for it is one customer's. Remembers a bounded number of addresses.
 * Not thread-safe.
 */
final class RequestLimit {
    /** A client's start: more than ntpd's and chronyd's bursts of 8. */
    static final int CLIENT_BURST = 16;

    static final double CLIENT_PER_SECOND = 1;

    static final int TOTAL_BURST = 200;
    static final double TOTAL_PER_SECOND = 2_000;

    private static final int CLIENTS = 16_384;
    private static final int NETWORK_BYTES = 8;

    private final Map<ByteBuffer, Bucket> clients = new LinkedHashMap<>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Bucket> eldest) {
            return size() > CLIENTS;
        }
    };
    private final Bucket total = new Bucket(TOTAL_BURST);

    private static final class Bucket {
        double tokens;
        long filledNanos;

        Bucket(double tokens) {
            this.tokens = tokens;
        }

        boolean take(long nowNanos, double perSecond, double burst) {
            tokens = Math.min(burst, tokens + Math.max(0, nowNanos - filledNanos) * 1e-9 * perSecond);
            filledNanos = nowNanos;
            if (tokens < 1) {
                return false;
            }
            tokens -= 1;
            return true;
        }
    }

    /** Whether a request may be answered that arrived at a reading of a clock that goes on, ns. */
    boolean admits(InetAddress client, long nowNanos) {
        byte[] address = client.getAddress();
        ByteBuffer key =
                ByteBuffer.wrap(client instanceof Inet6Address ? Arrays.copyOf(address, NETWORK_BYTES) : address);
        Bucket bucket = clients.get(key);
        if (bucket == null) {
            bucket = new Bucket(CLIENT_BURST);
            bucket.filledNanos = nowNanos;
            clients.put(key, bucket);
        }
        // The client's first: who is refused there costs the others nothing.
        return bucket.take(nowNanos, CLIENT_PER_SECOND, CLIENT_BURST)
                && total.take(nowNanos, TOTAL_PER_SECOND, TOTAL_BURST);
    }
}
