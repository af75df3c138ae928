// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Daemons in this process that serve their page and their metrics. */
final class PageDaemon {
    private PageDaemon() {}

    static Daemon start(List<ReferenceServer> servers, Path segment) throws Exception {
        String yaml = """
                clock_measurement:
                  ntp: {servers: [%s]}
                  timing: {warm_up: {measurement_interval: 0.2}, normal_operation: {measurement_interval: 1}}
                daemon: {shm: "%s", http_port: %d}
                """.formatted(
                        servers.stream()
                                .map(server -> "\"127.0.0.1:" + server.address().getPort() + '"')
                                .collect(Collectors.joining(", ")),
                        segment,
                        freePort());
        return Daemon.start(ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config());
    }

    static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }
}
