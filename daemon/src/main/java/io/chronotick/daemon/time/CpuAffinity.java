// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** On which CPUs the calling thread may run (sched_setaffinity(2)). Threads it starts afterwards inherit them. */
public final class CpuAffinity {
    /** The most CPUs that Linux can be built for: sched_getaffinity fails if the mask is shorter than the kernel's. */
    private static final int MAX_CPUS = 8192;

    private static final int MASK_BYTES = MAX_CPUS / Byte.SIZE;

    private CpuAffinity() {}

    /** The CPUs that the calling thread may run on, ascending; on other systems than Linux all that Java sees. */
    public static List<Integer> available() {
        if (!Libc.isSupported()) {
            return IntStream.range(0, Runtime.getRuntime().availableProcessors())
                    .boxed()
                    .toList();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            if (Sched.get(mask) != 0) {
                throw new IllegalStateException("the kernel does not tell the CPU affinity of this thread");
            }
            List<Integer> cpus = new ArrayList<>();
            for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
                if ((mask.get(JAVA_BYTE, cpu / Byte.SIZE) >> (cpu % Byte.SIZE) & 1) != 0) {
                    cpus.add(cpu);
                }
            }
            return List.copyOf(cpus);
        }
    }

    /**
     * Why a thread cannot be bound to these CPUs, in one line for the user; empty if it can, or if none are named. Tried on a thread that
     * ends at once: a CPU that cannot be had is an error at the start, not a surprise later.
     */
    public static Optional<String> refusal(List<Integer> cpus) {
        if (cpus.isEmpty()) {
            return Optional.empty();
        }
        AtomicReference<@Nullable String> refusal = new AtomicReference<>();
        Thread trial = Thread.ofPlatform().start(() -> {
            try {
                bindCurrentThread(cpus);
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                refusal.set(e.getMessage());
            }
        });
        try {
            trial.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Optional.ofNullable(refusal.get());
    }

    /**
     * Binds the calling thread to exactly these CPUs, or leaves it as it was.
     *
     * @throws IllegalArgumentException if the list is empty or names a CPU that this process may not use; the message
     *     is one line for the user
     * @throws UnsupportedOperationException where {@link Libc#isSupported} is false
     */
    public static void bindCurrentThread(List<Integer> cpus) {
        if (cpus.isEmpty()) {
            throw new IllegalArgumentException("no CPU to bind to; name at least one");
        }
        if (!Libc.isSupported()) {
            throw new UnsupportedOperationException(
                    "CPU affinity needs Linux and --enable-native-access; leave it out here");
        }
        List<Integer> wanted = List.copyOf(new TreeSet<>(cpus));
        List<Integer> before = available();
        for (int cpu : wanted) {
            if (cpu < 0 || cpu >= MAX_CPUS) {
                throw notAvailable(List.of(cpu), before);
            }
        }
        // The kernel silently leaves out CPUs that the process may not use, so what it made of the list is read back.
        // Testing against the CPUs before would not do: they may be fewer than those that the process may use.
        if (!set(wanted)) {
            throw notAvailable(wanted, before);
        }
        List<Integer> missing = new ArrayList<>(wanted);
        missing.removeAll(available());
        if (!missing.isEmpty()) {
            set(before);
            throw notAvailable(missing, before);
        }
    }

    private static boolean set(List<Integer> cpus) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            for (int cpu : cpus) {
                int index = cpu / Byte.SIZE;
                mask.set(JAVA_BYTE, index, (byte) (mask.get(JAVA_BYTE, index) | 1 << (cpu % Byte.SIZE)));
            }
            return Sched.set(mask) == 0;
        }
    }

    private static IllegalArgumentException notAvailable(List<Integer> cpus, List<Integer> available) {
        String names = cpus.toString().replaceAll("[\\[\\]]", "");
        String choice = available.toString().replaceAll("[\\[\\]]", "");
        return new IllegalArgumentException(
                "CPU " + names + " is not available to this process; choose from: " + choice);
    }

    /** The native calls, linked on first use, so that this class loads anywhere. Both concern the calling thread. */
    private static final class Sched {
        private static final FunctionDescriptor PID_SIZE_MASK =
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
        private static final MethodHandle GET = Libc.function("sched_getaffinity", PID_SIZE_MASK);
        private static final MethodHandle SET = Libc.function("sched_setaffinity", PID_SIZE_MASK);

        static int get(MemorySegment mask) {
            try {
                return (int) GET.invokeExact(0, mask.byteSize(), mask);
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }

        static int set(MemorySegment mask) {
            try {
                return (int) SET.invokeExact(0, mask.byteSize(), mask);
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }
}
