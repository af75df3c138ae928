// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LearnedWeightsTest {
    @Test
    void shippedOnesAreSound() {
        assertThat(LearnedWeights.load(LearnedWeights.SHIPPED)).isPresent();
    }

    @Test
    void missingOrDamagedOnesAreOneLineInTheLog() {
        Logger logger = (Logger) LoggerFactory.getLogger("chronotick");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            assertThat(LearnedWeights.load("nowhere.safetensors")).isEmpty();
            assertThat(LearnedWeights.load("Engine.class")).isEmpty();
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "learned filter: nowhere.safetensors is missing; the clock model speaks alone. Install ChronoTick"
                                + " again",
                        "learned filter: Engine.class is no safetensors file; the clock model speaks alone. Install"
                                + " ChronoTick again");
    }
}
