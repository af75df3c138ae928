// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.chronotick.engine.learned.FilterWeights;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

@Isolated("looks at all that is logged")
class LearnedWeightsTest {
    @Test
    void shippedOnesAreSound() {
        assertThat(LearnedWeights.load(Optional.empty())).isPresent();
    }

    @Test
    void missingOrDamagedOnesAreOneLineInTheLog(@TempDir Path directory) throws IOException {
        byte[] shipped;
        try (InputStream in = FilterWeights.class.getResourceAsStream(LearnedWeights.SHIPPED)) {
            shipped = Objects.requireNonNull(in).readAllBytes();
        }
        byte[] torn = shipped.clone();
        torn[torn.length / 2] ^= 4;
        String remedy = "; the clock model speaks alone. Train it again (training/README.md), or take"
                + " short_term.model_params.path out for the weights that come with ChronoTick";
        Logger logger = (Logger) LoggerFactory.getLogger("chronotick");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            assertThat(LearnedWeights.ofResource("nowhere.safetensors")).isEmpty();
            assertThat(LearnedWeights.ofResource("FilterWeights.class")).isEmpty();
            assertThat(LearnedWeights.load(Optional.of(directory.resolve("mine"))))
                    .isEmpty();
            assertThat(LearnedWeights.load(Optional.of(directory))).isEmpty();
            assertThat(LearnedWeights.load(Optional.of(Files.write(directory.resolve("torn"), torn))))
                    .isEmpty();
            assertThat(LearnedWeights.load(Optional.of(Files.write(directory.resolve("own"), shipped))))
                    .isPresent();
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "learned filter: nowhere.safetensors is missing; the clock model speaks alone. Install ChronoTick"
                                + " again",
                        "learned filter: FilterWeights.class is no safetensors file; the clock model speaks alone. Install"
                                + " ChronoTick again",
                        "learned filter: " + directory.resolve("mine") + " cannot be read: no such file or directory"
                                + remedy,
                        "learned filter: " + directory + " cannot be read: "
                                + SystemWords.of(() -> Files.readAllBytes(directory)) + remedy,
                        "learned filter: " + directory.resolve("torn")
                                + " is damaged: its checksum is not the one that it states" + remedy,
                        "learned filter: weights from " + directory.resolve("own"));
    }
}
