// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Looks host names up without holding the caller up. Thread-safe. */
public final class Resolver {
    private Resolver() {}

    /**
     * The addresses of a host, at least one, in the order in which the resolver gives them; an address in figures needs no
     * look-up. Fails with {@link UnknownHostException}. A look-up takes a daemon thread of its own, since the system's
     * resolver can hang for many seconds; a hanging one neither delays others nor the end of the program.
     *
     * @param port 1..65535
     */
    public static CompletableFuture<List<InetSocketAddress>> resolve(String host, int port) {
        CompletableFuture<List<InetSocketAddress>> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("resolve " + host).start(() -> {
            try {
                result.complete(Arrays.stream(InetAddress.getAllByName(host))
                        .map(address -> new InetSocketAddress(address, port))
                        .toList());
            } catch (UnknownHostException | RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }
}
