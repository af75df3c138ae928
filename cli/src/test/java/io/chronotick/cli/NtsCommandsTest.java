// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.NtsStatus;
import io.chronotick.client.PageLayout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What people are told of the authentication of servers. */
class NtsCommandsTest {
    @TempDir
    Path directory;

    private final TestShell shell = new TestShell();
    private final SampleSegment sample =
            new SampleSegment(ProcessHandle.current().pid());

    private int run(String... arguments) throws IOException {
        Path segment = directory.resolve("segment");
        sample.writeTo(segment);
        return shell.with("CHRONOTICK_SHM", segment).run(arguments);
    }

    private void nts(int source, NtsStatus.State state, int cookies, int failure, float age) {
        int row = PageLayout.SOURCES + source * PageLayout.SOURCE_SIZE;
        sample.bytes.put(row + PageLayout.SOURCE_NTS, (byte) state.code());
        sample.bytes.put(row + PageLayout.SOURCE_NTS_COOKIES, (byte) cookies);
        sample.bytes.put(row + PageLayout.SOURCE_NTS_FAILURE, (byte) failure);
        sample.bytes.putFloat(row + PageLayout.SOURCE_NTS_AGE, age);
    }

    @Test
    void sourcesShowsKeysAndCookies() throws IOException {
        nts(0, NtsStatus.State.AUTHENTICATED, 7, 0, 7200);
        assertThat(run("sources", "--nts")).isZero();
        assertThat(shell.out().lines().toList())
                .anySatisfy(line ->
                        assertThat(line).contains("ntp1.example.net", "authenticated", " 7 ", "2 h", "succeeded"))
                .anySatisfy(line -> assertThat(line).contains("ntp2.example.net:1123", "off", "-"));
    }

    @ParameterizedTest
    @EnumSource(NtsStatus.Failure.class)
    void statusNamesCauseAndRemedy(NtsStatus.Failure failure) throws IOException {
        nts(1, NtsStatus.State.FAILED, 0, failure.code(), Float.NaN);
        run("status");
        String told = shell.out().replaceAll("\\s+", " ");
        assertThat(told).contains("ntp2.example.net:1123: NTS key exchange failed (" + failure.words() + "): ");
        run("sources", "--nts");
        assertThat(shell.out().replaceAll("\\s+", " ")).contains("failed: " + failure.words());
    }

    @Test
    void statusSaysNothingWhereAllIsWell() throws IOException {
        nts(0, NtsStatus.State.AUTHENTICATED, 8, 0, 10);
        run("status");
        assertThat(shell.out()).doesNotContain("NTS");
    }

    @Test
    void queryHasOneLineForAFailure() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        assertThat(run("query", "--nts", "127.0.0.1:" + port)).isEqualTo(ExitCode.NOT_MET);
        assertThat(shell.err())
                .isEqualTo("chronotick: 127.0.0.1:" + port + ": nobody listens on its TCP port " + port
                        + "; check that it offers NTS, and the port\n");
    }

    @Test
    void queryWantsTheAuthoritysFileWithNtsOnly() throws IOException {
        assertThat(run("query", "--nts-ca", "ca.pem", "127.0.0.1")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--nts-ca is of no use without --nts");
    }
}
