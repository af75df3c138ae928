// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.net.UnixDatagramSocket;
import io.chronotick.daemon.time.HostClocks;
import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a service manager how the daemon is doing, as sd_notify(3) describes: READY=1, STATUS=, RELOADING=1, STOPPING=1, and WATCHDOG=1
 * while the loops that make the time turn. On a thread of its own, which exists only where $NOTIFY_SOCKET does. Thread-safe.
 *
 * <p>READY=1 is sent once the first record is in the segment, valid or not, as chronyd does once it is initialised: from then on readers
 * can attach, and are told whether there is a time. To wait for the time itself would leave a host without network starting up until
 * its manager gives up, and restart what only lacks an answer.
 */
public final class Supervisor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** Between two looks at the daemon, ns; before the first record they are shorter. */
    private static final long LOOK_NANOS = 1_000_000_000L;

    private static final long FIRST_LOOKS_NANOS = 10_000_000L;

    /** Where messages go. */
    interface Link extends Closeable {
        void send(String message) throws IOException;

        @Override
        void close();
    }

    /** What is to be told of a daemon. Any thread. */
    interface Subject {
        /** How often the loop of the writer has turned. */
        long writerTurns();

        /** The same of the network thread's, which owns the engine. */
        long engineTurns();

        /** What it is doing, in one line. */
        String state();
    }

    private final Link link;
    private final Subject daemon;
    private final HostClocks clocks;
    private final long pingNanos;

    private final Thread thread =
            Thread.ofPlatform().daemon().name("chronotick-supervisor").unstarted(this::run);
    private volatile boolean stopping;
    private boolean ready;
    private boolean silent;
    private String said = "";
    private long lastPingNanos;
    private long writerTurns;
    private long engineTurns;

    /** @param pingNanos between two signs of life, ns; 0: none are wanted */
    Supervisor(Link link, Subject daemon, HostClocks clocks, long pingNanos) {
        this.link = link;
        this.daemon = daemon;
        this.clocks = clocks;
        this.pingNanos = pingNanos;
        this.lastPingNanos = clocks.monotonicNanos();
    }

    /**
     * Begins to tell whoever has started this process; empty if nobody wants to know.
     *
     * @param environment with NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID
     */
    public static Optional<Supervisor> start(Map<String, String> environment, Daemon daemon) {
        String where = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (where.isEmpty()) {
            return Optional.empty();
        }
        try {
            UnixDatagramSocket socket = new UnixDatagramSocket(where);
            long ping = watchdogNanos(environment, ProcessHandle.current().pid()) / 2;
            Supervisor supervisor = new Supervisor(link(socket), daemon.subject(), HostClocks.system(), ping);
            supervisor.thread.start();
            return Optional.of(supervisor);
        } catch (IOException e) {
            LOG.warn("the service manager is not told anything: $NOTIFY_SOCKET: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Link link(UnixDatagramSocket socket) {
        return new Link() {
            @Override
            public void send(String message) throws IOException {
                socket.send(message);
            }

            @Override
            public void close() {
                socket.close();
            }
        };
    }

    /** How long the manager waits for a sign of life, ns; 0 if it does not, or waits for one of another process. */
    static long watchdogNanos(Map<String, String> environment, long pid) {
        try {
            String of = environment.getOrDefault("WATCHDOG_PID", "");
            long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
            boolean ours = of.isEmpty() || Long.parseLong(of) == pid;
            return ours && micros > 0 ? Math.multiplyExact(micros, 1000L) : 0;
        } catch (NumberFormatException | ArithmeticException e) {
            LOG.warn("no signs of life are sent: $WATCHDOG_USEC or $WATCHDOG_PID is no number");
            return 0;
        }
    }

    private void run() {
        try {
            while (!stopping) {
                TimeUnit.NANOSECONDS.sleep(look());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One look at the daemon; returns how long until the next, ns. */
    synchronized long look() {
        if (stopping) {
            return LOOK_NANOS;
        }
        if (!ready && daemon.writerTurns() > 0) {
            ready = tell("READY=1\n" + status());
        } else if (ready && !daemon.state().equals(said)) {
            tell(status());
        }
        ping(clocks.monotonicNanos());
        long look = ready ? LOOK_NANOS : FIRST_LOOKS_NANOS;
        return pingNanos == 0 ? look : Math.min(look, pingNanos);
    }

    /** A sign of life, where both loops have turned since the one before. */
    private void ping(long nowNanos) {
        if (pingNanos == 0 || nowNanos - lastPingNanos < pingNanos) {
            return;
        }
        long writer = daemon.writerTurns();
        long engine = daemon.engineTurns();
        if (writer != writerTurns && engine != engineTurns && tell("WATCHDOG=1")) {
            lastPingNanos = nowNanos;
            writerTurns = writer;
            engineTurns = engine;
        }
    }

    private String status() {
        said = daemon.state();
        return "STATUS=" + said.replace('\n', ' ');
    }

    /** The configuration is about to be read again; {@link #reloaded} follows. */
    public synchronized void reloading() {
        tell("RELOADING=1\nMONOTONIC_USEC=" + clocks.monotonicNanos() / 1000);
    }

    /** It has been, and holds or has been refused. */
    public synchronized void reloaded() {
        tell("READY=1\n" + status());
    }

    /** The daemon ends from here on. */
    @Override
    public void close() {
        synchronized (this) {
            if (stopping) {
                return;
            }
            stopping = true;
            tell("STOPPING=1\n" + status());
            link.close();
        }
        thread.interrupt();
    }

    /** Whether it has been sent. A manager that is not there is said once each time. */
    private boolean tell(String message) {
        try {
            link.send(message);
            silent = false;
            return true;
        } catch (IOException e) {
            if (!silent) {
                LOG.warn("the service manager is not told: {}", e.getMessage());
            }
            silent = true;
            return false;
        }
    }
}
