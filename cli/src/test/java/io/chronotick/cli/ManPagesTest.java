// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManPagesTest {
    @TempDir
    Path directory = Path.of("");

    private String page(String name) throws IOException {
        return Files.readString(directory.resolve(name + ".1"));
    }

    @Test
    void shouldHaveAPageForEachCommandWithAllThatTheHelpSays() throws IOException {
        ManPages.main(new String[] {directory.toString(), "1790000000"});
        List<String> names;
        try (Stream<Path> files = Files.list(directory)) {
            names = files.map(file -> file.getFileName().toString().replace(".1", ""))
                    .sorted()
                    .collect(Collectors.toList());
        }
        assertThat(names).contains("chronotick", "chronotick-read", "chronotick-config-check", "chronotick-lab-replay");
        for (String name : names) {
            String page = page(name);
            // Variables and formats of picocli have their values, and no line is taken for an unknown request.
            assertThat(page).as(name).doesNotContain("${", "%n");
            assertThat(page.lines().filter(line -> line.startsWith(".")))
                    .as(name)
                    .allMatch(line -> line.matches("\\.(TH|SH|PP|TP|nf|fi)( .*)?"));
            assertThat(page.lines().filter(line -> line.startsWith("'")))
                    .as(name)
                    .isEmpty();
            assertThat(page).contains(".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", "\"2026-09-21\"");
        }
        assertThat(page("chronotick")).contains(".SH EXAMPLES", ".SH ENVIRONMENT", ".SH EXIT STATUS");
        assertThat(page("chronotick-read"))
                .contains(
                        "chronotick\\-read \\- Read the corrected time once\n",
                        "\\fB\\-\\-shm\\fR=\\fINAME|PATH\\fR",
                        "0 the time is good",
                        "  chronotick read \\-\\-shm lab2\n");
        assertThat(page("chronotick-config-check")).contains("\\fIFILE\\fR");
        assertThat(page("chronotick-monitor")).contains("chronotick\\fR(1)");
    }
}
