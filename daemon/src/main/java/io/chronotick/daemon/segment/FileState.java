// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.client.RecordLayout;
import java.nio.file.Path;

/**
 * What the file system says of a file. Immutable.
 *
 * @param identity device and inode, or what stands for them
 * @param kind what sort of a thing it is
 * @param size bytes
 * @param links names that it has
 * @param isOwn whether it belongs to the effective user of this process
 * @param isRoots whether it belongs to root
 * @param owner whose it is, in words: "user 1000"
 * @param mode permission bits
 */
record FileState(
        Object identity, Kind kind, long size, long links, boolean isOwn, boolean isRoots, String owner, int mode) {
    /** The sorts that are told apart. */
    enum Kind {
        REGULAR,
        SYMBOLIC_LINK,
        OTHER
    }

    /** Permissions of a segment: its daemon writes, everybody reads. */
    static final int SEGMENT_MODE = 0644;

    /** Owner and mode, in words. */
    String ownership() {
        return "belongs to %s with mode %04o".formatted(owner, mode);
    }

    /**
     * Passes for a segment of this user.
     *
     * @throws SegmentException in one line about whatever is none
     */
    void requireOurs(Path path) throws SegmentException {
        if (kind == Kind.SYMBOLIC_LINK) {
            throw new SegmentException(path + " is a symbolic link, which " + ownership()
                    + "; choose another segment with --shm NAME|PATH");
        }
        if (!isOwn()) {
            throw new SegmentException(path + " " + ownership() + ", and this daemon runs as another user: have it"
                    + " removed by its owner or by root, or choose another segment with --shm NAME|PATH");
        }
        if (kind != Kind.REGULAR || size != RecordLayout.SEGMENT_SIZE) {
            throw new SegmentException(path + " is not a ChronoTick segment"
                    + (kind == Kind.REGULAR ? " (" + size + " bytes)" : "")
                    + "; choose another with --shm NAME|PATH");
        }
    }
}
