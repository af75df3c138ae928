// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.time.VmClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the hypervisor says of this machine. */
final class Disruptions {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private Disruptions() {}

    /**
     * A number that changes when this machine was disrupted; always the same where there is no VMClock.
     *
     * @param configured auto, none, or a device
     * @throws DaemonException if that device cannot be had
     */
    static LongSupplier of(String configured) throws DaemonException {
        boolean isAuto = configured.equals("auto");
        if (configured.equals("none") || (isAuto && !Files.exists(VmClock.DEVICE))) {
            return () -> 0;
        }
        try {
            VmClock opened = VmClock.open(isAuto ? VmClock.DEVICE : Path.of(configured));
            LOG.info("the time is void when {} says that this machine was disrupted", opened);
            return opened::marker;
        } catch (IOException e) {
            if (!isAuto) {
                throw new DaemonException(e.getMessage() + "; or leave clock_measurement.vmclock out", e);
            }
            LOG.warn("{}; nobody tells when this machine was paused or moved", e.getMessage());
            return () -> 0;
        }
    }
}
