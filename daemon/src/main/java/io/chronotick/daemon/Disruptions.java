// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.time.VmClock;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the hypervisor says of this machine, if there is one that does. Any thread. */
final class Disruptions {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private final Optional<VmClock> vmClock;
    private final boolean isWhereReadersLook;

    private Disruptions(Optional<VmClock> vmClock, boolean isWhereReadersLook) {
        this.vmClock = vmClock;
        this.isWhereReadersLook = isWhereReadersLook;
    }

    /**
     * Looks for the VMClock.
     *
     * @param configured auto, none, or a device
     * @param followsSmear whether smears of leap seconds are followed
     * @throws DaemonException if that device cannot be had
     */
    static Disruptions of(String configured, boolean followsSmear) throws DaemonException {
        boolean isAuto = configured.equals("auto");
        if (configured.equals("none") || (isAuto && !Files.exists(VmClock.DEVICE))) {
            return new Disruptions(Optional.empty(), false);
        }
        Path device = isAuto ? VmClock.DEVICE : Path.of(configured);
        try {
            VmClock opened = VmClock.open(device);
            LOG.info("the time is void when {} says that this machine was disrupted", opened);
            opened.hints().ifPresent(hints -> tellOfSmear(hints.smear(), followsSmear));
            return new Disruptions(Optional.of(opened), device.equals(VmClock.DEVICE));
        } catch (IOException e) {
            if (!isAuto) {
                throw new DaemonException(e.getMessage() + "; or leave clock_measurement.vmclock out", e);
            }
            LOG.warn("{}; nobody tells when this machine was paused or moved", e.getMessage());
            return new Disruptions(Optional.empty(), false);
        }
    }

    /** What other systems near here do with leap seconds, which servers near here may do, too. */
    private static void tellOfSmear(VmClock.Smear smear, boolean followsSmear) {
        boolean isAsHere = smear == VmClock.Smear.NONE || (smear == VmClock.Smear.NOON_TO_NOON && followsSmear);
        if (!isAsHere) {
            LOG.warn(
                    "the hypervisor says that systems here smear leap seconds ({}), and this daemon {}: see leap_smear",
                    smear.words(),
                    followsSmear ? "follows servers that do it otherwise" : "tells UTC, so its servers must not");
        }
    }

    /** Changes when this machine was disrupted; always the same where nobody says so. */
    long marker() {
        return vmClock.map(VmClock::marker).orElse(0L);
    }

    /** Whether there is a VMClock where all programs look for it. */
    boolean areKnownToReaders() {
        return isWhereReadersLook;
    }

    /** The leap second at the end of the month that the hypervisor knows of; empty if it knows of none. */
    Optional<LeapIndicator> leap() {
        return vmClock.flatMap(VmClock::hints).flatMap(VmClock.Hints::leap);
    }
}
