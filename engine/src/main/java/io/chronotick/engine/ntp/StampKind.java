// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/** Where a packet's timestamp was taken; the closer to the wire, the less scheduling delay it holds. */
public enum StampKind {
    /** Read by the program around its system call. */
    USER,
    /** Taken by the kernel's network stack (SO_TIMESTAMPING, software stamps). */
    KERNEL,
    /** Taken together with the reading of a clock of this host: there is no way to it. */
    DEVICE;

    /** That of an exchange whose ends were stamped so: the worse. */
    static StampKind ofBoth(StampKind one, StampKind other) {
        return one == KERNEL && other == KERNEL ? KERNEL : USER;
    }
}
