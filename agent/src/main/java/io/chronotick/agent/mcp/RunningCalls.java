// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import java.util.HashMap;
import java.util.Map;

/**
 * The requests being worked on, so that they can be cancelled, which the SDK does not do: cancelling interrupts the thread.
 * Thread-safe.
 */
final class RunningCalls {
    private final Map<Object, Call> calls = new HashMap<>();

    /** One request, from its arrival to its end. */
    final class Call {
        private final Object key;
        private Thread thread = Thread.currentThread();
        private boolean running;
        private boolean cancelled;

        private Call(Object key) {
            this.key = key;
        }

        /** Works on it in this thread, unless it has been cancelled already. */
        void run(Runnable work) {
            synchronized (RunningCalls.this) {
                if (cancelled) {
                    calls.remove(key, this);
                    return;
                }
                thread = Thread.currentThread();
                running = true;
            }
            try {
                work.run();
            } finally {
                synchronized (RunningCalls.this) {
                    running = false;
                    calls.remove(key, this);
                    if (cancelled) {
                        Thread.interrupted(); // of this call, not of the thread's next one
                    }
                }
            }
        }

        private void cancel() {
            cancelled = true;
            if (running) {
                thread.interrupt();
            }
        }
    }

    /** Takes note of a request that has arrived; from now on it can be cancelled. */
    synchronized Call arrived(Object key) {
        Call call = new Call(key);
        calls.put(key, call);
        return call;
    }

    /** Does nothing if there is no such request any more. */
    synchronized void cancel(Object key) {
        Call call = calls.get(key);
        if (call != null) {
            call.cancel();
        }
    }

    synchronized void cancelAll() {
        calls.values().forEach(Call::cancel);
    }
}
