// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;

class NioUdpTransportTest extends NtpTransportContract {
    @Override
    NtpTransport open(HostClocks clocks) throws IOException {
        return new NioUdpTransport(clocks);
    }
}
