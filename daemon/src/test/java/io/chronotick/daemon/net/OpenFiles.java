// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.net;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The files that this process has open, sockets among them: what leaks shows. */
public final class OpenFiles {
    private OpenFiles() {}

    /** How many there are. */
    public static long count() {
        return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getOpenFileDescriptorCount();
    }
}
