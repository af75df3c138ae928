// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.chronotick.daemon.time.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** What the kernel says of CLOCK_REALTIME, which a program that steers it has told it. Thread-safe. */
public interface KernelClock {
    /**
     * What adjtimex(2) tells.
     *
     * @param maxErrorMicros what the clock may be off by, us: as told, plus 500 ppm since
     * @param status bits STA_*
     * @param taiSeconds TAI - UTC, s; 0 if nobody has told it
     */
    record State(long maxErrorMicros, int status, int taiSeconds) {
        /** Bytes of struct timex. */
        static final int BYTES = 208;

        private static final int MAXERROR = 24;
        private static final int STATUS = 40;
        private static final int TAI = 160;

        /** Reads a struct timex, in the order of this machine's bytes. */
        static State of(ByteBuffer timex) {
            ByteBuffer b = timex.order(ByteOrder.nativeOrder());
            return new State(b.getLong(MAXERROR), b.getInt(STATUS), b.getInt(TAI));
        }
    }

    /** The present state; empty where the system does not tell, or this program may not ask. */
    Optional<State> state();

    /** That of this system. */
    static Optional<State> ofThisSystem() {
        return Libc.isSupported() ? Call.read() : Optional.empty();
    }

    /** The call, which nobody loads who does not ask. */
    final class Call {
        /** With modes 0, which sets nothing and needs no privilege. */
        private static final MethodHandle ADJTIMEX =
                Libc.function("adjtimex", FunctionDescriptor.of(JAVA_INT, ADDRESS));

        private Call() {}

        private static Optional<State> read() {
            try (Arena call = Arena.ofConfined()) {
                MemorySegment timex = call.allocate(State.BYTES, Long.BYTES);
                int state = (int) ADJTIMEX.invokeExact(timex);
                return state < 0 ? Optional.empty() : Optional.of(State.of(timex.asByteBuffer()));
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }
}
