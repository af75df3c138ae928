// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.client.ChronoTickReader;
import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.daemon.net.NtpTransport;
import io.chronotick.daemon.net.NtpTransports;
import io.chronotick.daemon.net.Resolver;
import io.chronotick.daemon.output.OutputLoop;
import io.chronotick.daemon.segment.RecordWriter;
import io.chronotick.daemon.segment.SegmentException;
import io.chronotick.daemon.segment.SegmentFile;
import io.chronotick.daemon.sensor.HostSensors;
import io.chronotick.daemon.time.CpuAffinity;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.forecast.Correction;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running daemon: measures the servers, publishes the correction. Several can run in one process, each on its own segment.
 * Thread-safe.
 *
 * <p>Three threads: the writer ticks at the configured frequency; the network thread owns the engine; the status thread
 * writes the page and sees after the segment's name. A learned model, where one is configured, has a fourth ({@link
 * ModelRunner}), and so have the log of exchanges ({@link ExchangeLog}), what hands the time on ({@link OutputLoop}) and each key
 * exchange ({@link KeyExchanges}). The network thread hands corrections to the writer
 * through one volatile reference.
 *
 * <p>A daemon that has lost a thread does not go on: the {@link Watchdog}, on one more, withdraws the record, says why in the
 * log and ends the others. {@link #await} returns then, {@link #failure} tells; to {@link #close} it is still up to the owner.
 */
public final class Daemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final long JOIN_MILLIS = 3_000;

    private volatile DaemonConfig config;
    private final HostClocks clocks;
    private final NtpTransport transport;
    private final LocalClocks localClocks;
    private final WriterLoop writerLoop;
    private final EngineLoop engineLoop;
    private final StatusLoop statusLoop;
    private final Optional<OutputLoop> outputLoop;
    private final Watchdog watchdog;
    private final Thread writerThread;
    private final Thread networkThread;
    private final Thread statusThread;
    private final Optional<Thread> outputThread;
    private final Thread watchdogThread;
    private final Opened opened;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Object closing = new Object();
    private volatile SegmentFile segment;

    /** Set before the threads begin. */
    private Optional<WebServer> webServer = Optional.empty();

    private boolean closed;
    private boolean networkHangs;
    private volatile Optional<String> failure = Optional.empty();

    /** How a network is had. */
    interface Network {
        NtpTransport open(HostClocks clocks) throws IOException;
    }

    /** @param opened grows by what is to be closed with the daemon; the caller's to close if this fails */
    private Daemon(
            DaemonConfig config,
            HostClocks clocks,
            Network network,
            LocalClocks localClocks,
            long lookMillis,
            SegmentFile claimed,
            Opened opened)
            throws IOException, DaemonException {
        this.config = config;
        this.clocks = clocks;
        this.localClocks = localClocks;
        this.watchdog = new Watchdog(lookMillis, this::fail);
        this.opened = opened;
        this.segment = claimed;
        opened.add(() -> segment.close());
        this.transport = network.open(clocks);
        opened.add(this::closeTransport);
        LOG.info(
                "{} {} at {} Hz; {}",
                claimed.isTakenOver() ? "taking over" : "publishing to",
                claimed.path(),
                config.frequencyHz(),
                transport.describe());
        RecordWriter.prepare(claimed.buffer());
        int pid = (int) ProcessHandle.current().pid();
        Disruptions disruptions = Disruptions.of(config.vmClock(), config.followsSmear());
        RecordWriter recordWriter = new RecordWriter(clocks, pid, disruptions::marker);
        this.writerLoop = new WriterLoop(
                clocks,
                recordWriter,
                config.frequencyHz(),
                Correction.nothingKnown(clocks.rawNanos()),
                claimed.buffer());
        Optional<ExchangeLog> exchangeLog =
                config.exchangeLog().map(file -> ExchangeLog.start(file, config.exchangeLogBytes(), watchdog));
        exchangeLog.ifPresent(log -> opened.add(log::close));
        HostSensors sensors = HostSensors.find(Path.of("/"), config.covariates());
        if (!sensors.covariates().isEmpty()) {
            LOG.info("the clock may follow {}", sensors.describe());
        }
        this.engineLoop = new EngineLoop(
                config,
                sensors.covariates(),
                clocks,
                transport,
                Resolver::resolve,
                localClocks,
                new SecureRandom(),
                writerLoop,
                exchange -> {
                    exchangeLog.ifPresent(log -> log.add(exchange));
                    webServer.ifPresent(server -> server.onExchange(exchange));
                },
                watchdog);
        // Its library is not even loaded where nobody wants it.
        if (config.httpPort() != 0) {
            webServer = WebServer.start(
                    config,
                    new Metrics(clocks, engineLoop::snapshot, writerLoop, recordWriter),
                    new LivePage(claimed.path(), engineLoop::snapshot, recordWriter::clockSteps));
            webServer.ifPresent(server -> opened.add(server::close));
        }
        this.statusLoop = new StatusLoop(
                config,
                clocks,
                engineLoop,
                writerLoop,
                recordWriter,
                sensors,
                disruptions,
                claimed,
                fresh -> segment = fresh);
        this.outputLoop = OutputLoop.of(
                config.outputs(),
                claimed.path(),
                clocks,
                () -> {
                    // Not the device's own: the record does not know of that yet.
                    long marker = recordWriter.disruption();
                    return engineLoop.snapshot().upstream(marker);
                },
                disruptions.areKnownToReaders());
        this.writerThread = thread("writer", this::runWriter, watchdog);
        this.networkThread = thread("network", engineLoop, watchdog);
        this.statusThread = thread("status", statusLoop, watchdog);
        this.outputThread = outputLoop.map(loop -> thread("outputs", loop, watchdog));
        this.watchdogThread = thread("watchdog", watchdog, (thread, cause) -> fail(Watchdog.death(thread, cause)));
        opened.add(this::stop);
    }

    private static Thread thread(String name, Runnable body, Thread.UncaughtExceptionHandler onDeath) {
        return Thread.ofPlatform()
                .name("chronotick-" + name)
                .uncaughtExceptionHandler(onDeath)
                .unstarted(body);
    }

    /**
     * Starts a daemon.
     *
     * @throws DaemonException if the segment or the network cannot be had; nothing is left behind
     */
    public static Daemon start(DaemonConfig config) throws DaemonException {
        HostClocks clocks = HostClocks.system();
        return start(config, clocks, NtpTransports::open, new LocalClocks(clocks), Watchdog.LOOK_MILLIS);
    }

    /** Starts a daemon with other clocks, another network and a watchdog that looks more often. */
    static Daemon start(
            DaemonConfig configured, HostClocks clocks, Network network, LocalClocks localClocks, long lookMillis)
            throws DaemonException {
        DaemonConfig config = ClockReaders.withClocks(configured, localClocks);
        if (config.servers().isEmpty()) {
            throw new IllegalArgumentException("no servers: auto is to be looked up before");
        }
        Path path = ChronoTickReader.resolve(config.shm());
        Optional<String> noCpu = CpuAffinity.refusal(config.cpuAffinity());
        if (noCpu.isPresent()) {
            throw new DaemonException("--cpu-affinity: " + noCpu.get());
        }
        Opened opened = new Opened();
        try {
            Daemon daemon = new Daemon(
                    config, clocks, network, localClocks, lookMillis, SegmentFile.claim(path, clocks.domain()), opened);
            daemon.begin();
            return daemon;
        } catch (SegmentException e) {
            throw new DaemonException(Objects.requireNonNull(e.getMessage()), e);
        } catch (IOException e) {
            opened.closeAfter(e);
            throw new DaemonException("no sockets to be had from this system: " + e.getMessage(), e);
        } catch (DaemonException | RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    private void begin() {
        writerThread.start();
        watchdog.watch(writerThread, writerLoop::turns);
        networkThread.start();
        watchdog.watch(networkThread, engineLoop::turns);
        statusThread.start();
        watchdog.watch(statusThread, statusLoop::turns);
        outputThread.ifPresent(thread -> {
            thread.start();
            watchdog.watch(thread, outputLoop.orElseThrow()::turns);
        });
        watchdogThread.start();
    }

    /** Where the records go. */
    public Path segment() {
        return segment.path();
    }

    /** Where the live page is, if one is served. */
    public Optional<String> page() {
        return webServer.map(WebServer::url);
    }

    /** Version of this program, or "development" outside a jar. */
    public static String version() {
        return Objects.requireNonNullElse(Daemon.class.getPackage().getImplementationVersion(), "development");
    }

    /**
     * Waits until the daemon has ended: closed by somebody, or by itself because it has lost a thread.
     *
     * @return {@link #failure}
     */
    public Optional<String> await() throws InterruptedException {
        ended.await();
        return failure;
    }

    /**
     * Why the daemon has ended by itself, in a line that the log has too; empty while it has not. Its record is void then, and
     * it is still to be closed.
     */
    public Optional<String> failure() {
        return failure;
    }

    /** Ends the daemon and removes the segment. Returns when everything is released; later calls do nothing. */
    @Override
    public void close() {
        synchronized (closing) {
            if (closed) {
                return;
            }
            closed = true;
            try {
                opened.close();
                LOG.info("stopped; {} removed", segment());
            } finally {
                ended.countDown();
            }
        }
    }

    /**
     * Goes on with the servers of another configuration, from soon on; what is learned of the clock stays, and those that are asked already
     * are not disturbed. Nothing else of the configuration can change while the daemon runs.
     *
     * @throws DaemonException if these servers cannot be asked by a daemon that was started as this one was; nothing has changed then
     */
    public synchronized void reload(DaemonConfig next) throws DaemonException {
        if (next.servers().isEmpty()) {
            throw new IllegalArgumentException("no servers: auto is to be looked up before");
        }
        DaemonConfig changed = ClockReaders.withClocks(config.withServers(next.servers()), localClocks);
        if (changed.followsSmear() != config.followsSmear()) {
            throw new DaemonException(
                    "leap_smear: whether a smear is followed is decided at the start, and these servers would decide otherwise; restart the"
                            + " daemon");
        }
        if (config.minServers() > next.servers().size()) {
            throw new DaemonException("min_servers was " + config.minServers() + " at the start, and these are "
                    + next.servers().size() + " servers; restart the daemon");
        }
        config = changed;
        engineLoop.askOnly(changed.servers());
    }

    /** What a service manager is told of. */
    Supervisor.Subject subject() {
        return new Supervisor.Subject() {
            @Override
            public long writerTurns() {
                return writerLoop.turns();
            }

            @Override
            public long engineTurns() {
                return engineLoop.turns();
            }

            @Override
            public String state() {
                return failure.orElseGet(() -> engineLoop.snapshot().headline(clocks.rawNanos()));
            }
        };
    }

    private void runWriter() {
        if (!config.cpuAffinity().isEmpty()) {
            CpuAffinity.bindCurrentThread(config.cpuAffinity());
        }
        writerLoop.run();
    }

    // --- How it ends ---

    private void stop() {
        watchdog.stop();
        watchdogThread.interrupt();
        stopLoops();
        join(writerThread);
        join(networkThread);
        networkHangs = networkThread.isAlive();
        join(statusThread);
        outputThread.ifPresent(Daemon::join);
        join(watchdogThread);
    }

    private void stopLoops() {
        writerLoop.stop();
        engineLoop.stop();
        statusLoop.stop();
        outputLoop.ifPresent(OutputLoop::stop);
    }

    private static void join(Thread thread) {
        if (thread == Thread.currentThread()) {
            return;
        }
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Not under a thread that hangs in it: its file numbers may soon be somebody else's. */
    private void closeTransport() {
        if (!networkHangs) {
            transport.close();
        }
    }

    /** On the watchdog's thread. The record goes first: it is what others trust. */
    private void fail(Watchdog.Trouble trouble) {
        stopLoops();
        join(writerThread);
        if (writerThread.isAlive()) {
            writerLoop.abandon();
        }
        failure = Optional.of(trouble.text());
        // Before the log, which may be what hangs.
        ended.countDown();
        LOG.error(
                "{}; the record is withdrawn and the daemon ends (log level DEBUG shows where it was)", trouble.text());
        trouble.cause().ifPresent(cause -> LOG.debug("{}", trouble.text(), cause));
        trouble.thread().ifPresent(hanging -> {
            IllegalStateException where = new IllegalStateException(trouble.text());
            where.setStackTrace(hanging.getStackTrace());
            LOG.debug("{}", trouble.text(), where);
        });
    }
}
