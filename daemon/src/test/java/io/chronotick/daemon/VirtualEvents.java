// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import java.util.Comparator;
import java.util.PriorityQueue;

/** What is to happen later, in the virtual time that passes whatever the raw clock does. For one thread. */
final class VirtualEvents {
    private record Event(long monotonicNanos, long order, Runnable run) {}

    private final VirtualClocks clocks;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::monotonicNanos).thenComparingLong(Event::order));
    private long order;

    VirtualEvents(VirtualClocks clocks) {
        this.clocks = clocks;
    }

    /** Events of the same instant happen in the order in which they were announced. */
    void in(long nanos, Runnable run) {
        events.add(new Event(clocks.monotonicNanos() + nanos, order++, run));
    }

    /** Lets so much time pass, or less if something happens before: then all that is there by now, in one go, as from one call of poll(2). */
    void pass(long timeoutNanos) {
        long now = clocks.monotonicNanos();
        Event next = events.peek();
        if (next == null || next.monotonicNanos - now > timeoutNanos) {
            clocks.pass(timeoutNanos);
            return;
        }
        clocks.pass(Math.max(0, next.monotonicNanos - now));
        while (events.peek() != null && events.peek().monotonicNanos <= clocks.monotonicNanos()) {
            events.remove().run.run();
        }
    }
}
