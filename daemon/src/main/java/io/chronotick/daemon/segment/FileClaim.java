// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * An exclusive claim on a file that ends with its holder's process, however that dies, and holds across containers that
 * share the file but not their process ids. Thread-safe.
 *
 * <p>On Linux by flock(2): a POSIX record lock, which is what {@link FileLock} is there, would be lost as soon as any
 * reader in the same process closed the file.
 */
interface FileClaim extends AutoCloseable {
    /**
     * Claims an existing file, without waiting.
     *
     * @return empty when somebody else holds it
     * @throws IOException if the file cannot be opened for writing
     */
    static Optional<FileClaim> tryClaim(Path file) throws IOException {
        return Libc.isSupported() ? Flock.tryClaim(file) : RecordLock.tryClaim(file);
    }

    @Override
    void close();

    /** flock(2). */
    final class Flock implements FileClaim {
        private static final int O_RDWR = 2;
        private static final int O_CLOEXEC = 0x80000;
        private static final int LOCK_EX_NB = 2 | 4;

        // open is variadic in C; without O_CREAT its third argument does not exist, so the first two are all there is.
        private static final MethodHandle OPEN = Libc.function(
                "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
        private static final MethodHandle FLOCK =
                Libc.function("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        private static final MethodHandle CLOSE = Libc.function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

        private final int descriptor;
        private boolean open = true;

        private Flock(int descriptor) {
            this.descriptor = descriptor;
        }

        static Optional<FileClaim> tryClaim(Path file) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                int fd = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), O_RDWR | O_CLOEXEC);
                if (fd < 0) {
                    throw new IOException("cannot open " + file + " for writing");
                }
                Flock claim = new Flock(fd);
                if ((int) FLOCK.invokeExact(fd, LOCK_EX_NB) != 0) {
                    claim.close();
                    return Optional.empty();
                }
                return Optional.of(claim);
            } catch (IOException e) {
                throw e;
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }

        @Override
        public synchronized void close() {
            if (!open) {
                return;
            }
            open = false;
            try {
                int ignored = (int) CLOSE.invokeExact(descriptor);
            } catch (Throwable t) {
                throw Libc.unexpected(t);
            }
        }
    }

    /** Java's own lock, where flock(2) is not known. */
    final class RecordLock implements FileClaim {
        private final FileChannel channel;

        private RecordLock(FileChannel channel) {
            this.channel = channel;
        }

        static Optional<FileClaim> tryClaim(Path file) throws IOException {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    return Optional.of(new RecordLock(channel));
                }
            } catch (OverlappingFileLockException e) {
                // Held by this very process: claimed, too.
                channel.close();
                return Optional.empty();
            }
            channel.close();
            return Optional.empty();
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
