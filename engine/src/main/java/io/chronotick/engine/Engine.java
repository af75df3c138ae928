// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Everything that decides, without input or output: time and bytes come in as arguments, {@link Action}s go out as
 * values. Deterministic: the same calls with the same random generator give the same bits. Not thread-safe.
 *
 * <p>All instants are readings of CLOCK_MONOTONIC_RAW in nanoseconds, which nothing slews or steps.
 */
public final class Engine {
    public Engine(EngineConfig config, RandomGenerator random) {}

    /** Adds a server, to be asked from the next {@link #onTimer} on; returns its index, 0, 1, ... */
    public int addSource(SourceConfig config) {
        return 0;
    }

    /** The server's address has changed or become known: forget its path, begin again with a burst. */
    public void onAddressChanged(int source, long rawNanos) {}

    /** When {@link #onTimer} is due next. */
    public long nextTimerNanos() {
        return 0;
    }

    /** Does what is due at {@code rawNanos}: requests, timeouts, a fresh correction. Early calls are harmless. */
    public void onTimer(long rawNanos, Consumer<Action> out) {}

    /** A request went out at {@code rawNanos}. May be called again with a better stamp while its reply is awaited. */
    public void onTransmitted(int source, long requestId, long rawNanos, StampKind kind) {}

    /** A request could not be sent, or the network answered that the server cannot be reached. */
    public void onUnreachable(int source, String reason, long rawNanos, Consumer<Action> out) {}

    /** The first {@code length} bytes of {@code payload} came from the server's address at {@code rawNanos}. */
    public void onDatagram(
            int source, byte[] payload, int length, long rawNanos, StampKind kind, Consumer<Action> out) {}

    /** The raw clock is known to have lost or gained time (suspend): what was learned of the phase is void. */
    public void onDiscontinuity(String reason, long rawNanos, Consumer<Action> out) {}

    /** Progress of the warm-up, 0..1. */
    public double warmupProgress() {
        return 0;
    }

    /** What the warm-up is waiting for, in words; empty when it is complete. */
    public String warmupWaitingFor() {
        return "";
    }

    /** The present state of every server, in the order they were added. */
    public List<SourceReport> sources(long rawNanos) {
        return List.of();
    }
}
