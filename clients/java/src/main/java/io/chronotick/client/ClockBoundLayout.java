// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * The shared memory of Amazon's ClockBound daemon, layout 2 (clock-bound release 2 and 3, docs/PROTOCOL.md): 80 bytes in the
 * machine's own byte order. Offsets in bytes.
 */
public final class ClockBoundLayout {
    /** Two u32, {@link #MAGIC_FIRST} and {@link #MAGIC_SECOND}. */
    public static final int MAGIC = 0;

    public static final int MAGIC_FIRST = 0x414D_5A4E;
    public static final int MAGIC_SECOND = 0x4342_0200;

    /** u32: bytes of the segment. */
    public static final int SIZE = 8;

    /** u16. */
    public static final int VERSION = 12;

    /** u16: odd while being written, wraps from 65534 to 2; 0 is never written. */
    public static final int GENERATION = 14;

    /** i64 s and i64 ns of CLOCK_MONOTONIC_COARSE at which the bound held. */
    public static final int AS_OF = 16;

    /** i64 s and i64 ns of the same clock from which on nothing can be said. */
    public static final int VOID_AFTER = 32;

    /** i64, ns. */
    public static final int BOUND = 48;

    /** u64. */
    public static final int DISRUPTION_MARKER = 56;

    /** u32, parts in 1e9. */
    public static final int MAX_DRIFT = 64;

    /** i32, the ordinal of {@link ClockBoundReader.Status}. */
    public static final int STATUS = 68;

    /** u8: whether the marker is that of /dev/vmclock0, with which readers have to compare it. */
    public static final int DISRUPTION_SUPPORT = 72;

    public static final int SEGMENT_SIZE = 80;
    public static final int LAYOUT_VERSION = 2;

    private ClockBoundLayout() {}
}
