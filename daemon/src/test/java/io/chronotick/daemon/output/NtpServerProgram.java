// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.daemon.time.HostClocks;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** A server of a time that the system clock is behind by {@link #OFFSET_NANOS}: {@code address port}. */
public final class NtpServerProgram {
    /** No clock is that by chance. */
    public static final long OFFSET_NANOS = 20_123_456;

    private NtpServerProgram() {}

    /** Until it is killed. */
    public static void main(String[] args) throws Exception {
        HostClocks clocks = HostClocks.system();
        InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral(args[0]), Integer.parseInt(args[1]));
        try (NtpServer server = new NtpServer(address, clocks)) {
            while (true) {
                server.put(Optional.of(Samples.of(clocks, OFFSET_NANOS, 1_000_000, false)));
                clocks.sleepUntilMonotonic(clocks.monotonicNanos() + 1_000_000_000L);
            }
        }
    }
}
