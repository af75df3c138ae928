// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import io.chronotick.daemon.TestUser;
import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.daemon.time.Libc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@DisabledOnOs(OS.WINDOWS) // modes, owners and links of another kind
@Isolated("changes a system property")
class SegmentFileTest {
    private static final ClockDomain HERE = new ClockDomain(Optional.of(new UUID(1, 2)), 3);
    private static final ClockDomain ELSEWHERE = new ClockDomain(Optional.of(new UUID(1, 2)), 4);

    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("segment");
    }

    private static void makeReal(SegmentFile segment) {
        ByteBuffer buffer = segment.buffer();
        buffer.putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE);
        ClockDomain domain = segment.domain();
        UUID boot = domain.bootId().orElseThrow();
        buffer.putLong(PageLayout.BOOT_ID, Long.reverseBytes(boot.getMostSignificantBits()));
        buffer.putLong(PageLayout.BOOT_ID + 8, Long.reverseBytes(boot.getLeastSignificantBits()));
        buffer.putLong(PageLayout.TIME_NAMESPACE, domain.timeNamespace());
    }

    /** The file of a writer that died: everything as it was but the claim. Returns its identity. */
    private Object leaveStale() throws SegmentException, IOException {
        byte[] bytes;
        try (SegmentFile dead = SegmentFile.claim(path(), HERE)) {
            makeReal(dead);
            dead.buffer().putInt(RecordLayout.WRITER_PID, 123);
            bytes = Files.readAllBytes(path());
        }
        Files.write(path(), bytes);
        setMode("rw-r--r--");
        return identity();
    }

    private void setMode(String mode) throws IOException {
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString(mode));
    }

    private String mode() throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path()));
    }

    private Object identity() throws IOException {
        return Files.readAttributes(path(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    private void truncate(long size) throws IOException {
        try (FileChannel channel = FileChannel.open(path(), StandardOpenOption.WRITE)) {
            channel.truncate(size);
        }
    }

    private void expectRenewed(Object before) throws Exception {
        try (SegmentFile segment = SegmentFile.claim(path(), HERE)) {
            assertThat(segment.isTakenOver()).isFalse();
            assertThat(identity()).isNotEqualTo(before);
            assertThat(mode()).isEqualTo("rw-r--r--");
            assertThat(segment.damage(HERE)).isEmpty();
            assertThat(SegmentFile.isServed(path())).isTrue();
            assertThat(segment.buffer().getLong(PageLayout.MAGIC)).isZero();
        }
    }

    @Test
    void shouldMakeAReadablePageAndRemoveItInTheEnd() throws Exception {
        try (SegmentFile segment = SegmentFile.claim(path(), HERE)) {
            assertThat(Files.size(path())).isEqualTo(4096);
            assertThat(mode()).isEqualTo("rw-r--r--");
            assertThat(segment.isTakenOver()).isFalse();
            assertThat(segment.damage(HERE)).isEmpty();
            try (Stream<Path> files = Files.list(directory)) {
                assertThat(files).containsExactly(path());
            }
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void shouldRefuseANameThatALivingWriterHolds() throws Exception {
        try (SegmentFile living = SegmentFile.claim(path(), HERE)) {
            makeReal(living);
            living.buffer().putInt(RecordLayout.WRITER_PID, 99);
            for (ClockDomain domain : new ClockDomain[] {HERE, ELSEWHERE}) {
                assertThatThrownBy(() -> SegmentFile.claim(path(), domain))
                        .isInstanceOf(SegmentException.class)
                        .hasMessageContaining("another daemon (process 99 where it runs)")
                        .hasMessageContaining("--shm");
            }
            setMode("rw-rw-rw-"); // a fault in it is its own business
            assertThatThrownBy(() -> SegmentFile.claim(path(), HERE)).hasMessageContaining("another daemon");
            setMode("rw-r--r--");
            assertThat(living.damage(HERE)).isEmpty();
        }
    }

    @Test
    void shouldTakeOverTheSameFileFromADeadWriter() throws Exception {
        Object before = leaveStale();
        try (SegmentFile segment = SegmentFile.claim(path(), HERE)) {
            assertThat(segment.isTakenOver()).isTrue();
            assertThat(identity()).isEqualTo(before);
            assertThat(segment.buffer().getInt(RecordLayout.WRITER_PID)).isEqualTo(123);
        }
    }

    @Test
    void shouldNotTakeOverAFileOfOtherClocks() throws Exception {
        Object before = leaveStale();
        try (SegmentFile segment = SegmentFile.claim(path(), ELSEWHERE)) {
            assertThat(segment.isTakenOver()).isFalse();
            assertThat(identity()).isNotEqualTo(before);
        }
    }

    /** Whoever could write to it may have it open. */
    @Test
    void shouldNotTakeOverAFileThatOthersCouldWriteTo() throws Exception {
        for (String mode : new String[] {"rw-rw-rw-", "rw-rw-r--", "rw-------", "rwxr-xr-x"}) {
            Object before = leaveStale();
            setMode(mode);
            expectRenewed(before);
        }
    }

    @Test
    void shouldNotTakeOverAFileWithASecondName() throws Exception {
        Object before = leaveStale();
        Path other = directory.resolve("other");
        Files.createLink(other, path());
        byte[] content = Files.readAllBytes(other);
        expectRenewed(before);
        assertThat(Files.readAllBytes(other)).isEqualTo(content);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldNotBeHeldUpByALockThatAnyReaderCanTake() throws Exception {
        assumeTrue(Libc.isSupported());
        Object before = leaveStale();
        // It is lost when anybody in this process closes the file: so at the end of what is tried here, not before.
        try (FileChannel channel = FileChannel.open(path(), StandardOpenOption.READ);
                FileLock lock = channel.lock(0, Long.MAX_VALUE, true)) {
            assertThat(lock.isShared()).isTrue();
            expectRenewed(before);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldNotTakeAnotherFailureToLockForAnotherDaemon() throws Exception {
        assumeTrue(Libc.isSupported());
        leaveStale();
        // EBADF: the kernel gives a write lock only to who may write.
        try (OpenFile file = LinuxFile.openForReading(path())) {
            assertThatThrownBy(file::claim)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot lock")
                    .hasMessageContaining("error number 9");
        }
    }

    @Test
    void shouldNotTouchAFileThatIsNoSegment() throws Exception {
        Files.writeString(path(), "somebody's notes");
        assertThatThrownBy(() -> SegmentFile.claim(path(), HERE)).hasMessageContaining("is not a ChronoTick segment");
        byte[] page = new byte[4096];
        page[200] = 1;
        Files.write(path(), page);
        for (String mode : new String[] {"rw-r--r--", "rw-rw-rw-"}) {
            setMode(mode);
            assertThatThrownBy(() -> SegmentFile.claim(path(), HERE)).hasMessageContaining("something else");
            assertThat(Files.readAllBytes(path())).isEqualTo(page);
        }
    }

    @Test
    void shouldRefuseASymbolicLink() throws Exception {
        Path target = directory.resolve("target");
        Files.createSymbolicLink(path(), target);
        assertThatThrownBy(() -> SegmentFile.claim(path(), HERE))
                .isInstanceOf(SegmentException.class)
                .hasMessageContaining("symbolic link")
                .hasMessageContaining("belongs to");
        assertThat(target).doesNotExist();
        Files.write(target, new byte[4096]);
        assertThatThrownBy(() -> SegmentFile.claim(path(), HERE)).hasMessageContaining("symbolic link");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldRefuseTheFileOfAnotherUser() throws Exception {
        leaveStale();
        assumeTrue(TestUser.isRoot(), "only root can give a file away");
        Files.setAttribute(path(), "unix:uid", 65534);
        byte[] content = Files.readAllBytes(path());
        assertThatThrownBy(() -> SegmentFile.claim(path(), HERE))
                .isInstanceOf(SegmentException.class)
                .hasMessageContaining("belongs to user 65534 with mode 0644")
                .hasMessageContaining("--shm")
                .hasMessageNotContaining("\n");
        assertThat(Files.readAllBytes(path())).isEqualTo(content);
    }

    @Test
    void shouldNameCauseAndRemedyWhereItCannotWrite() {
        assertThatThrownBy(() -> SegmentFile.claim(directory.resolve("none/segment"), HERE))
                .isInstanceOf(SegmentException.class)
                .hasMessageContaining("does not exist; choose another place with --shm");
        // Of what may not be ours nobody is told to remove it.
        assertThatThrownBy(() -> SegmentFile.claim(directory, HERE))
                .hasMessageContaining("is not a ChronoTick segment")
                .hasMessageNotContaining("remove");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldLeaveNoDescriptorsBehindWhenItFails() throws Exception {
        byte[] page = new byte[4096];
        page[200] = 1;
        Files.write(path(), page);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> SegmentFile.claim(path(), HERE)).isInstanceOf(SegmentException.class);
            assertThatThrownBy(() -> SegmentFile.removeAbandoned(path())).isInstanceOf(SegmentException.class);
        }
        assertThat(open(path())).isZero();
        Files.delete(path());
        leaveStale();
        setMode("rw-rw-rw-");
        SegmentFile.claim(path(), HERE).close();
        assertThat(open(directory)).isZero();
    }

    /** Descriptors of this process for what lies there. */
    private static long open(Path place) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).startsWith(place);
                        } catch (IOException e) {
                            return false; // closed meanwhile
                        }
                    })
                    .count();
        }
    }

    @Test
    void shouldNoticeThatItsNameHasGoneAndNotRemoveAnothersFile() throws Exception {
        SegmentFile segment = SegmentFile.claim(path(), HERE);
        Files.delete(path());
        assertThat(segment.damage(HERE)).contains("was removed");
        SegmentFile second = SegmentFile.claim(path(), HERE);
        assertThat(second.isTakenOver()).isFalse();
        assertThat(segment.damage(HERE)).contains("was replaced by another file");
        assertThatThrownBy(() -> segment.renew(HERE)).hasMessageContaining("another daemon");
        segment.close();
        assertThat(second.damage(HERE)).isEmpty();
        second.close();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void shouldMakeANewFileWhenSomethingHasBecomeOfItsOwn() throws Exception {
        for (String damage :
                new String[] {"was removed", "was cut to 0 bytes", "was cut to 100 bytes", "0666", "clocks"}) {
            ClockDomain now = damage.equals("clocks") ? ELSEWHERE : HERE;
            SegmentFile segment = SegmentFile.claim(path(), HERE);
            Object before = identity();
            switch (damage) {
                case "was removed" -> Files.delete(path());
                case "was cut to 0 bytes" -> truncate(0);
                case "was cut to 100 bytes" -> truncate(100);
                case "0666" -> setMode("rw-rw-rw-");
                default -> assertThat(segment.damage(HERE)).isEmpty();
            }
            assertThat(segment.damage(now).orElse("")).contains(damage);
            SegmentFile renewed = segment.renew(now);
            if (!damage.equals("was removed")) { // its inode is free again
                assertThat(identity()).isNotEqualTo(before);
            }
            assertThat(renewed.damage(now)).isEmpty();
            assertThat(renewed.domain()).isEqualTo(now);
            segment.close();
            assertThat(renewed.damage(now)).isEmpty();
            assertThat(SegmentFile.isServed(path())).isTrue();
            renewed.close();
            assertThat(directory).isEmptyDirectory();
        }
    }

    /** What the writer meets in a file that was cut short; elsewhere it would be SIGBUS and the end. */
    @Test
    void shouldMakeAnErrorThatIsKnownOfAFileCutShort() throws Exception {
        try (SegmentFile segment = SegmentFile.claim(path(), HERE)) {
            truncate(0);
            assertThatThrownBy(() -> RecordWriter.retire(segment.buffer()))
                    .isInstanceOfSatisfying(
                            InternalError.class,
                            e -> assertThatCode(() -> MappingFault.require(e)).doesNotThrowAnyException());
        }
        InternalError other = new InternalError("something else");
        assertThatThrownBy(() -> MappingFault.require(other)).isSameAs(other);
        InternalError silent = new InternalError();
        assertThatThrownBy(() -> MappingFault.require(silent)).isSameAs(silent);
    }

    @Test
    void shouldRemoveOnlyWhatADeadDaemonLeft() throws Exception {
        assertThat(SegmentFile.removeAbandoned(path())).isFalse();
        try (SegmentFile living = SegmentFile.claim(path(), HERE)) {
            makeReal(living);
            living.buffer().putInt(RecordLayout.WRITER_PID, 1);
            assertThatThrownBy(() -> SegmentFile.removeAbandoned(path()))
                    .isInstanceOf(SegmentException.class)
                    .hasMessageContaining("running daemon (process 1 where it runs)")
                    .hasMessageNotContaining("kill");
            assertThat(living.damage(HERE)).isEmpty();
        }
        leaveStale();
        setMode("rw-rw-rw-");
        assertThat(SegmentFile.isServed(path())).isFalse();
        assertThat(SegmentFile.removeAbandoned(path())).isTrue();
        assertThat(directory).isEmptyDirectory();

        byte[] page = new byte[4096];
        page[200] = 1;
        Files.write(path(), page);
        assertThatThrownBy(() -> SegmentFile.removeAbandoned(path())).hasMessageContaining("rm it by hand");
        Files.writeString(path(), "notes");
        assertThatThrownBy(() -> SegmentFile.removeAbandoned(path())).hasMessageContaining("rm it by hand");
        assertThat(path()).hasContent("notes");
    }

    @Test
    void shouldDoTheSameByWhatJavaHasElsewhere() throws Exception {
        try (OpenFile made = PortableFile.create(path(), 4096)) {
            assertThat(mode()).isEqualTo("rw-------");
            assertThat(made.claim()).isEqualTo(OpenFile.Claim.OURS);
            made.publish();
            assertThat(made.state().isOwn()).isTrue();
            assertThat(made.state().mode()).isEqualTo(FileState.SEGMENT_MODE);
            assertThat(made.state()).isEqualTo(PortableFile.look(path()).orElseThrow());
            made.map(4096).putInt(0, 7);
            assertThat(PortableFile.isClaimed(path())).isTrue();
            try (OpenFile other = PortableFile.open(path())) {
                assertThat(other.claim()).isEqualTo(OpenFile.Claim.TAKEN_BY_WRITER);
            }
        }
        assertThat(Files.readAllBytes(path())).hasSize(4096).startsWith(0, 0, 0, 7);
        assertThat(PortableFile.isClaimed(path())).isFalse();
        assertThat(PortableFile.look(directory.resolve("none"))).isEmpty();
        assertThatThrownBy(() -> PortableFile.create(path(), 4096))
                .isInstanceOf(java.nio.file.FileAlreadyExistsException.class);
    }

    /** A user need not have a name, and Java's name for him is an option of the command line. */
    @Test
    void shouldKnowItsOwnFileByTheNumberOfTheUserElsewhereToo() throws Exception {
        String name = System.setProperty("user.name", "?");
        try (OpenFile made = PortableFile.create(path(), 4096)) {
            assertThat(made.state().isOwn()).isTrue();
        } finally {
            System.setProperty("user.name", name);
        }
    }
}
