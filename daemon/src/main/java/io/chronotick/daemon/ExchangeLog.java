// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.ntp.ExchangeCsv;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon's log of exchanges, in a thread of its own: a disk that is slow, full or gone costs exchanges that are not kept and one
 * line in the log, never time. Thread-safe.
 */
final class ExchangeLog implements Runnable, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** Exchanges that wait for the disk: a minute of sixteen servers asked ten times a second. */
    static final int WAITING = 1 << 13;

    private static final long JOIN_MILLIS = 3_000;

    private final Path path;
    private final ExchangeFile file;
    private final BlockingQueue<Optional<ExchangeCsv>> waiting = new ArrayBlockingQueue<>(WAITING);
    private final Thread thread;

    private final AtomicLong missing = new AtomicLong();

    private boolean failing;

    private ExchangeLog(Path path, ExchangeFile file, Thread.UncaughtExceptionHandler onDeath) {
        this.path = path;
        this.file = file;
        this.thread = Thread.ofPlatform()
                .daemon()
                .name("chronotick-exchanges")
                .uncaughtExceptionHandler(onDeath)
                .unstarted(this);
    }

    /**
     * Starts to keep exchanges in a file, which is put aside as FILE.1 at a size.
     *
     * @param onDeath hears of an error of the thread; a file that cannot be written is none
     */
    static ExchangeLog start(Path path, long largestBytes, Thread.UncaughtExceptionHandler onDeath) {
        return start(path, new ExchangeFile(path, largestBytes), onDeath);
    }

    /** The same with a file of one's own. */
    static ExchangeLog start(Path path, ExchangeFile file, Thread.UncaughtExceptionHandler onDeath) {
        ExchangeLog log = new ExchangeLog(path, file, onDeath);
        log.thread.start();
        return log;
    }

    /** Hands over an exchange, without ever waiting. When too many wait for the disk it is not kept, and the first time that is said. */
    void add(ExchangeCsv exchange) {
        if (!waiting.offer(Optional.of(exchange)) && missing.getAndIncrement() == 0) {
            LOG.warn(
                    "exchange log: {} takes nothing any more, and {} exchanges wait for it; more are not kept until it does"
                            + " (logging.exchanges)",
                    path,
                    WAITING);
        }
    }

    /** Exchanges that were not kept since the last one that was. */
    long missing() {
        return missing.get();
    }

    @Override
    public void run() {
        try (file) {
            tryOpen();
            for (Optional<ExchangeCsv> next = waiting.take(); next.isPresent(); next = waiting.take()) {
                keep(next.get());
            }
        } catch (IOException e) {
            LOG.warn("exchange log: {} cannot be closed: {}", path, reason(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is wrong with the file is said at the start, not with the first exchange. */
    private void tryOpen() {
        try {
            file.open();
            LOG.info("exchange log: every exchange is kept in {}", path);
        } catch (IOException e) {
            failed(e);
        }
    }

    private void keep(ExchangeCsv exchange) {
        try {
            file.add(exchange);
        } catch (IOException e) {
            missing.incrementAndGet();
            failed(e);
            return;
        }
        long gone = missing.getAndSet(0);
        if (failing || gone > 0) {
            failing = false;
            LOG.info("exchange log: {} can be written again; {} exchanges are missing in it", path, gone);
        }
    }

    private void failed(IOException e) {
        if (!failing) {
            failing = true;
            LOG.warn(
                    "exchange log: {} cannot be written: {}; exchanges are not kept until it can (logging.exchanges)",
                    path,
                    reason(e));
        }
    }

    /** Why, without the name of the file. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        String reason = e instanceof FileSystemException about ? about.getReason() : e.getMessage();
        return Objects.requireNonNullElse(reason, e.getClass().getSimpleName());
    }

    /** Keeps what waits and ends, within three seconds whatever the disk does. */
    @Override
    public void close() {
        if (!waiting.offer(Optional.empty())) {
            thread.interrupt();
        }
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
