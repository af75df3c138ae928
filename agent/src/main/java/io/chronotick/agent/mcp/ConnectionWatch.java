// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections whose request takes too long to arrive. Jetty looks at the time since the last byte only, so that one byte now
 * and then keeps a connection for ever. Thread-safe.
 */
final class ConnectionWatch implements Connection.Listener {
    /** How often it looks: the limits are seconds. */
    private static final Duration ROUND = Duration.ofMillis(250);

    /** How long at most the server waits for a caller while others wait for a connection. */
    private static final Duration SCARCE = Duration.ofSeconds(5);

    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private enum Doing {
        /** Its first request is on the way, or the body of any. */
        ARRIVING,
        /** It has got its answer; the next request may be on the way. */
        IDLE,
        /** The server's turn. */
        BUSY
    }

    private record State(Doing doing, long sinceNanos) {}

    private final Limits limits;
    private final Map<Connection, State> connections = new ConcurrentHashMap<>();

    ConnectionWatch(Limits limits) {
        this.limits = limits;
    }

    @Override
    public void onOpened(Connection connection) {
        connections.put(connection, state(Doing.ARRIVING));
    }

    @Override
    public void onClosed(Connection connection) {
        connections.remove(connection);
    }

    /** The head of a request is there, its body may not be. */
    void began(Request request) {
        Connection connection = request.getConnectionMetaData().getConnection();
        connections.replace(connection, state(Doing.ARRIVING));
        Request.addCompletionListener(request, failure -> connections.replace(connection, state(Doing.IDLE)));
    }

    /** All of a request is there. */
    void arrived(Request request) {
        connections.replace(request.getConnectionMetaData().getConnection(), state(Doing.BUSY));
    }

    /** Looks again and again, until the scheduler stops. */
    void start(Scheduler scheduler) {
        scheduler.schedule(
                () -> {
                    sweep();
                    start(scheduler);
                },
                ROUND.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    private void sweep() {
        boolean scarce = connections.size() >= limits.connections();
        long now = System.nanoTime();
        connections.forEach((connection, state) -> {
            Duration patience = switch (state.doing()) {
                case ARRIVING -> limits.request();
                case IDLE -> limits.idle();
                case BUSY -> FOR_EVER;
            };
            if (scarce && state.doing() != Doing.BUSY && patience.compareTo(SCARCE) > 0) {
                patience = SCARCE;
            }
            if (now - state.sinceNanos() > patience.toNanos()) {
                connection.getEndPoint().close();
            }
        });
    }

    private static State state(Doing doing) {
        return new State(doing, System.nanoTime());
    }
}
