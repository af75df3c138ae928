// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

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
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The device file itself. */
final class LinuxPtpDevice implements PtpDevice {
    private static final int O_RDONLY_CLOEXEC = 0x80000;

    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /** int open(const char *, int, ...). */
    private static final MethodHandle OPEN = Libc.function(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2), CAPTURE);

    /** int ioctl(int, unsigned long, ...). */
    private static final MethodHandle IOCTL = Libc.function(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(2),
            CAPTURE);

    private static final MethodHandle CLOSE = Libc.function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final int fd;

    private LinuxPtpDevice(int fd) {
        this.fd = fd;
    }

    /** Opens it for reading, which is all that its user needs a permission for. */
    static PtpDevice open(Path device) throws IOException {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment state = call.allocate(STATE);
            int fd = (int) OPEN.invokeExact(state, call.allocateFrom(device.toString()), O_RDONLY_CLOEXEC);
            if (fd < 0) {
                throw new IOException(why(state.get(JAVA_INT, ERRNO), device));
            }
            return new LinuxPtpDevice(fd);
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static String why(int errno, Path device) {
        return switch (errno) {
            case Libc.EACCES, Libc.EPERM ->
                "permission denied: let the daemon's group read it, for example by SUBSYSTEM==\"ptp\", GROUP=\"chronotick\","
                        + " MODE=\"0640\" in /etc/udev/rules.d/60-chronotick.rules, and udevadm trigger";
            case Libc.ENOENT -> "there is no " + device + ": see which there are with ls /sys/class/ptp/*/clock_name";
            default -> Libc.errnoText(errno);
        };
    }

    @Override
    public int ioctl(long request, ByteBuffer struct) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment state = call.allocate(STATE);
            MemorySegment argument = call.allocate(struct.capacity(), Long.BYTES);
            MemorySegment bytes = MemorySegment.ofBuffer(struct.duplicate().clear());
            argument.copyFrom(bytes);
            int result = (int) IOCTL.invokeExact(state, fd, request, argument);
            bytes.copyFrom(argument);
            return result < 0 ? state.get(JAVA_INT, ERRNO) : 0;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public void close() {
        try {
            int ignored = (int) CLOSE.invokeExact(fd);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }
}
