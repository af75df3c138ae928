// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class ResolverTest {
    @Test
    void shouldTakeAddressesInFiguresAsTheyAre() {
        assertThat(Resolver.resolve("127.0.0.1", 123).join())
                .containsExactly(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 123));
        assertThat(Resolver.resolve("::1", 11123).join())
                .containsExactly(new InetSocketAddress(InetAddress.ofLiteral("::1"), 11123));
    }

    @Test
    void shouldResolveTheNameOfThisHost() {
        assertThat(Resolver.resolve("localhost", 123).join())
                .isNotEmpty()
                .allMatch(address -> address.getAddress().isLoopbackAddress() && address.getPort() == 123);
    }

    /** The top-level domain "invalid" never exists (RFC 6761). */
    @Test
    void shouldFailForAHostThatDoesNotExist() {
        assertThatThrownBy(() -> Resolver.resolve("ntp.chronotick.invalid", 123).join())
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(UnknownHostException.class);
    }
}
