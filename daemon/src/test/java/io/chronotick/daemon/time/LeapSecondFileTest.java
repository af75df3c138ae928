// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.LeapSecondList;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeapSecondFileTest {
    private static final Instant NOW = Instant.parse("2026-11-27T00:00:00Z");

    /** With the checksum that the IERS' rule gives it, a word of which has leading zeros that are left out. */
    private static final String LIST = """
            #	In the following text, the symbol '#' introduces a comment
            #
            #$	 3945542400
            #@	3991593600
            #
            2272060800	10	# 1 Jan 1972
            2287785600	11	# 1 Jul 1972
            3692217600	12	# 1 Jan 2017
            4007404800	11	# 28 Dec 2026, deleted
            #
            #h	%s
            """;

    private static final String HASH = "5eaff6ed 57aba372 7123171 1bb2c28d 7d6925d7";

    @TempDir
    private Path directory;

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("list"), text);
    }

    private static LeapSecondList only(LeapSecondFile file) {
        return file.ifNew(NOW).orElseThrow();
    }

    private static long nanos(String instant) {
        return Instant.parse(instant).getEpochSecond() * 1_000_000_000L;
    }

    @Test
    void shouldReadAList() throws IOException {
        LeapSecondList list = only(new LeapSecondFile(write(LIST.formatted(HASH))));
        assertThat(list.expiresNanos()).isEqualTo(nanos("2026-06-28T00:00:00Z"));
        assertThat(list.kinds())
                .isEqualTo(Map.of(
                        nanos("1972-07-01T00:00:00Z"), LeapIndicator.INSERT,
                        nanos("2017-01-01T00:00:00Z"), LeapIndicator.INSERT,
                        nanos("2026-12-28T00:00:00Z"), LeapIndicator.DELETE));
    }

    /** Also with other ends of lines. */
    @Test
    void shouldReadAListThatWasWrittenElsewhere() throws IOException {
        String text = LIST.formatted(HASH).replace("\n", "\r\n");
        assertThat(only(new LeapSecondFile(write(text))).kinds()).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "3991593600/3991593601", // expires a second later
                "3692217600/3692217601",
                "3692217600	12/3692217600	13",
                "#$	 3945542400/#$	 3945542401",
                "5eaff6ed 57aba372 7123171 1bb2c28d 7d6925d7/00000000 00000000 00000000 00000000 00000000",
                "#h/#x",
                "#@/#x",
                "2287785600/2272060799",
                "2272060800	10/word",
                "3692217600/-3692217600",
                "3692217600/99999999999999"
            })
    void shouldNotBelieveAListThatIsNotWhole(String change) throws IOException {
        String[] parts = change.split("/", -1);
        String text = LIST.formatted(HASH).replace(parts[0], parts[1]);
        assertThat(text).isNotEqualTo(LIST.formatted(HASH));
        assertThat(only(new LeapSecondFile(write(text)))).isEqualTo(LeapSecondList.NOTHING);
    }

    @Test
    void shouldNotReadWhatIsTooLong() throws IOException {
        Path file = write(LIST.formatted(HASH) + "#\n".repeat(40_000));
        assertThat(only(new LeapSecondFile(file))).isEqualTo(LeapSecondList.NOTHING);
    }

    @Test
    void shouldReadItAgainWhenThereIsANewerOne() throws IOException {
        Path path = directory.resolve("list");
        LeapSecondFile file = new LeapSecondFile(path);
        assertThat(file.ifNew(NOW)).isEmpty();
        write(LIST.formatted(HASH));
        assertThat(file.ifNew(NOW)).isPresent();
        assertThat(file.ifNew(NOW)).isEmpty();
        Files.setLastModifiedTime(path, FileTime.from(NOW));
        assertThat(file.ifNew(NOW)).isPresent();
        Files.delete(path);
        assertThat(file.ifNew(NOW)).hasValue(LeapSecondList.NOTHING);
        assertThat(file.ifNew(NOW)).isEmpty();
    }
}
