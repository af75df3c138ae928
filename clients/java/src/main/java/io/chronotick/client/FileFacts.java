// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * What the file system says of a name, symbolic links not followed.
 *
 * @param identity device and inode, or what stands for them; equal for the same file alone, while a mapping holds it
 * @param isRegular whether it is an ordinary file
 * @param isLink whether it is a symbolic link
 * @param size bytes
 * @param owner numeric user id; empty on systems without
 * @param mode permission bits; 0 on systems without
 */
record FileFacts(Object identity, boolean isRegular, boolean isLink, long size, OptionalLong owner, int mode) {
    /** Group and others may write. */
    private static final int OTHERS_WRITE = 0022;

    private static final int PERMISSIONS = 07777;

    static FileFacts of(Path path) throws IOException {
        BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            // Windows has no inodes to be had, but a mapped file cannot be replaced there either.
            Object key = Objects.requireNonNullElse(basic.fileKey(), basic.creationTime());
            return new FileFacts(
                    key, basic.isRegularFile(), basic.isSymbolicLink(), basic.size(), OptionalLong.empty(), 0);
        }
        // By number: the name of a user may have to be fetched from a server.
        Map<String, Object> unix = Files.readAttributes(
                path, "unix:dev,ino,uid,mode,size,isRegularFile,isSymbolicLink", LinkOption.NOFOLLOW_LINKS);
        return new FileFacts(
                Map.of("dev", value(unix, "dev"), "ino", value(unix, "ino")),
                (boolean) value(unix, "isRegularFile"),
                (boolean) value(unix, "isSymbolicLink"),
                (long) value(unix, "size"),
                OptionalLong.of(Integer.toUnsignedLong((int) value(unix, "uid"))),
                (int) value(unix, "mode") & PERMISSIONS);
    }

    private static Object value(Map<String, Object> attributes, String name) {
        return Objects.requireNonNull(attributes.get(name), name);
    }

    /**
     * Throws unless whoever can write to the file is trusted: root, this user, and the user of CHRONOTICK_TRUST_UID. (Root could
     * write anywhere, and this user's processes into this one.)
     *
     * @throws UntrustedSegmentException if it is not so; one line with the remedy
     */
    void requireTrusted(Path path, Host host) {
        OptionalLong alsoTrusted = trustedUserId(host);
        if (isLink) {
            throw new UntrustedSegmentException(path
                    + " is a symbolic link, and whoever can change it decides about the time: name the file itself");
        }
        if (owner.isEmpty()) {
            return;
        }
        long uid = owner.getAsLong();
        OptionalLong self = host.effectiveUserId();
        if (uid != 0 && !owner.equals(self) && !owner.equals(alsoTrusted)) {
            throw new UntrustedSegmentException(path + " belongs to user " + uid + ", who is neither root nor "
                    + (self.isPresent() ? "you (user " + self.getAsLong() + ")" : "known to be you")
                    + ": remove it, or trust that user with CHRONOTICK_TRUST_UID=" + uid);
        }
        if ((mode & OTHERS_WRITE) != 0) {
            throw new UntrustedSegmentException(String.format(
                    "%s has mode %04o, so others than its owner (user %d) may write to it: remove it and restart the daemon",
                    path, mode, uid));
        }
    }

    private static OptionalLong trustedUserId(Host host) {
        String configured = host.trustedUserId();
        if (configured == null || configured.isEmpty()) {
            return OptionalLong.empty();
        }
        // At most ten digits, so it is a long; ASCII ones, unlike those of Character.isDigit.
        if (!configured.matches("[0-9]{1,10}")) {
            throw new UntrustedSegmentException(
                    "CHRONOTICK_TRUST_UID is '" + configured + "' and has to be the number of a user, such as 1000");
        }
        return OptionalLong.of(Long.parseLong(configured));
    }
}
