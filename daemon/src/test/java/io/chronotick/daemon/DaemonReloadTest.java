// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other servers cannot change while a daemon runs: it says so in one line, and goes on as it was. */
class DaemonReloadTest {
    @TempDir
    Path directory;

    private DaemonConfig config(String ntp) throws ConfigException {
        String yaml =
                "clock_measurement: {ntp: {" + ntp + "}}\ndaemon: {shm: \"" + directory.resolve("segment") + "\"}\n";
        return ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 64)
                .config();
    }

    @Test
    void shouldRefuseFewerServersThanHaveToAgree() throws Exception {
        try (Daemon daemon = Daemon.start(config("min_servers: 2, servers: [\"127.0.0.1:1\", \"127.0.0.1:2\"]"))) {
            DaemonConfig one = config("servers: [\"127.0.0.1:1\"]");
            assertThatThrownBy(() -> daemon.reload(one))
                    .isInstanceOf(DaemonException.class)
                    .hasMessage("min_servers was 2 at the start, and these are 1 servers; restart the daemon");
            DaemonConfig others = config("min_servers: 2, servers: [\"127.0.0.1:1\", \"127.0.0.1:3\"]");
            assertThatCode(() -> daemon.reload(others)).doesNotThrowAnyException();
        }
    }

    /** 169.254.169.123 is that of Amazon's cloud, which smears. It is on no network here, and nobody is asked outside. */
    @Test
    void shouldRefuseAnotherTimeScale() throws Exception {
        try (Daemon daemon = Daemon.start(config("servers: [\"127.0.0.1:1\"]"))) {
            DaemonConfig smearing = config("servers: [169.254.169.123]");
            assertThatThrownBy(() -> daemon.reload(smearing))
                    .isInstanceOf(DaemonException.class)
                    .hasMessageStartingWith("leap_smear: ")
                    .hasMessageEndingWith("restart the daemon")
                    .hasMessageNotContaining("\n");
        }
    }
}
