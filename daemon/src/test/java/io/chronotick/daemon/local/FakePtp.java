// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Queue;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/** A PTP hardware clock behind the one call, of a driver that knows some of the ways to read it. */
public final class FakePtp implements PtpDevice.Opener, PtpDevice {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final int EOPNOTSUPP = 95;
    private static final int EINVAL = 22;

    private final HostClocks clocks;

    /** What it reads when the raw clock reads this. */
    public volatile LongUnaryOperator time;

    public final Set<PtpCall> known = EnumSet.allOf(PtpCall.class);

    /** Error numbers of the next calls. */
    final Queue<Integer> errors = new ArrayDeque<>();

    /** Why it cannot be opened; nothing if it can. */
    public volatile String closedBy = "";

    /** Happens between two readings of clocks. */
    Runnable between = () -> {};

    /** What the kernel's raw clock is ahead of that of this process, ns. */
    long namespaceNanos;

    int opened;
    int closed;
    int calls;

    /** @param time what it reads when the raw clock reads this */
    public FakePtp(HostClocks clocks, LongUnaryOperator time) {
        this.clocks = clocks;
        this.time = time;
    }

    @Override
    public PtpDevice open(Path device) throws IOException {
        if (!closedBy.isEmpty()) {
            throw new IOException(closedBy);
        }
        opened++;
        return this;
    }

    @Override
    public void close() {
        closed++;
    }

    @Override
    public int ioctl(long request, ByteBuffer struct) {
        calls++;
        Integer error = errors.poll();
        if (error != null) {
            return error;
        }
        if (request == PtpCall.PRECISE.request()) {
            return precise(struct);
        }
        boolean extended = request == PtpCall.EXTENDED.request();
        boolean raw = extended && struct.getInt(4) == 4;
        PtpCall call = raw ? PtpCall.EXTENDED_RAW : extended ? PtpCall.EXTENDED : PtpCall.PLAIN;
        if (!known.contains(call)) {
            return raw ? EINVAL : EOPNOTSUPP;
        }
        int at = 16;
        for (int i = 0; i < struct.getInt(0); i++) {
            at = put(struct, at, system(raw));
            between.run();
            at = put(struct, at, device());
            between.run();
            if (extended) {
                at = put(struct, at, system(raw));
            }
        }
        put(struct, at, extended ? 0 : system(false));
        return 0;
    }

    private int precise(ByteBuffer struct) {
        if (!known.contains(PtpCall.PRECISE)) {
            return EOPNOTSUPP;
        }
        between.run();
        // Latched together, whatever the scheduler does.
        long raw = clocks.rawNanos();
        put(struct, put(struct, put(struct, 0, time.applyAsLong(raw)), system(false)), raw + namespaceNanos);
        between.run();
        return 0;
    }

    private long device() {
        return time.applyAsLong(clocks.rawNanos());
    }

    private long system(boolean raw) {
        return raw ? clocks.rawNanos() + namespaceNanos : clocks.realtimeNanos();
    }

    private static int put(ByteBuffer struct, int at, long nanos) {
        if (at + 16 <= struct.capacity()) {
            struct.putLong(at, nanos / NANOS_PER_SECOND).putInt(at + 8, (int) (nanos % NANOS_PER_SECOND));
        }
        return at + 16;
    }
}
