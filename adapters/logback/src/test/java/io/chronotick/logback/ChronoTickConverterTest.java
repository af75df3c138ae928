// SPDX-License-Identifier: Apache-2.0
package io.chronotick.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.joran.spi.JoranException;
import io.chronotick.agent.SampleSegment;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines that Logback writes as an application's configuration has them. */
class ChronoTickConverterTest {
    /** The segment's time is of 2025: no system clock has it. */
    private static final Instant SAMPLE = Instant.parse("2025-03-13T15:33:20.75Z");

    private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z";

    @TempDir
    Path directory = Path.of("");

    /** What is logged with a segment of that name. */
    private String logged(String segment) throws JoranException, IOException {
        Path file = directory.resolve("log");
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(
                new ByteArrayInputStream("""
                <configuration>
                  <conversionRule conversionWord="chronotick" class="io.chronotick.logback.ChronoTickConverter"/>
                  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
                    <file>%s</file>
                    <encoder><pattern>%%chronotick{%s} %%level %%msg%%n</pattern></encoder>
                  </appender>
                  <root level="INFO"><appender-ref ref="FILE"/></root>
                </configuration>
                """.formatted(file, segment).getBytes(StandardCharsets.UTF_8)));
        context.getLogger("orders").info("ordered");
        context.stop();
        return Files.readString(file);
    }

    @Test
    void shouldSayWhenByTheDaemonsTime() throws IOException, JoranException {
        Path segment = directory.resolve("shm");
        new SampleSegment().publish(segment);
        String line = logged(segment.toString());
        assertThat(line).matches(TIME + " INFO ordered\\R");
        assertThat(Instant.parse(line.substring(0, line.indexOf(' '))))
                .isBetween(SAMPLE, SAMPLE.plus(Duration.ofHours(1)));
    }

    @Test
    void shouldMarkTheSystemClocksTimeAndNotBreak() throws IOException, JoranException {
        Instant before = Instant.now();
        String line = logged(directory.resolve("none").toString());
        assertThat(line).matches(TIME + "\\? INFO ordered\\R");
        assertThat(Instant.parse(line.substring(0, line.indexOf('?'))))
                .isBetween(before.minusMillis(1), before.plus(Duration.ofHours(1)));
    }
}
