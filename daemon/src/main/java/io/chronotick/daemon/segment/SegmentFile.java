// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.time.ClockDomain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;

/**
 * The segment's file, claimed and mapped by its one writer. Not thread-safe; the buffer may be used by others.
 *
 * <p>How a name is taken:
 *
 * <ul>
 *   <li>free: a complete segment is made under a temporary name, claimed, and linked to the name, which fails if somebody was
 *       faster. No reader ever sees half a segment.
 *   <li>taken by a segment of this user that no daemon has claimed: its writer is dead. If it is just as this class would make
 *       it and of the same clocks, it goes on being written, so that readers that have it mapped need not notice. Otherwise a
 *       new file is made and renamed over it. A mode or a second name is not mended, since whoever could write to the file may
 *       have it open still; a file of other clocks is not taken over, since readers look at that only when they attach; and one
 *       that somebody keeps locked, who may be any reader (see {@link OpenFile}), is left to him.
 *   <li>taken by a segment that a daemon has claimed: refused.
 *   <li>taken by anything else, whosever it is, and by anything of another user: refused, and left alone. Another user could
 *       write to it, or cut it short.
 * </ul>
 *
 * <p>The temporary name is not to be guessed, and its file must not exist; it is readable for its owner alone until it is
 * claimed. So in a directory that is anybody's, nobody can put another file in its place or hold it up. (The directory should
 * let nobody but a file's owner rename it: one's own, or one with the sticky bit such as /dev/shm.) Two daemons that find a dead
 * segment that a reader keeps locked, and at the same instant, could both replace it: the second to rename keeps the name, and
 * the first says that it has lost it.
 */
public final class SegmentFile implements AutoCloseable {
    private static final int ATTEMPTS = 10;
    private static final int NAME_BYTES = 8;
    private static final SecureRandom NAMES = new SecureRandom();

    private final Path path;
    private final OpenFile file;
    private final ByteBuffer buffer;
    private final FileState state;
    private final ClockDomain domain;
    private final boolean takenOver;

    private SegmentFile(
            Path path, OpenFile file, ByteBuffer buffer, FileState state, ClockDomain domain, boolean takenOver) {
        this.path = path;
        this.file = file;
        this.buffer = buffer;
        this.state = state;
        this.domain = domain;
        this.takenOver = takenOver;
    }

