// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import io.chronotick.daemon.net.UnixDatagramSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A reference clock of a chronyd on this machine ({@code refclock SOCK}, chrony.conf(5)): once a second what its system clock is
 * off by. Silent while there is no time.
 */
public final class ChronySocket implements Output {
    /** struct sock_sample of chrony's refclock_sock.c. */
    private static final int BYTES = 40;

    private static final int OFFSET = 16;
    private static final int LEAP = 28;
    private static final int MAGIC = 36;
    private static final int MAGIC_VALUE = 0x534F434B;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Path path;
    private @Nullable UnixDatagramSocket socket;

    /** An output to the socket that chronyd makes. */
    public ChronySocket(Path path) {
        this.path = path;
    }

    @Override
    public String describe() {
        return "chronyd's socket " + path;
    }

    @Override
    public void put(Optional<TimeSample> sample) throws IOException {
        if (sample.isPresent()) {
            UnixDatagramSocket open = socket;
            if (open == null) {
                open = new UnixDatagramSocket(path.toAbsolutePath().toString());
                socket = open;
            }
            open.send(datagram(sample.get()));
        }
    }

    static byte[] datagram(TimeSample sample) {
        ByteBuffer datagram = ByteBuffer.allocate(BYTES).order(ByteOrder.nativeOrder());
        long micros = Math.floorDiv(sample.systemNanos(), 1000L);
        // The stamp has microseconds, the offset is that of the very moment: nobody needs the rest of the stamp.
        datagram.putLong(0, Math.floorDiv(micros, 1_000_000L))
                .putLong(Long.BYTES, Math.floorMod(micros, 1_000_000L))
                .putDouble(OFFSET, (double) sample.offsetNanos() / NANOS_PER_SECOND)
                .putInt(LEAP, sample.upstream().leap().ordinal())
                .putInt(MAGIC, MAGIC_VALUE);
        return datagram.array();
    }

    @Override
    public void close() {
        UnixDatagramSocket open = socket;
        socket = null;
        if (open != null) {
            open.close();
        }
    }
}
