// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Time that passes only when a test or a sleep says so. */
class VirtualHost implements Host {
    long now;
    long realtimeLead = 1_741_880_000_000_000_000L;
    long spinNanos = 10_000;
    boolean writerAlive = true;
    Optional<UUID> bootId = Optional.empty();
    long timeNamespace;
    OptionalLong boottimeLead = OptionalLong.empty();
    int boottimeReads;
    OptionalLong userId = Host.Real.INSTANCE.effectiveUserId();

    @Nullable
    String trustedUserId;

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
    public long realtimeNanos() {
        return now + realtimeLead;
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

    @Override
    public Optional<UUID> bootId() {
        return bootId;
    }

    @Override
    public long timeNamespace() {
        return timeNamespace;
    }

    @Override
    public OptionalLong boottimeLeadNanos() {
        boottimeReads++;
        return boottimeLead;
    }

    @Override
    public OptionalLong effectiveUserId() {
        return userId;
    }

    @Override
    public @Nullable String trustedUserId() {
        return trustedUserId;
    }
}