    private static ByteBuffer map(OpenFile file) throws IOException {
        return file.map(RecordLayout.SEGMENT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Claims the name for this process.
     *
     * @param domain the clocks of this process; the page has to state them before the first record
     * @throws SegmentException if another daemon lives there, somebody else's file is, or the place cannot be written
     */
    public static SegmentFile claim(Path path, ClockDomain domain) throws SegmentException {
        return attempt(path, () -> {
            Optional<FileState> found = OpenFile.look(path);
            return found.isEmpty() ? make(path, domain, false) : takeOver(path, found.get(), domain);
        });
    }

    /** One way to a segment; empty when somebody else was faster, and it is worth another look. */
    @FunctionalInterface
    private interface Attempt {
        Optional<SegmentFile> make() throws IOException, SegmentException;
    }

    private static SegmentFile attempt(Path path, Attempt attempt) throws SegmentException {
        try {
            for (int i = 0; i < ATTEMPTS; i++) {
                Optional<SegmentFile> segment = attempt.make();
                if (segment.isPresent()) {
                    return segment.get();
                }
            }
        } catch (NoSuchFileException e) {
            String cause = Files.isDirectory(directoryOf(path))
                    ? "no files can be made in " + directoryOf(path)
                    : directoryOf(path) + " does not exist";
            throw new SegmentException(cause + "; choose another place with --shm NAME|PATH", e);
        } catch (AccessDeniedException e) {
            throw new SegmentException(
                    "no permission to write " + path + "; choose another place with --shm NAME|PATH", e);
        } catch (InternalError e) {
            MappingFault.require(e);
            throw new SegmentException(path + " was cut short under our hands; stop whatever does that", e);
        } catch (IOException e) {
            throw new SegmentException(
                    "cannot create " + path + " (" + reason(e) + "); choose another place with --shm NAME|PATH", e);
        }
        throw new SegmentException(path + " keeps changing hands; stop the other daemons that use it");
    }

    private static Path directoryOf(Path path) {
        return Objects.requireNonNullElse(path.toAbsolutePath().getParent(), Path.of("/"));
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
    }

    /**
     * Makes a new file and gives it the name; empty when somebody else was faster.
     *
     * @param replace whether the name is taken, by a file of ours that has to make way
     */
    private static Optional<SegmentFile> make(Path path, ClockDomain domain, boolean replace) throws IOException {
        byte[] random = new byte[NAME_BYTES];
        NAMES.nextBytes(random);
        Path temporary = directoryOf(path)
                .resolve("." + path.getFileName() + "." + HexFormat.of().formatHex(random));
        OpenFile file = OpenFile.create(temporary, RecordLayout.SEGMENT_SIZE);
        boolean named = false;
        try {
            if (file.claim() != OpenFile.Claim.OURS) {
                return Optional.empty(); // only root and this user could be in the way
            }
            file.publish();
            FileState state = file.state();
            if (!state.isOwn() || state.mode() != FileState.SEGMENT_MODE) {
                throw new FileSystemException(
                        path.toString(),
                        null,
                        "its file system does not keep owners and permissions: a new file " + state.ownership());
            }
            SegmentFile segment = new SegmentFile(path, file, map(file), state, domain, false);
            if (replace) {
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.createLink(path, temporary);
            }
            named = true;
            return Optional.of(segment);
        } catch (FileAlreadyExistsException e) {
            return Optional.empty();
        } finally {
            if (!named) {
                file.close();
            }
            Files.deleteIfExists(temporary);
        }
    }

    /** Empty when the file has gone meanwhile. */
    private static Optional<SegmentFile> takeOver(Path path, FileState found, ClockDomain domain)
            throws IOException, SegmentException {
        found.requireOurs(path);
        OpenFile file;
        try {
            file = OpenFile.open(path);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        boolean kept = false;
        try {
            FileState state = file.state();
            OpenFile.Claim claim = file.claim();
            // Between the look and the claim the name may have been given to another file, or the file cut short.
            if (!leadsTo(path, state) || state.size() != RecordLayout.SEGMENT_SIZE || !state.isOwn()) {
                return Optional.empty();
            }
            ByteBuffer content = map(file);
            if (claim == OpenFile.Claim.TAKEN_BY_WRITER) {
                throw new SegmentException("another daemon" + writerOf(content) + " serves " + path
                        + "; stop it, or choose another segment with --shm NAME|PATH");
            }
            if (!isSegment(content)) {
                throw new SegmentException(
                        path + " holds something else than a ChronoTick segment; choose another with --shm NAME|PATH");
            }
            if (claim != OpenFile.Claim.OURS
                    || state.mode() != FileState.SEGMENT_MODE
                    || state.links() != 1
                    || !isFit(content, domain)) {
                return make(path, domain, true);
            }
            kept = true;
            return Optional.of(new SegmentFile(path, file, content, state, domain, true));
        } finally {
            if (!kept) {
                file.close();
            }
        }
    }

    private static boolean leadsTo(Path path, FileState state) throws IOException {
        return OpenFile.look(path)
                .map(found -> found.identity().equals(state.identity()))
                .orElse(false);
    }

    /** Its number is of its own pid namespace: in a container it may be 1. */
    private static String writerOf(ByteBuffer content) {
        int pid = content.getInt(RecordLayout.WRITER_PID);
        return pid == 0 ? "" : " (process " + Integer.toUnsignedString(pid) + " where it runs)";
    }

    /** Whether a daemon, or a file that was to become a segment, left this. */
    private static boolean isSegment(ByteBuffer content) {
        return content.getLong(PageLayout.MAGIC) == PageLayout.MAGIC_VALUE || isEmpty(content);
    }

    private static boolean isEmpty(ByteBuffer content) {
        for (int i = 0; i < RecordLayout.SEGMENT_SIZE; i += Long.BYTES) {
            if (content.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether readers that have attached to this can go on with a daemon of these clocks. */
    private static boolean isFit(ByteBuffer content, ClockDomain domain) {
        return isEmpty(content) || StatusPageWriter.domainIn(content).equals(domain);
    }

    public Path path() {
        return path;
    }

    /** The mapped segment, little-endian; stays valid after {@link #close}. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** The clocks that its page has to state. */
    public ClockDomain domain() {
        return domain;
    }

    /** Whether the segment of a dead writer was found and goes on being used. */
    public boolean isTakenOver() {
        return takenOver;
    }

    /**
     * What has become of the file that {@link #renew} mends: older Python readers are known to unlink it, its owner may cut it
     * short or let others write to it, and the daemon may have been restored elsewhere from a checkpoint.
     *
     * @param now the clocks of this process
     * @return what happened, as the end of a sentence about the segment; empty if all is well
     */
    public Optional<String> damage(ClockDomain now) {
        Optional<FileState> found;
        try {
            found = OpenFile.look(path);
        } catch (IOException e) {
            return Optional.of("cannot be seen any more (" + reason(e) + ")");
        }
        if (found.isEmpty()) {
            return Optional.of("was removed");
        }
        FileState there = found.get();
        if (!there.identity().equals(state.identity())) {
            return Optional.of("was replaced by another file");
        }
        if (there.size() != RecordLayout.SEGMENT_SIZE) {
            return Optional.of("was cut to " + there.size() + " bytes");
        }
        // Root may take it over, so that every reader trusts it: what the daemon has mapped it can still write.
        if (!(there.isOwn() || there.isRoots()) || there.mode() != FileState.SEGMENT_MODE) {
            return Optional.of(there.ownership());
        }
        return now.equals(domain)
                ? Optional.empty()
                : Optional.of("states the clocks of another boot or time namespace");
    }

    /** Whether root has taken this file over, whatever has become of its name: one that {@link #renew} makes would be this user's again. */
    public boolean isHandedOver() {
        try {
            FileState opened = file.state();
            return opened.isRoots() && !opened.isOwn();
        } catch (IOException e) {
            return false; // where an open file is known by its name alone, and that is gone
        }
    }

    /**
     * Makes a new file under the name, which readers find by themselves; never over a file of somebody else, or of a live
     * daemon. This one stays as it is, for whoever has it mapped, until it is closed.
     *
     * @param now the clocks of this process
     * @throws SegmentException as {@link #claim}
     */
    public SegmentFile renew(ClockDomain now) throws SegmentException {
        return attempt(path, () -> {
            Optional<FileState> found = OpenFile.look(path);
            if (found.isPresent() && found.get().identity().equals(state.identity())) {
                return make(path, now, true);
            }
            return Optional.of(claim(path, now));
        });
    }

    /** Removes the name, if it still leads to this file and root has not taken that over, and gives up the claim. */
    @Override
    public void close() {
        try {
            if (leadsTo(path, state)
                    && OpenFile.look(path).map(FileState::isOwn).orElse(false)) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("cannot remove " + path, e);
        } finally {
            file.close();
        }
    }

    /**
     * Whether a living daemon has claimed the file that the path leads to, wherever it runs. Disturbs nobody.
     *
     * @throws IOException if there is no such file, or it may not be read
     */
    public static boolean isServed(Path path) throws IOException {
        return OpenFile.isClaimed(path);
    }

    /**
     * Removes the segment of a daemon that has died: not one that a daemon has claimed, and no file that is not a segment.
     *
     * @return false if there is nothing of that name
     * @throws SegmentException if it is not removed; says why, and what to do
     */
    public static boolean removeAbandoned(Path path) throws SegmentException {
        try {
            Optional<FileState> found = OpenFile.look(path);
            if (found.isEmpty()) {
                return false;
            }
            requireSegment(
                    path,
                    found.get().kind() == FileState.Kind.REGULAR && found.get().size() == RecordLayout.SEGMENT_SIZE);
            OpenFile file = OpenFile.open(path);
            try {
                OpenFile.Claim claim = file.claim();
                ByteBuffer content = map(file);
                if (claim == OpenFile.Claim.TAKEN_BY_WRITER) {
                    throw new SegmentException(
                            path + " belongs to a running daemon" + writerOf(content) + "; stop it first");
                }
                requireSegment(path, isSegment(content));
                // While it is claimed here, no daemon takes it over; one that has put a new file in its place keeps
                // that.
                return leadsTo(path, file.state()) && Files.deleteIfExists(path);
            } finally {
                file.close();
            }
        } catch (NoSuchFileException e) {
            return false;
        } catch (AccessDeniedException e) {
            throw new SegmentException("no permission to remove " + path + "; run as its owner", e);
        } catch (IOException e) {
            throw new SegmentException("cannot remove " + path + " (" + reason(e) + "); run as its owner", e);
        }
    }

    private static void requireSegment(Path path, boolean isSegment) throws SegmentException {
        if (!isSegment) {
            throw new SegmentException(
                    path + " is not removed, for it is not a segment of this version; rm it by hand");
        }
    }
}
