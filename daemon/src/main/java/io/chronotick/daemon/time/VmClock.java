// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The VMClock of a hypervisor (Linux 6.13 and later, Documentation of uapi/linux/vmclock-abi.h): a page that the host writes into. Its
 * disruption marker changes when the virtual machine was moved, restored or stopped in a way that none of its own clocks
 * shows. Thread-safe; {@link #marker} is one load from memory.
 */
public final class VmClock {
    /** Where Linux has it. */
    public static final Path DEVICE = Path.of("/dev/vmclock0");

    private static final int MAGIC = 0;
    private static final int MAGIC_VALUE = 0x4B4C_4356;
    private static final int SIZE = 4;
    private static final int VERSION = 8;
    private static final int SEQUENCE = 12;
    private static final int MARKER = 16;
    private static final int SMEARING = 35;
    private static final int LEAP = 38;

    /** The host writes a few words; whoever finds it writing so often looks again later. */
    private static final int ATTEMPTS = 100;

    private static final int LEAST_SIZE = 0x70;
    private static final int KNOWN_VERSION = 1;

    /** The device takes no other mapping. */
    private static final long PAGE_BYTES = 4096;

    private static final VarHandle LITTLE_INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private static final VarHandle LITTLE_LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final Path path;
    private final MemorySegment page;

    private VmClock(Path path, MemorySegment page) {
        this.path = path;
        this.page = page;
    }

    /**
     * Maps a device, or a file with that layout.
     *
     * @throws IOException if there is none, or it is of a layout that is not known here; one line
     */
    public static VmClock open(Path path) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(LEAST_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            while (head.hasRemaining() && channel.read(head, head.position()) > 0) {
                // reads on
            }
        } catch (NoSuchFileException e) {
            throw new IOException("no VMClock at " + path + ": this machine offers none", e);
        } catch (AccessDeniedException e) {
            throw new IOException("permission denied on " + path + ": let the daemon's user read it", e);
        }
        int size = head.getInt(SIZE);
        int version = Short.toUnsignedInt(head.getShort(VERSION));
        if (head.hasRemaining()
                || head.getInt(MAGIC) != MAGIC_VALUE
                || version != KNOWN_VERSION
                || size < LEAST_SIZE
                || size > PAGE_BYTES) {
            throw new IOException(String.format(
                    "%s is not a VMClock of version 1 (%d bytes read, magic %08X, version %d, size %d)",
                    path, head.position(), head.getInt(MAGIC), version, size));
        }
        if (!Libc.isSupported()) {
            throw new IOException("a VMClock is used on Linux with native access only");
        }
        return new VmClock(path, Calls.map(path));
    }

    /** What systems near this machine do with leap seconds, which the VMClock itself never smears. */
    public enum Smear {
        /** Nothing that is said. */
        NONE("not"),
        /** As Google and Amazon do it. */
        NOON_TO_NOON("linearly from noon to noon"),
        /** Over the last 1,000 s before it. */
        UTC_SLS("UTC-SLS"),
        /** A way that is not known here. */
        OTHER("in a way that is not known here");

        private final String words;

        Smear(String words) {
            this.words = words;
        }

        /** For a sentence: systems smear (...). */
        public String words() {
            return words;
        }
    }

    /**
     * What the host says beside the time.
     *
     * @param smear what systems near this machine do with leap seconds
     * @param leap the leap second at the end of this month; empty if the host knows of none, or it has passed
     */
    public record Hints(Smear smear, Optional<LeapIndicator> leap) {}

    /** What the host says of leap seconds; empty while it is writing that. Allocates. */
    public Optional<Hints> hints() {
        for (int i = 0; i < ATTEMPTS; i++) {
            int before = (int) LITTLE_INT.getAcquire(page, (long) SEQUENCE);
            byte smearing = page.get(ValueLayout.JAVA_BYTE, SMEARING);
            byte leap = page.get(ValueLayout.JAVA_BYTE, LEAP);
            VarHandle.loadLoadFence();
            if ((before & 1) == 0 && (int) LITTLE_INT.getOpaque(page, (long) SEQUENCE) == before) {
                return Optional.of(new Hints(smear(smearing), leap(leap)));
            }
            Thread.onSpinWait();
        }
        return Optional.empty();
    }

    private static Smear smear(byte hint) {
        return switch (hint) {
            case 0 -> Smear.NONE;
            case 1 -> Smear.NOON_TO_NOON;
            case 2 -> Smear.UTC_SLS;
            default -> Smear.OTHER;
        };
    }

    /** VMCLOCK_LEAP_*: 1 and 2 before one, 3 during an inserted one, 4 and 5 after one. */
    private static Optional<LeapIndicator> leap(byte indicator) {
        return switch (indicator) {
            case 1, 3 -> Optional.of(LeapIndicator.INSERT);
            case 2 -> Optional.of(LeapIndicator.DELETE);
            default -> Optional.empty();
        };
    }

    /** Changes when the machine's time has become void. */
    public long marker() {
        return (long) LITTLE_LONG.getOpaque(page, (long) MARKER);
    }

    @Override
    public String toString() {
        return path.toString();
    }

    /** The calls, which nobody loads who has no VMClock. */
    private static final class Calls {
        private static final int O_RDONLY_CLOEXEC = 0x80000;
        private static final int PROT_READ = 1;
        private static final int MAP_SHARED = 1;

        private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
        private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

        private static final MethodHandle OPEN =
                Libc.function("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
        private static final MethodHandle MMAP = Libc.function(
                "mmap",
                FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG),
                CAPTURE);
        private static final MethodHandle CLOSE = Libc.function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

        private Calls() {}

        /** For as long as the program runs. */
        static MemorySegment map(Path path) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(STATE);
                int fd = (int) OPEN.invokeExact(state, arena.allocateFrom(path.toString()), O_RDONLY_CLOEXEC);
                if (fd < 0) {
                    throw new IOException(path + ": " + Libc.errnoText(state.get(JAVA_INT, ERRNO)));
                }
                MemorySegment address = (MemorySegment)
                        MMAP.invokeExact(state, MemorySegment.NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0L);
                int errno = state.get(JAVA_INT, ERRNO);
                int ignored = (int) CLOSE.invokeExact(fd);
                if (address.address() == -1) {
                    throw new IOException("cannot map " + path + ": " + Libc.errnoText(errno));
                }
                return address.reinterpret(PAGE_BYTES);
            } catch (IOException e) {
                throw e;
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }
}
