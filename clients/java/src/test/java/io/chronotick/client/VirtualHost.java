// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.util.ArrayList;
import java.util.List;

/** Time that passes only when a test or a sleep says so. */
final class VirtualHost implements Host {
    long now;
    long spinNanos = 10_000;
    boolean writerAlive = true;
    Runnable onPark = () -> {};
    final List<Long> parks = new ArrayList<>();
    int spins;

    VirtualHost(long now) {
        this.now = now;
    }

    @Override
    public long monotonicNanos() {
        return now;
    }

    @Override
    public void park(long nanos) {
        now += nanos;
        parks.add(nanos);
        onPark.run();
    }

    @Override
    public void spin() {
        now += spinNanos;
        spins++;
    }

    @Override
    public boolean isAlive(long pid) {
        return writerAlive;
    }
}
