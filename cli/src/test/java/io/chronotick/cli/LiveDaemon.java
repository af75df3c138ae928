// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeSource;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** A daemon on a segment of its own with three servers on loopback whose time is half a second from this machine's. */
final class LiveDaemon implements AutoCloseable {
    static final double OFFSET_SECONDS = 0.5;

    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    private final List<ReferenceServer> servers = new ArrayList<>();
    private final Daemon daemon;

    /** Starts it and waits until it is READY and a model speaks. */
    LiveDaemon(Path segment) throws Exception {
        HostClocks clocks = HostClocks.system();
        Truth truth = Truth.startingNow(clocks, Math.round(OFFSET_SECONDS * 1e9), 0);
        for (int i = 0; i < 3; i++) {
            servers.add(ReferenceServer.start(
                    ReferenceServerConfig.builder(truth).stratum(1).seed(i).build(), clocks));
        }
        String yaml = """
                clock_measurement:
                  ntp:
                    servers: [%s]
                  timing:
                    warm_up: {measurement_interval: 0.2}
                    normal_operation: {measurement_interval: 1}
                """.formatted(serverList());
        daemon = Daemon.start(
                ConfigLoader.parse(yaml, "live", Map.of(), ConfigOverrides.NONE.with("--shm", segment.toString()), 64)
                        .config());
        awaitReady();
    }

    Path segment() {
        return daemon.segment();
    }

    /** As CHRONOTICK_SERVERS takes it. */
    String serverList() {
        return servers.stream()
                .map(server -> "127.0.0.1:" + server.address().getPort())
                .collect(Collectors.joining(","));
    }

    private void awaitReady() {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        try (ChronoTickReader reader = ChronoTickReader.attach(segment())) {
            while (!isReady(reader)) {
                if (System.nanoTime() - deadline > 0) {
                    throw new AssertionError("the daemon was not READY after two minutes");
                }
                LockSupport.parkNanos(10_000_000);
            }
        }
    }

    private static boolean isReady(ChronoTickReader reader) {
        try {
            Reading reading = new Reading(reader);
            return reading.state() == Reading.State.READY && reading.record.source() == TimeSource.CPU_MODEL;
        } catch (ChronoTickException e) {
            return false; // not written yet
        }
    }

    @Override
    public void close() {
        daemon.close();
        servers.forEach(ReferenceServer::close);
    }
}
