// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Takes the lock that whoever may read a file can take, says so, and keeps it until its standard input ends. A program of its
 * own, from one class file: another user runs it.
 */
final class ReadLockHolder {
    private ReadLockHolder() {}

    public static void main(String[] args) throws Exception {
        try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.READ);
                FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
            System.out.println(lock == null ? "refused" : "locked");
            System.in.transferTo(java.io.OutputStream.nullOutputStream());
        }
    }
}
