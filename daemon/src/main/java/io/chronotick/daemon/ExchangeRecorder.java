// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.net.Resolver;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.ntp.ExchangeCsv;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Measures servers as a daemon does and keeps every exchange in a file; publishes nothing, so that it may run beside a daemon.
 * Thread-safe.
 */
public final class ExchangeRecorder implements AutoCloseable {
    private static final long JOIN_MILLIS = 3_000;

    private final NtpTransport transport;
    private final ExchangeFile file;
    private final EngineLoop loop;
    private final Thread thread;
    private final Map<String, Stretch> newest = new HashMap<>();
    private volatile Count count = new Count(0, 0, 0);
    private volatile Optional<String> failure = Optional.empty();
    private volatile Optional<Throwable> death = Optional.empty();

    /**
     * What has been recorded since the start.
     *
     * @param exchanges all of them
     * @param servers that have answered
     * @param longest exchanges in the longest stretch with one server at one address without a restart or a jump between them
     */
    public record Count(long exchanges, int servers, int longest) {}

    /** Without a writer nobody notices a suspend as it happens; who reads the file sees it in the exchanges. */
    private record Nobody() implements EngineLoop.Publisher {
        @Override
        public long discontinuities() {
            return 0;
        }

        @Override
        public void publish(Correction correction, long discontinuities) {
            // Only the exchanges are wanted.
        }
    }

    private record Stretch(ExchangeCsv last, int length) {}

    private ExchangeRecorder(
            DaemonConfig config,
            HostClocks clocks,
            NtpTransport transport,
            LocalClocks localClocks,
            ExchangeFile file) {
        this.transport = transport;
        this.file = file;
        this.loop = new EngineLoop(
                config,
                List.of(),
                clocks,
                transport,
                Resolver::resolve,
                localClocks,
                new SecureRandom(),
                new Nobody(),
                this::keep,
                this::onDeath);
        this.thread = Thread.ofPlatform()
                .name("chronotick-network")
                .uncaughtExceptionHandler(this::onDeath)
                .unstarted(loop);
    }

    private void onDeath(Thread dead, Throwable cause) {
        death = Optional.of(cause);
    }

    /**
     * Starts to record.
     *
     * @param path is made, or grows if it holds exchanges already
     * @throws DaemonException if the file cannot be written or the network cannot be had
     */
    public static ExchangeRecorder start(DaemonConfig config, Path path) throws DaemonException {
        HostClocks clocks = HostClocks.system();
        ExchangeFile file = new ExchangeFile(path, Long.MAX_VALUE);
        try {
            file.open();
        } catch (IOException e) {
            throw new DaemonException(path + " cannot be written: " + ExchangeLog.reason(e), e);
        }
        Opened opened = new Opened();
        opened.add(file::close);
        try {
            NtpTransport transport = NtpTransports.open(clocks);
            opened.add(transport::close);
            LocalClocks localClocks = new LocalClocks(clocks);
            ExchangeRecorder recorder = new ExchangeRecorder(
                    ClockReaders.withClocks(config, localClocks), clocks, transport, localClocks, file);
            recorder.thread.start();
            return recorder;
        } catch (IOException e) {
            opened.closeAfter(e);
            throw new DaemonException("no sockets to be had from this system: " + e.getMessage(), e);
        } catch (DaemonException | RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /** On the network thread, which here has nothing better to do than to wait for the disk. */
    private void keep(ExchangeCsv exchange) {
        if (failure.isPresent()) {
            return;
        }
        try {
            file.add(exchange);
        } catch (IOException e) {
            failure = Optional.of(ExchangeLog.reason(e));
            return;
        }
        Stretch before = newest.get(exchange.server());
        int length = before != null && exchange.continues(before.last) ? before.length + 1 : 1;
        newest.put(exchange.server(), new Stretch(exchange, length));
        count = new Count(count.exchanges + 1, newest.size(), Math.max(count.longest, length));
    }

    /**
     * How much there is.
     *
     * @throws IllegalStateException if nothing more comes because the thread that measures has died
     */
    public Count count() {
        death.ifPresent(cause -> {
            throw new IllegalStateException("the thread that measures has died: " + cause, cause);
        });
        return count;
    }

    /** Why nothing more is recorded, if so. */
    public Optional<String> failure() {
        return failure;
    }

    /** Ends the measurement; what was recorded is in the file when this returns. */
    @Override
    public void close() {
        loop.stop();
        try {
            thread.join(JOIN_MILLIS);
            file.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            failure = Optional.of(ExchangeLog.reason(e));
        }
        transport.close();
    }
}
