// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** The log, written to a pipe that is full. */
@Isolated("counts log lines")
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class NonBlockingAppenderTest {
    private static final int LINES = 3 * NonBlockingAppender.WAITING;

    private final LoggerContext context = new LoggerContext();
    private final Logger logger = context.getLogger("chronotick");
    private final Semaphore reader = new Semaphore(0);
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();

    /** Takes nothing before there is a reader. */
    private final OutputStream pipe = new OutputStream() {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            reader.acquireUninterruptibly(); // as a write does
            reader.release();
            read.write(bytes, offset, length);
        }
    };

    private NonBlockingAppender open() {
        context.setMDCAdapter(new LogbackMDCAdapter()); // as SLF4J does
        OutputStreamAppender<ILoggingEvent> stream = new OutputStreamAppender<>();
        stream.setOutputStream(pipe);
        NonBlockingAppender appender = LogSetup.writingTo(stream, context);
        logger.addAppender(appender);
        return appender;
    }

    private List<String> said() {
        return read.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.replaceFirst("\\S+ ", ""))
                .toList();
    }

    @Test
    void shouldDropAndCountWhatNobodyReadsAndNeverWait() {
        NonBlockingAppender appender = open();
        logger.info("line 0");
        // The worker takes all that waits at once: it has the one line and waits for the reader.
        TestDaemon.await("the worker", reader::hasQueuedThreads);
        for (int i = 1; i < LINES; i++) {
            logger.info("line {}", i); // returns, though nobody reads
        }
        reader.release();
        TestDaemon.await("room", () -> appender.getRemainingCapacity() == NonBlockingAppender.WAITING);
        logger.info("the reader is back");
        appender.stop();

        List<String> said = said();
        int kept = said.size() - 2;
        assertThat(kept).isEqualTo(1 + NonBlockingAppender.WAITING);
        assertThat(said.subList(0, kept))
                .isEqualTo(IntStream.range(0, kept)
                        .mapToObj(i -> "INFO  line " + i)
                        .toList());
        assertThat(said.get(kept))
                .startsWith("WARN  " + (LINES - kept) + " lines of this log are missing here: nobody read it");
        assertThat(said.getLast()).isEqualTo("INFO  the reader is back");
    }

    @Test
    void shouldWriteWhatWaitsBeforeItEnds() {
        NonBlockingAppender appender = open();
        reader.release();
        IntStream.range(0, 1000).forEach(i -> logger.debug("line {}", i));
        appender.stop();
        assertThat(said()).hasSize(1000).endsWith("DEBUG line 999");
    }
}
