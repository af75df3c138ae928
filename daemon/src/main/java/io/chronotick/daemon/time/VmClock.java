// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
    private static final int MARKER = 16;
    private static final int LEAST_SIZE = 0x70;
    private static final int KNOWN_VERSION = 1;

    /** The device takes no other mapping. */
    private static final long PAGE_BYTES = 4096;

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
