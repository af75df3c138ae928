// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** By the system calls of Linux. */
final class LinuxFile implements OpenFile {
    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0100;
    private static final int O_EXCL = 0200;
    private static final int O_NONBLOCK = 04000; // a pipe must not keep us waiting
    private static final int O_NOFOLLOW = noFollow();
    private static final int O_CLOEXEC = 02000000;

    private static final int OWNER_ONLY = 0600;

    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    /** struct flock: short type, short whence, long start, long length (0: all), int pid (must be 0 here). */
    private static final long FLOCK_BYTES = 32;

    /** statx(2) has one layout on all architectures, unlike fstat(2). */
    private static final long STATX_BYTES = 256;

    private static final long STX_NLINK = 16;
    private static final long STX_UID = 20;
    private static final long STX_MODE = 28;
    private static final long STX_INO = 32;
    private static final long STX_SIZE = 40;
    private static final long STX_DEV_MAJOR = 136;
    private static final long STX_DEV_MINOR = 140;

    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;

    private static final int S_IFMT = 0170000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int PERMISSIONS = 07777;

    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_SHARED = 1;
    private static final long MAP_FAILED = -1;

    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle OPEN = Libc.function(
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
            CAPTURE,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle STATX = Libc.function(
            "statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS), CAPTURE);
    private static final MethodHandle FCNTL = Libc.function(
            "fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS),
            CAPTURE,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FCHMOD =
            Libc.function("fchmod", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle WRITE =
            Libc.function("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), CAPTURE);
    private static final MethodHandle MMAP = Libc.function(
            "mmap",
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG),
            CAPTURE);
    private static final MethodHandle MUNMAP =
            Libc.function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = Libc.function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle GETEUID = Libc.function("geteuid", FunctionDescriptor.of(JAVA_INT));

    private final Path path;
    private final int descriptor;
    private boolean open = true;
    private boolean claimed;

    private LinuxFile(Path path, int descriptor) {
        this.path = path;
        this.descriptor = descriptor;
    }

    /** The one flag here that is not the same everywhere. */
    private static int noFollow() {
        return System.getProperty("os.arch", "").equals("aarch64") ? 0100000 : 0400000;
    }

    static LinuxFile open(Path path) throws IOException {
        return open(path, O_RDWR);
    }

    /** The kernel gives such a one no claim. */
    static LinuxFile openForReading(Path path) throws IOException {
        return open(path, O_RDONLY);
    }

    static LinuxFile create(Path path, int size) throws IOException {
        LinuxFile file = open(path, O_RDWR | O_CREAT | O_EXCL);
        try {
            // Written, not merely made so long: where there is no room, it has to show here and not at the first
            // record.
            file.writeZeros(size);
            return file;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    static Optional<FileState> look(Path path) throws IOException {
        try {
            return Optional.of(stat(AT_FDCWD, path.toString(), AT_SYMLINK_NOFOLLOW, path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Would a read lock have to wait? Only for a write lock. */
    static boolean isClaimed(Path path) throws IOException {
        LinuxFile file = openForReading(path);
        try (Arena arena = Arena.ofConfined()) {
            return file.lock(arena, F_OFD_GETLK, F_RDLCK).get(JAVA_SHORT, 0) == F_WRLCK;
        } finally {
            file.close();
        }
    }

    private static LinuxFile open(Path path, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            MemorySegment name = arena.allocateFrom(path.toString());
            int all = flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
            int descriptor;
            do {
                descriptor = (int) OPEN.invokeExact(state, name, all, OWNER_ONLY);
            } while (descriptor < 0 && errno(state) == Libc.EINTR);
            if (descriptor < 0) {
                throw failure("open", path, errno(state));
            }
            return new LinuxFile(path, descriptor);
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public FileState state() throws IOException {
        return stat(descriptor, "", AT_EMPTY_PATH, path);
    }

    private static FileState stat(int directory, String name, int flags, Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            MemorySegment found = arena.allocate(STATX_BYTES, Long.BYTES);
            int result = (int)
                    STATX.invokeExact(state, directory, arena.allocateFrom(name), flags, STATX_BASIC_STATS, found);
            if (result != 0) {
                throw failure("look at", path, errno(state));
            }
            int mode = Short.toUnsignedInt(found.get(JAVA_SHORT, STX_MODE));
            FileState.Kind kind = switch (mode & S_IFMT) {
                case S_IFREG -> FileState.Kind.REGULAR;
                case S_IFLNK -> FileState.Kind.SYMBOLIC_LINK;
                default -> FileState.Kind.OTHER;
            };
            int owner = found.get(JAVA_INT, STX_UID);
            return new FileState(
                    new Identity(
                            found.get(JAVA_INT, STX_DEV_MAJOR),
                            found.get(JAVA_INT, STX_DEV_MINOR),
                            found.get(JAVA_LONG, STX_INO)),
                    kind,
                    found.get(JAVA_LONG, STX_SIZE),
                    Integer.toUnsignedLong(found.get(JAVA_INT, STX_NLINK)),
                    owner == (int) GETEUID.invokeExact(),
                    owner == 0,
                    "user " + Integer.toUnsignedString(owner),
                    mode & PERMISSIONS);
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    /** Of a device's number both halves. */
    private record Identity(int deviceMajor, int deviceMinor, long inode) {}

    /** Read locks and write locks exclude each other, so what blocks a write lock is all of one sort at any byte. */
    @Override
    public Claim claim() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            try {
                lock(arena, F_OFD_SETLK, F_WRLCK);
                claimed = true;
                return Claim.OURS;
            } catch (LockedException e) {
                // A read lock has to wait for a writer only; if for nobody, whoever was in the way is a reader, or
                // gone.
                short blocker = lock(arena, F_OFD_GETLK, F_RDLCK).get(JAVA_SHORT, 0);
                return blocker == F_WRLCK ? Claim.TAKEN_BY_WRITER : Claim.BLOCKED_BY_READER;
            }
        }
    }

    /** Somebody else has a lock. */
    private static final class LockedException extends IOException {
        private static final long serialVersionUID = 1;
    }

    /** Asks for, or about, a lock on the whole file, and returns the struct flock as the kernel leaves it. */
    private MemorySegment lock(Arena arena, int command, short type) throws IOException {
        MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
        MemorySegment flock = arena.allocate(FLOCK_BYTES, Long.BYTES);
        flock.set(JAVA_SHORT, 0, type);
        int result;
        try {
            do {
                result = (int) FCNTL.invokeExact(state, descriptor, command, flock);
            } while (result < 0 && errno(state) == Libc.EINTR);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
        if (result == 0) {
            return flock;
        }
        int errno = errno(state);
        // fcntl(2): either of the two says that somebody else holds it.
        if (errno == Libc.EAGAIN || errno == Libc.EACCES) {
            throw new LockedException();
        }
        throw failure("lock", path, errno);
    }

    @Override
    public void publish() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            if ((int) FCHMOD.invokeExact(state, descriptor, FileState.SEGMENT_MODE) != 0) {
                throw failure("set the mode of", path, errno(state));
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private void writeZeros(int size) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            MemorySegment zeros = arena.allocate(size);
            long written;
            do {
                written = (long) WRITE.invokeExact(state, descriptor, zeros, (long) size);
            } while (written < 0 && errno(state) == Libc.EINTR);
            if (written != size) {
                throw failure("write", path, written < 0 ? errno(state) : Libc.ENOSPC);
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public ByteBuffer map(int size) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            MemorySegment address = (MemorySegment) MMAP.invokeExact(
                    state, MemorySegment.NULL, (long) size, PROT_READ_WRITE, MAP_SHARED, descriptor, 0L);
            if (address.address() == MAP_FAILED) {
                throw failure("map", path, errno(state));
            }
            // Unmapped when nobody can reach the buffer any more.
            return address.reinterpret(size, Arena.ofAuto(), LinuxFile::unmap).asByteBuffer();
        } catch (IOException e) {
            throw e;
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static void unmap(MemorySegment mapping) {
        try {
            int ignored = (int) MUNMAP.invokeExact(mapping, mapping.byteSize());
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        try (Arena arena = Arena.ofConfined()) {
            if (claimed) {
                // A lock lasts as long as the open file description, and so as long as a mapping of it.
                lock(arena, F_OFD_SETLK, F_UNLCK);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            closeDescriptor();
        }
    }

    private void closeDescriptor() {
        try {
            int ignored = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable t) {
            throw Libc.unexpected(t);
        }
    }

    private static int errno(MemorySegment state) {
        return state.get(JAVA_INT, ERRNO_OFFSET);
    }

    private static IOException failure(String what, Path path, int errno) {
        String name = path.toString();
        return switch (errno) {
            case Libc.ENOENT -> new NoSuchFileException(name);
            case Libc.EEXIST -> new FileAlreadyExistsException(name);
            case Libc.EACCES, Libc.EPERM -> new AccessDeniedException(name);
            default -> new FileSystemException(name, null, "cannot " + what + " it: " + Libc.errnoText(errno));
        };
    }
}
