// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file that is open for reading and writing, and may become, or be, a segment. All is done to the file that was opened, never
 * once more by its name, which may have gone to another file meanwhile. Not thread-safe.
 *
 * <p><b>The claim.</b> A daemon holds an exclusive claim on its file that ends with its process, however that dies, and that
 * holds across containers that share the file but not their process ids. On Linux it is an open file description <em>write</em>
 * lock (fcntl(2), F_OFD_SETLK): the kernel gives that only to a descriptor open for writing, which for mode 0644 nobody but the
 * owner and root can have. So a write lock means a daemon. The claim is not a flock(2), which any user who can read the file can
 * take, and keep the daemon out by; nor a POSIX record lock, which is lost as soon as any reader in the same process closes the
 * file. Other users can still take <em>read</em> locks, which exclude a write lock: these can be told from a daemon's, and a
 * daemon that finds one makes itself a new file instead (see {@link SegmentFile}), claimed before anybody else could open it.
 */
interface OpenFile extends AutoCloseable {
    /** What came of an attempt to claim a file. */
    enum Claim {
        /** Nobody else can have it until this is closed. */
        OURS,
        /** Another process, which may write to the file, has it: a daemon. */
        TAKEN_BY_WRITER,
        /** Somebody who need not be allowed more than to read the file keeps others from claiming it. */
        BLOCKED_BY_READER
    }

    /**
     * Opens an existing file, without following a symbolic link.
     *
     * @throws java.nio.file.NoSuchFileException if there is none
     * @throws java.nio.file.AccessDeniedException if it may not be opened for writing
     * @throws IOException for any other reason, which the message names
     */
    static OpenFile open(Path path) throws IOException {
        return Libc.isSupported() ? LinuxFile.open(path) : PortableFile.open(path);
    }

    /**
     * Makes a file of zeros of so many bytes, which must not exist yet in any form, accessible to its owner alone: nobody can
     * open it before it has been claimed.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is anything of that name
     * @throws IOException for any other reason, which the message names
     */
    static OpenFile create(Path path, int size) throws IOException {
        return Libc.isSupported() ? LinuxFile.create(path, size) : PortableFile.create(path, size);
    }

    /**
     * What is there now, symbolic links not followed.
     *
     * @return empty if nothing is
     */
    static Optional<FileState> look(Path path) throws IOException {
        return Libc.isSupported() ? LinuxFile.look(path) : PortableFile.look(path);
    }

    /**
     * Whether a process has claimed the file that the path leads to. Leaves it as it is.
     *
     * @throws IOException if it cannot be opened for reading, or it cannot be told
     */
    static boolean isClaimed(Path path) throws IOException {
        return Libc.isSupported() ? LinuxFile.isClaimed(path) : PortableFile.isClaimed(path);
    }

    FileState state() throws IOException;

    /**
     * Claims the file, without waiting, until it is closed.
     *
     * @throws IOException if the file system does not do that
     */
    Claim claim() throws IOException;

    /** Gives the file its final permissions, whatever the umask: everybody may read. */
    void publish() throws IOException;

    /** Maps so many bytes, for reading and writing. The mapping outlives this. */
    ByteBuffer map(int size) throws IOException;

    /** Gives up the claim, too. Later calls do nothing. */
    @Override
    void close();
}
