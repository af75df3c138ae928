// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;

/** Sockets whose stamps are readings of given clocks, for tests in virtual time. */
public final class UserStamps {
    private UserStamps() {}

    public static NtpTransport open(HostClocks clocks) throws IOException {
        return new NioUdpTransport(clocks);
    }
}
