// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A PTP hardware clock's device file, open for reading; all that is asked of it is one call. For one thread. */
public interface PtpDevice extends AutoCloseable {
    /** Opens a device file. */
    interface Opener {
        /**
         * Opens it.
         *
         * @throws IOException if it cannot be had, with the reason in words
         */
        PtpDevice open(Path device) throws IOException;
    }

    /**
     * The system call ioctl(2).
     *
     * @param request which
     * @param struct its argument, read and written over, in the order of this machine's bytes; a heap buffer
     * @return 0, or the error number
     */
    int ioctl(long request, ByteBuffer struct);

    @Override
    void close();
}
