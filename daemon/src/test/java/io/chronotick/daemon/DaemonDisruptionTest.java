// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.DaemonConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A daemon whose hypervisor says that the machine was moved. */
@EnabledOnOs(OS.LINUX)
class DaemonDisruptionTest {
    @TempDir
    Path directory = Path.of("");

    private DaemonConfig config(String server, Path device) throws ConfigException {
        return ConfigLoader.parse(
                        """
                        clock_measurement:
                          vmclock: "%s"
                          ntp: {servers: ["%s"], timeout_seconds: 0.5}
                          timing:
                            warm_up: {measurement_interval: 0.5}
                            normal_operation: {measurement_interval: 1}
                        daemon: {shm: "%s"}
                        """.formatted(device, server, directory.resolve("shm")),
                        "test",
                        Map.of(),
                        ConfigOverrides.NONE,
                        64)
                .config();
    }

    @Test
    void shouldHaveNoTimeFromThereUntilServersHaveAnswered() throws Exception {
        Path device = directory.resolve("vmclock0");
        ByteBuffer page = ByteBuffer.allocate(0x70).order(ByteOrder.LITTLE_ENDIAN);
        page.putInt(0, 0x4B4C4356).putInt(4, 0x70).putShort(8, (short) 1);
        Files.write(device, page.array());
        try (RealChronyd server = RealChronyd.start(Files.createDirectory(directory.resolve("server")));
                FileChannel host = FileChannel.open(device, StandardOpenOption.WRITE);
                LogLines log = new LogLines();
                Daemon daemon = Daemon.start(config(server.address(), device));
                ChronoTickReader reader = ChronoTickReader.attach(daemon.segment())) {
            TestDaemon.await("a time", () -> TestDaemon.isReady(reader));
            host.write(page.putLong(16, 99), 0);
            // Nobody waits for servers here: the next tick withdraws it.
            TestDaemon.await("the end of that time", () -> !TestDaemon.isReady(reader));
            assertThat(log.lines())
                    .contains("INFO the time is void when " + device + " says that this machine was disrupted");
            TestDaemon.await("a time anew", () -> TestDaemon.isReady(reader));
            reader.now(new TimeInterval());
        }
    }

    @Test
    void shouldNotStartWithoutTheVmClockThatItIsTold() throws Exception {
        Path device = directory.resolve("none");
        assertThatThrownBy(() -> Daemon.start(config("127.0.0.1:9", device)))
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining("no VMClock at " + device);
        assertThat(directory.resolve("shm")).doesNotExist();
    }
}
