// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * By what Java has on any system. The claim is a {@link FileLock}, which does not tell a daemon from a reader that took a lock;
 * the temporary directory of macOS and Windows, where segments are there, is its user's own.
 */
final class PortableFile implements OpenFile {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> SEGMENT = PosixFilePermissions.fromString("rw-r--r--");
    private static final int PERMISSIONS = 07777;

    private final Path path;
    private final FileChannel channel;

    private PortableFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static PortableFile open(Path path) throws IOException {
        return new PortableFile(
                path,
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
    }

    static PortableFile create(Path path, int size) throws IOException {
        Set<OpenOption> options =
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileAttribute<?>[] attributes = hasModes(path)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                : new FileAttribute<?>[0];
        PortableFile file = new PortableFile(path, FileChannel.open(path, options, attributes));
        try {
            file.channel.write(ByteBuffer.allocate(size));
            return file;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    static Optional<FileState> look(Path path) throws IOException {
        try {
            return Optional.of(stateOf(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    static boolean isClaimed(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true; // by this very process
        }
    }

    private static boolean hasModes(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    private static FileState stateOf(Path path) throws IOException {
        BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        FileState.Kind kind = basic.isRegularFile()
                ? FileState.Kind.REGULAR
                : basic.isSymbolicLink() ? FileState.Kind.SYMBOLIC_LINK : FileState.Kind.OTHER;
        Object identity = Objects.requireNonNullElse(basic.fileKey(), basic.creationTime());
        if (!hasModes(path)) {
            return new FileState(identity, kind, basic.size(), 1, true, false, "you", FileState.SEGMENT_MODE);
        }
        Map<String, Object> unix = Files.readAttributes(path, "unix:mode,nlink,uid,owner", LinkOption.NOFOLLOW_LINKS);
        int owner = (int) Objects.requireNonNull(unix.get("uid")); // not by name: a user need not have one
        return new FileState(
                identity,
                kind,
                basic.size(),
                (int) Objects.requireNonNull(unix.get("nlink")),
                owner == (int) new UnixSystem().getUid(),
                owner == 0,
                "user " + unix.get("owner"),
                (int) Objects.requireNonNull(unix.get("mode")) & PERMISSIONS);
    }

    /** By name: Java has no other way. */
    @Override
    public FileState state() throws IOException {
        return stateOf(path);
    }

    @Override
    public Claim claim() throws IOException {
        try {
            return channel.tryLock() != null ? Claim.OURS : Claim.TAKEN_BY_WRITER;
        } catch (OverlappingFileLockException e) {
            return Claim.TAKEN_BY_WRITER; // by this very process
        }
    }

    @Override
    public void publish() throws IOException {
        if (hasModes(path)) {
            Files.setPosixFilePermissions(path, SEGMENT);
        }
    }

    @Override
    public ByteBuffer map(int size) throws IOException {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, size);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
