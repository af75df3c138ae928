// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.output;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A reference clock of an ntpd or chronyd on this machine by System V shared memory (driver 28 of ntpd, {@code refclock SHM} of chrony):
 * once a second the system clock's time and what it should be, with a count that is odd while they change (mode 1). Silent while
 * there is no time.
 */
public final class NtpSharedMemory implements Output {
    private static final int KEY = 0x4E54_5030;
    private static final int IPC_CREAT = 01000;

    /** Units below are for root alone. */
    private static final int FIRST_OPEN_UNIT = 2;

    // struct shmTime of ntpd's refclock_shm.c.
    private static final long BYTES = 96;
    private static final long MODE = 0;
    private static final long COUNT = 4;
    private static final long CLOCK_SECONDS = 8;
    private static final long CLOCK_MICROS = 16;
    private static final long RECEIVE_SECONDS = 24;
    private static final long RECEIVE_MICROS = 32;
    private static final long LEAP = 36;
    private static final long PRECISION = 40;
    private static final long VALID = 48;
    private static final long CLOCK_NANOS = 52;
    private static final long RECEIVE_NANOS = 56;

    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** No reader expects the precision of a clock to be better, log2 s: 1 ns. */
    private static final int BEST_PRECISION = -30;

    private final int unit;
    private @Nullable MemorySegment memory;

    /** An output to a unit, 0..255. */
    public NtpSharedMemory(int unit) {
        this.unit = unit;
    }

    @Override
    public String describe() {
        return "NTP's shared memory, unit " + unit;
    }

    @Override
    public void put(Optional<TimeSample> sample) throws IOException {
        if (sample.isPresent()) {
            MemorySegment open = memory;
            if (open == null) {
                open = Calls.attach(KEY + unit, unit < FIRST_OPEN_UNIT ? 0600 : 0666);
                memory = open;
            }
            write(open, sample.get());
        } else if (memory != null) {
            INT.setRelease(memory, VALID, 0);
        }
    }

    static void write(MemorySegment memory, TimeSample sample) {
        long clock = sample.utcNanos();
        long receive = sample.systemNanos();
        int count = (int) INT.getAcquire(memory, COUNT);
        INT.setRelease(memory, VALID, 0);
        INT.setRelease(memory, COUNT, count + 1);
        VarHandle.storeStoreFence();
        memory.set(JAVA_INT, MODE, 1);
        memory.set(JAVA_LONG, CLOCK_SECONDS, Math.floorDiv(clock, NANOS_PER_SECOND));
        memory.set(JAVA_INT, CLOCK_MICROS, (int) (Math.floorMod(clock, NANOS_PER_SECOND) / 1000));
        memory.set(JAVA_INT, CLOCK_NANOS, (int) Math.floorMod(clock, NANOS_PER_SECOND));
        memory.set(JAVA_LONG, RECEIVE_SECONDS, Math.floorDiv(receive, NANOS_PER_SECOND));
        memory.set(JAVA_INT, RECEIVE_MICROS, (int) (Math.floorMod(receive, NANOS_PER_SECOND) / 1000));
        memory.set(JAVA_INT, RECEIVE_NANOS, (int) Math.floorMod(receive, NANOS_PER_SECOND));
        memory.set(JAVA_INT, LEAP, sample.upstream().leap().ordinal());
        memory.set(JAVA_INT, PRECISION, precision(sample.standardUncertaintyNanos()));
        INT.setRelease(memory, COUNT, count + 2);
        INT.setRelease(memory, VALID, 1);
    }

    private static int precision(double standardUncertaintyNanos) {
        double log2 = Math.log(standardUncertaintyNanos * 1e-9) / Math.log(2);
        return Double.isFinite(log2) ? Math.clamp((long) Math.ceil(log2), BEST_PRECISION, 0) : 0;
    }

    @Override
    public void close() {
        if (memory != null) {
            Calls.detach(memory);
            memory = null;
        }
    }

    /** The calls, which nobody loads who has no such output. */
    private static final class Calls {
        private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
        private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

        private static final MethodHandle SHMGET =
                Libc.function("shmget", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT), CAPTURE);
        private static final MethodHandle SHMAT =
                Libc.function("shmat", FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
        private static final MethodHandle SHMDT = Libc.function("shmdt", FunctionDescriptor.of(JAVA_INT, ADDRESS));

        private Calls() {}

        static MemorySegment attach(int key, int mode) throws IOException {
            if (!Libc.isSupported()) {
                throw new IOException("not on this system");
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(STATE);
                int id = (int) SHMGET.invokeExact(state, key, BYTES, IPC_CREAT | mode);
                if (id < 0) {
                    throw new IOException(Libc.errnoText(state.get(JAVA_INT, ERRNO)));
                }
                MemorySegment address = (MemorySegment) SHMAT.invokeExact(state, id, MemorySegment.NULL, 0);
                if (address.address() == -1) {
                    throw new IOException(Libc.errnoText(state.get(JAVA_INT, ERRNO)));
                }
                return address.reinterpret(BYTES);
            } catch (IOException e) {
                throw e;
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }

        static void detach(MemorySegment memory) {
            try {
                int result = (int) SHMDT.invokeExact(memory);
                if (result != 0) {
                    throw new IllegalStateException("shmdt refused its own address");
                }
            } catch (RuntimeException e) {
                throw e;
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }
}
