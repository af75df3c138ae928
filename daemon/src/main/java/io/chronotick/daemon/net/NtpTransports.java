// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.HostClocks;
import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Opens the best transport that this system gives; {@link NtpTransport#describe} says which. */
public final class NtpTransports {
    private NtpTransports() {}

    /**
     * A transport that stamps on the raw clock of {@code clocks}.
     *
     * @throws IOException if the system gives no more files
     */
    public static NtpTransport open(HostClocks clocks) throws IOException {
        return Libc.isSupported() ? new LinuxUdpTransport(clocks) : new NioUdpTransport(clocks);
    }

    /** An address for an error message. */
    static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + " port " + address.getPort();
    }
}
