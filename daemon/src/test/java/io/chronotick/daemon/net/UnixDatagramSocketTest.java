// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams to a socket of another program: Python's, for the JDK has none. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class UnixDatagramSocketTest {
    private static final String RECEIVER = """
            import socket, sys
            name = sys.argv[1]
            receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            receiver.bind('\\0' + name[1:] if name[0] == '@' else name)
            print('bound', flush=True)
            for _ in range(2):
                print(repr(receiver.recv(4096).decode()), flush=True)
            """;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReachAPathAndAnAbstractName(boolean isAbstract) throws IOException, InterruptedException {
        Path path = directory.resolve("notify");
        String name = isAbstract ? "@" + path : path.toString();
        Process python = new ProcessBuilder("python3", "-c", RECEIVER, name)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = python.inputReader(StandardCharsets.UTF_8);
                UnixDatagramSocket socket = new UnixDatagramSocket(name)) {
            assertThat(out.readLine()).isEqualTo("bound");
            socket.send("READY=1\nSTATUS=±1 µs");
            socket.send("STOPPING=1");
            assertThat(out.readLine()).isEqualTo("'READY=1\\nSTATUS=±1 µs'");
            assertThat(out.readLine()).isEqualTo("'STOPPING=1'");
            assertThat(python.waitFor()).isZero();
            assertThatThrownBy(() -> socket.send("WATCHDOG=1")).hasMessage("connection refused");
        } finally {
            python.destroyForcibly();
        }
    }

    @Test
    void shouldSayThatNobodyIsThere() throws IOException {
        UnixDatagramSocket socket =
                new UnixDatagramSocket(directory.resolve("nobody").toString());
        try (socket) {
            assertThatThrownBy(() -> socket.send("READY=1")).hasMessage("no such file");
        }
        assertThatThrownBy(() -> socket.send("READY=1")).hasMessage("closed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vsock:2:1234", "relative/path"})
    void shouldRefuseWhatIsNoSuchName(String name) {
        assertThatThrownBy(() -> new UnixDatagramSocket(name)).hasMessageContaining("neither the path of a socket nor");
    }
}
