// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.Reading;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.DaemonException;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.DaemonConfig;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A daemon inside a process that wants the time where nobody else measures. All such processes of a user share a segment: the first to
 * claim it measures, the others read it, and when it ends another takes its place within a second or two. Once a daemon of the host has
 * a time, nobody measures here any more. So there is never more than one process of a user that asks servers. Thread-safe.
 */
final class OwnDaemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** Before the first look, ms: on one processor, loading the engine would make the first answer a quarter later. */
    private static final long FIRST_LOOK_MILLIS = 200;

    /** Between two looks at who measures, ms. */
    private static final long LOOK_MILLIS = 500;

    /** Read at the first time that it is needed: what is wrong with it is no matter where a daemon has the time. */
    interface Settings {
        DaemonConfig read() throws ConfigException;
    }

    private final Path preferred;
    private final Path segment;
    private final Settings settings;
    private final Consumer<String> complaints;
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "chronotick-own-daemon");
        thread.setDaemon(true);
        return thread;
    });
    private @Nullable DaemonConfig config;
    private @Nullable Daemon daemon;
    private String said = "";

    private OwnDaemon(Path preferred, Path segment, Settings settings, Consumer<String> complaints) {
        this.preferred = preferred;
        this.segment = segment;
        this.settings = settings;
        this.complaints = complaints;
    }

    /**
     * Begins to see to it that somebody measures; returns at once.
     *
     * @param preferred the segment of a daemon of the host
     * @param segment where to publish otherwise
     * @param settings the servers to ask then; they name the same segment
     * @param complaints takes what is wrong with the settings, a line each; then nothing is measured here
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the looks catch what is thrown
    static OwnDaemon start(Path preferred, Path segment, Settings settings, Consumer<String> complaints) {
        OwnDaemon own = new OwnDaemon(preferred, segment, settings, complaints);
        own.looking.scheduleWithFixedDelay(own::look, FIRST_LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        return own;
    }

    private synchronized void look() {
        try {
            if (looking.isShutdown()) {
                return;
            }
            Daemon running = daemon;
            if (running != null && running.failure().isPresent()) {
                end();
                running = null;
            }
            if (!mayMeasure(running != null)) {
                end();
            } else if (running == null) {
                if (config == null) {
                    config = settings.read();
                }
                daemon = Daemon.start(config);
            }
        } catch (ConfigException e) {
            e.problems().forEach(complaints);
            looking.shutdown();
        } catch (DaemonException e) {
            // Mostly: another process of this user measures already.
            String message = String.valueOf(e.getMessage());
            if (!message.equals(said)) {
                said = message;
                LOG.info("not measuring here: {}", message);
            }
        } catch (RuntimeException e) {
            // What is thrown here would end the looks without a word.
            LOG.error("cannot measure here: {}", e.toString(), e);
        }
    }

    /** A daemon of the host that is not ready yet is waited for, but does not end what measures already. */
    private boolean mayMeasure(boolean measuring) {
        if (preferred.equals(segment)) {
            return true; // there is one segment only, and its lock decides
        }
        try (ChronoTickReader reader = ChronoTickReader.attach(preferred)) {
            if (!reader.writerAlive()) {
                return true;
            }
            return measuring && !isReady(new Reading(reader));
        } catch (ChronoTickException e) {
            return true; // there is none, or none that can be used
        }
    }

    private static boolean isReady(Reading reading) {
        return reading.refusal() == null && reading.state() != Reading.State.WARMING_UP;
    }

    private void end() {
        if (daemon != null) {
            daemon.close();
            daemon = null;
        }
    }

    /** Ends the measuring, if it is done here; another process takes it over. */
    @Override
    public void close() {
        looking.shutdown();
        synchronized (this) {
            end();
        }
    }
}
