// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.DaemonConfig;
import io.chronotick.daemon.local.LocalClock;
import io.chronotick.daemon.local.LocalClocks;
import io.chronotick.engine.ntp.ClockReading;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the clocks of this host that are sources, each on a thread of its own: a device that hangs hinders nobody but itself. Belongs to
 * the network thread, which waits for none of it.
 */
final class ClockReaders {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final String NOT_YET = "clock not read yet";
    private static final String HANGS = "a reading does not end";

    /** Hears of what was read, on the network thread. */
    interface Listener {
        void onReading(int source, long requestId, ClockReading reading);

        /** A clock could not be read, which has been logged. */
        void onUnreadable(int source);
    }

    /** Runs something on the network thread, soon; may be called on any. */
    interface Network {
        void post(Runnable task);
    }

    private final Network network;
    private final Listener listener;
    private final Thread.UncaughtExceptionHandler onDeath;
    private final Map<Integer, Reader> readers = new HashMap<>();

    /** One clock and how it is doing. */
    private static final class Reader {
        final String name;
        final LocalClock clock;
        final ExecutorService thread;
        boolean isBusy;

        /** Nothing while all is well. */
        @Nullable
        String trouble = NOT_YET;

        Reader(String name, LocalClock clock, ExecutorService thread) {
            this.name = name;
            this.clock = clock;
            this.thread = thread;
        }
    }

    /** @param onDeath hears of a thread that has died of what it did not expect */
    ClockReaders(Network network, Listener listener, Thread.UncaughtExceptionHandler onDeath) {
        this.network = network;
        this.listener = listener;
        this.onDeath = onDeath;
    }

    /** With the clocks of this host that the configuration means. */
    static DaemonConfig withClocks(DaemonConfig config, LocalClocks localClocks) throws DaemonException {
        try {
            return config.withServers(localClocks.find(config.servers()));
        } catch (IOException e) {
            throw new DaemonException(Objects.requireNonNull(e.getMessage()), e);
        }
    }

    /** A source that is a clock of this host; from now on it is closed here. */
    void add(int source, String name, LocalClock clock) {
        ExecutorService thread = Executors.newSingleThreadExecutor(task -> Thread.ofPlatform()
                .daemon()
                .name("chronotick-clock-" + name)
                .uncaughtExceptionHandler(onDeath)
                .unstarted(task));
        readers.put(source, new Reader(name, clock, thread));
    }

    /** A source is not asked any more. */
    void remove(int source) {
        Reader reader = readers.remove(source);
        if (reader != null) {
            end(reader);
        }
    }

    /** Whether a source is a clock of this host. */
    boolean has(int source) {
        return readers.containsKey(source);
    }

    /** Whether a source is such a clock and is not well. */
    boolean isInTrouble(int source) {
        Reader reader = readers.get(source);
        return reader != null && reader.trouble != null;
    }

    /** Reads a clock; what comes of it is told to the listener. */
    void read(int source, long requestId) {
        Reader reader = readers.get(source);
        if (reader == null) {
            return;
        }
        if (reader.isBusy) {
            onTrouble(source, reader, HANGS);
            return;
        }
        reader.isBusy = true;
        reader.thread.execute(() -> {
            Optional<ClockReading> reading = Optional.empty();
            String trouble = "";
            try {
                reading = Optional.of(reader.clock.read());
            } catch (IOException e) {
                trouble = String.valueOf(e.getMessage());
            }
            Optional<ClockReading> read = reading;
            String why = trouble;
            String described = reader.clock.describe();
            network.post(() -> onRead(source, requestId, reader, read, why, described));
        });
    }

    private void onRead(
            int source, long requestId, Reader reader, Optional<ClockReading> read, String why, String described) {
        reader.isBusy = false;
        if (readers.get(source) != reader) {
            return; // removed meanwhile
        }
        if (read.isEmpty()) {
            onTrouble(source, reader, why);
            return;
        }
        if (reader.trouble != null) {
            reader.trouble = null;
            LOG.info("{} is read: {}", reader.name, described);
        }
        listener.onReading(source, requestId, read.get());
    }

    private void onTrouble(int source, Reader reader, String trouble) {
        if (trouble.equals(reader.trouble)) {
            LOG.debug("{}: {}", reader.name, trouble);
        } else {
            LOG.warn("{} is not used: {}; trying until it works", reader.name, trouble);
            reader.trouble = trouble;
        }
        listener.onUnreadable(source);
    }

    /** Ends all threads soon; one that hangs is left behind. */
    void close() {
        readers.values().forEach(ClockReaders::end);
        readers.clear();
    }

    /** The clock is its thread's to close. */
    private static void end(Reader reader) {
        reader.thread.execute(reader.clock::close);
        reader.thread.shutdown();
    }
}
