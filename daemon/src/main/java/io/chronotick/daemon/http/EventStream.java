// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Server-sent events: whoever listens is sent each event from the newest on. One that is too slow for it misses those in between; it holds up nobody.
 * Thread-safe.
 */
public final class EventStream implements HttpHandler, AutoCloseable {
    /** Each takes one of the server's connections, which others want to have some of, too. */
    static final int MOST_LISTENERS = 100;

    private final AtomicInteger listeners = new AtomicInteger();
    private byte[] newest = new byte[0];
    private long count;
    private boolean closed;

    /** Sends an event to all who listen. */
    public synchronized void send(String data) {
        newest = ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
        count++;
        notifyAll();
    }

    /** How many listen. */
    public int listeners() {
        return listeners.get();
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            boolean head = exchange.getRequestMethod().equals("HEAD");
            if (head || listeners.incrementAndGet() > MOST_LISTENERS) {
                exchange.sendResponseHeaders(head ? 200 : 503, -1);
                if (!head) {
                    listeners.decrementAndGet();
                }
                return;
            }
            try {
                stream(exchange);
            } finally {
                listeners.decrementAndGet();
            }
        }
    }

    private void stream(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        long sent = 0;
        try {
            while (true) {
                byte[] event;
                synchronized (this) {
                    while (count == sent && !closed) {
                        wait();
                    }
                    if (closed) {
                        return;
                    }
                    sent = count;
                    event = newest;
                }
                out.write(event);
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends all streams. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
