// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses of its name one server has tried, which of them have refused and which it has left. Belongs to the network
 * thread. All times are of the raw clock, ns.
 */
final class AddressTurns {
    /** An address that has been left is not asked by others of its name for as long: to its server it is all one client, ns. */
    private static final long LEFT_NANOS = 60_000_000_000L;

    /** An address that has refused is not gone back to for as long, if there are others, ns. */
    static final long REFUSED_NANOS = 3_600_000_000_000L;

    /** Those that have had their turn, the latest last. */
    private final List<InetSocketAddress> tried = new ArrayList<>();

    /** Until when addresses that have refused are left alone, by all of this name. */
    private final Map<InetSocketAddress, Long> refusedUntil = new HashMap<>();

    /** Until when addresses that were left are not asked by others of this name. */
    private final Map<InetSocketAddress, Long> leftUntil = new HashMap<>();

    boolean hasTried(InetSocketAddress address) {
        return tried.contains(address);
    }

    /** The place of an address among those that have had their turn, the latest last; negative for one that has not. */
    int turnOf(InetSocketAddress address) {
        return tried.indexOf(address);
    }

    /** It is that one's turn. */
    void onTurn(InetSocketAddress address) {
        tried.remove(address);
        tried.add(address);
    }

    /** The present address has answered for the first time: the others may have another turn. */
    void onAnswer(Optional<InetSocketAddress> present) {
        tried.clear();
        present.ifPresent(tried::add);
    }

    void onRefused(InetSocketAddress address, long rawNanos) {
        refusedUntil.put(address, rawNanos + REFUSED_NANOS);
    }

    void onLeft(InetSocketAddress address, long rawNanos) {
        leftUntil.put(address, rawNanos + LEFT_NANOS);
    }

    /** Whether that address has refused of late. */
    boolean hasRefused(InetSocketAddress address, long rawNanos) {
        return isStill(refusedUntil.get(address), rawNanos);
    }

    /** Whether that address has just been left. */
    boolean hasJustLeft(InetSocketAddress address, long rawNanos) {
        return isStill(leftUntil.get(address), rawNanos);
    }

    private static boolean isStill(@Nullable Long until, long rawNanos) {
        return until != null && rawNanos - until < 0;
    }

    /** Forgets addresses that are not to be had, and what has gone by. */
    void retain(List<InetSocketAddress> free, long rawNanos) {
        tried.retainAll(free);
        refusedUntil.values().removeIf(until -> rawNanos - until >= 0);
        leftUntil.values().removeIf(until -> rawNanos - until >= 0);
    }

    /** The raw clock has jumped: if back, what was to be in an hour is not to be in years. */
    void onDiscontinuity(long rawNanos) {
        refusedUntil.replaceAll((address, until) -> Math.min(until, rawNanos + REFUSED_NANOS));
        leftUntil.clear();
    }
}
