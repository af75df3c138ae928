// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.client.NtsStatus;
import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.client.SourceRow;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    private String doctor() throws IOException {
        sample.bytes.putDouble(PageLayout.UPDATE_FREQUENCY, 0.01); // this machine may be slow
        run("doctor");
        return shell.out().replaceAll("\\s+", " ");
    }

    @Test
    void doctorSaysNothingOfAuthenticationWhereNobodyWantsIt() throws IOException {
        assertThat(doctor()).contains("✓ Daemon runs").doesNotContain("authenticate");
    }

    @Test
    void doctorSaysThatServersProveWhoTheyAre() throws IOException {
        nts(0, NtsStatus.State.AUTHENTICATED, 8, 0, 10);
        nts(1, NtsStatus.State.AUTHENTICATED, 8, 0, 10);
        assertThat(doctor())
                .contains("✓ Servers that have to authenticate themselves do (the time is not authenticated)");
        int flags = sample.bytes.getInt(RecordLayout.FLAGS);
        sample.bytes.putInt(RecordLayout.FLAGS, flags | RecordLayout.FLAG_AUTHENTICATED);
        assertThat(doctor()).contains("✓ Servers that have to authenticate themselves do (the time is authenticated)");
    }

    /** While keys are exchanged nothing is wrong yet. */
    @Test
    void doctorWaitsForKeys() throws IOException {
        nts(0, NtsStatus.State.EXCHANGING, 0, 0, Float.NaN);
        assertThat(doctor()).contains("✓ Servers that have to authenticate themselves do");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "WRONG_HOST | another host's certificate | give the name that the server has in its certificate",
                "UNTRUSTED | certificate not trusted | name your authority's certificate in nts_ca",
                "EXPIRED | certificate expired | if the system clock is wrong, set it roughly",
                "REFUSED | nobody listens there | check that the server offers NTS, and nts_port",
                "TIMEOUT | not done in time | check that TCP port 4460 (nts_port) is open outbound",
                "NAME_NOT_FOUND | name not found | getent hosts NAME"
            })
    void doctorNamesCauseAndRemedy(NtsStatus.Failure failure, String cause, String remedy) throws IOException {
        nts(0, NtsStatus.State.AUTHENTICATED, 8, 0, 10);
        nts(1, NtsStatus.State.FAILED, 0, failure.code(), Float.NaN);
        String told = doctor();
        assertThat(told)
                .contains("✗ Servers that have to authenticate themselves do (the time is not authenticated)"
                        + " ntp2.example.net:1123: NTS key exchange failed (" + cause + "): ")
                .contains(remedy)
                .doesNotContain("ntp1.example.net: ");
    }

    /** Then there is no time, and this is why. */
    @Test
    void doctorNamesTheCauseWhereNoServerProvesWhoItIs() throws IOException {
        for (int source = 0; source < 2; source++) {
            nts(source, NtsStatus.State.FAILED, 0, NtsStatus.Failure.REFUSED.code(), Float.NaN);
            int row = PageLayout.SOURCES + source * PageLayout.SOURCE_SIZE;
            sample.bytes.put(row + PageLayout.SOURCE_REACH, (byte) 0);
            sample.bytes.put(row + PageLayout.SOURCE_STATE, (byte) SourceRow.State.UNAUTHENTICATED.code());
        }
        sample.bytes.putInt(RecordLayout.FLAGS, 0);
        sample.bytes.putFloat(PageLayout.WARMUP_PROGRESS, 0);
        sample.text(PageLayout.WAITING_FOR, "a first answer: NTS: refused");
        String told = doctor();
        assertThat(told)
                .contains("✗ Servers that have to authenticate themselves do")
                .contains("ntp1.example.net: NTS key exchange failed (nobody listens there): check that the server")
                .contains("ntp2.example.net:1123: NTS key exchange failed (nobody listens there)")
                .contains("✗ Warm-up complete (0 %)");
        assertThat(told.indexOf("authenticate themselves")).isLessThan(told.indexOf("Warm-up"));
    }

    @Test
    void doctorSaysThatAnswersProveNothing() throws IOException {
        nts(0, NtsStatus.State.UNPROVEN, 3, 0, 10);
        assertThat(doctor()).contains("✗ Servers that have", "drops NTP packets of 230 bytes and more");
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
