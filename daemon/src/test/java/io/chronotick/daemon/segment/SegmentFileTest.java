// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.client.PageLayout;
import io.chronotick.client.RecordLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentFileTest {
    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("segment");
    }

    private static void makeReal(SegmentFile segment) {
        segment.buffer().putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE);
    }

    /** The file of a writer that died: everything as it was but the claim. */
    private void leaveStale() throws SegmentException, IOException {
        byte[] bytes;
        try (SegmentFile dead = SegmentFile.claim(path())) {
            makeReal(dead);
            dead.buffer().putInt(RecordLayout.WRITER_PID, 123);
            bytes = Files.readAllBytes(path());
        }
        Files.write(path(), bytes);
    }

    @Test
    void shouldMakeAReadablePageAndRemoveItInTheEnd() throws Exception {
        try (SegmentFile segment = SegmentFile.claim(path())) {
            assertThat(Files.size(path())).isEqualTo(4096);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                    .isEqualTo("rw-r--r--");
            assertThat(segment.isTakenOver()).isFalse();
            assertThat(segment.isInPlace()).isTrue();
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void shouldRefuseANameThatALivingWriterHolds() throws Exception {
        try (SegmentFile living = SegmentFile.claim(path())) {
            makeReal(living);
            living.buffer().putInt(RecordLayout.WRITER_PID, 99);
            assertThatThrownBy(() -> SegmentFile.claim(path()))
                    .isInstanceOf(SegmentException.class)
                    .hasMessageContaining("another daemon (process 99)")
                    .hasMessageContaining("--shm");
            assertThat(living.isInPlace()).isTrue();
        }
    }

    @Test
    void shouldTakeOverTheSameFileFromADeadWriter() throws Exception {
        leaveStale();
        Object before = Files.readAttributes(path(), java.nio.file.attribute.BasicFileAttributes.class)
                .fileKey();
        try (SegmentFile segment = SegmentFile.claim(path())) {
            assertThat(segment.isTakenOver()).isTrue();
            assertThat(Files.readAttributes(path(), java.nio.file.attribute.BasicFileAttributes.class)
                            .fileKey())
                    .isEqualTo(before);
        }
    }

    @Test
    void shouldNotTouchAFileThatIsNoSegment() throws Exception {
        Files.writeString(path(), "somebody's notes");
        assertThatThrownBy(() -> SegmentFile.claim(path())).hasMessageContaining("is not a ChronoTick segment");
        byte[] page = new byte[4096];
        page[200] = 1;
        Files.write(path(), page);
        assertThatThrownBy(() -> SegmentFile.claim(path())).hasMessageContaining("something else");
        assertThat(Files.readAllBytes(path())).isEqualTo(page);
    }

    @Test
    void shouldNameCauseAndRemedyWhereItCannotWrite() {
        assertThatThrownBy(() -> SegmentFile.claim(directory.resolve("none/segment")))
                .isInstanceOf(SegmentException.class)
                .hasMessageContaining("does not exist; choose another place with --shm");
        // Of what may not be ours nobody is told to remove it.
        assertThatThrownBy(() -> SegmentFile.claim(directory))
                .hasMessageContaining("is not a ChronoTick segment")
                .hasMessageNotContaining("remove");
    }

    @Test
    void shouldNoticeThatItsNameHasGoneAndNotRemoveAnothersFile() throws Exception {
        SegmentFile segment = SegmentFile.claim(path());
        Files.delete(path());
        assertThat(segment.isInPlace()).isFalse();
        SegmentFile second = SegmentFile.claim(path());
        assertThat(second.isTakenOver()).isFalse();
        segment.close();
        assertThat(second.isInPlace()).isTrue();
        second.close();
        assertThat(directory).isEmptyDirectory();
    }
}
