// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

/**
 * The status page: bytes 128 to 4095 of the segment, for people and tools, little-endian, under a sequence number of its
 * own. Strings are UTF-8, padded with zero bytes, never cut inside a character. Offsets are bytes from the start of the
 * file; those of a source row from the start of the row.
 */
public final class PageLayout {
    /** u64: {@link #MAGIC_VALUE}. */
    public static final int MAGIC = 128;

    /** The bytes "CHRONOTK". */
    public static final long MAGIC_VALUE = 0x4B544F4E4F524843L;

    /** u32: {@link #VERSION}. */
    public static final int PAGE_VERSION = 136;

    /** The page layout described here. */
    public static final int VERSION = 1;

    /** u32: the page's own seqlock, odd while a write is under way. */
    public static final int PAGE_SEQUENCE = 140;

    /** f64: when the daemon started, CLOCK_REALTIME, Unix seconds. */
    public static final int START_TIME = 144;

    /** 16 bytes: the kernel's boot id as a UUID, big-endian as in RFC 9562; zero where the host has none. */
    public static final int BOOT_ID = 152;

    /** f64: records a second the writer is set to, Hz. Written once, before the first record. */
    public static final int UPDATE_FREQUENCY = 168;

    /** f64: growth of the record's max_error, s/s. Written once, before the first record. */
    public static final int MAX_DRIFT = 176;

    /** f32: 0..1. */
    public static final int WARMUP_PROGRESS = 184;

    /** u32: leap indicator of the selected servers, 0..3; 4: their time is followed through smears of leap seconds. */
    public static final int LEAP_STATE = 188;

    /** u64: deadlines the writer missed; it skips them and never bursts. */
    public static final int TICK_OVERRUNS = 192;

    /** f32: weight of the short-term forecaster in the published time, 0..1. */
    public static final int WEIGHT_SHORT_TERM = 200;

    /** f32: weight of the long-term forecaster, 0..1. */
    public static final int WEIGHT_LONG_TERM = 204;

    /** f64: median time to produce and publish one record, ns. */
    public static final int LATENCY_P50_NS = 208;

    /** f64: 99th percentile of the same, ns. */
    public static final int LATENCY_P99_NS = 216;

    /** f64: resident memory of the daemon, bytes; 0 where unknown. */
    public static final int RESIDENT_BYTES = 224;

    /** f64: CPU time used by the daemon since start, s. */
    public static final int CPU_SECONDS = 232;

    /** f64: steps of the system clock seen since start. */
    public static final int CLOCK_STEPS = 240;

    /** i64: CLOCK_MONOTONIC when the page was written, ns. */
    public static final int PAGE_MONOTONIC_NS = 248;

    /** 64 bytes: what the warm-up waits for; empty when complete. */
    public static final int WAITING_FOR = 256;

    public static final int WAITING_FOR_SIZE = 64;

    /** 64 bytes: CPUs the writer is bound to, for example "0,1"; empty when free. */
    public static final int CPU_AFFINITY = 320;

    public static final int CPU_AFFINITY_SIZE = 64;

    /** 32 bytes: version of the daemon. */
    public static final int DAEMON_VERSION = 384;

    public static final int DAEMON_VERSION_SIZE = 32;

    /** u32: number of source rows, 0..{@link #MAX_SOURCES}. */
    public static final int SOURCE_COUNT = 416;

    /** 80 bytes: how the daemon's learned models are doing, in words; empty when none is configured. */
    public static final int LEARNED_MODELS = 424;

    public static final int LEARNED_MODELS_SIZE = 80;

    /**
     * u64: inode of the daemon's time namespace, the number in what /proc/self/ns/time leads to; 0 where the host has none.
     * Never changes in a file, and nor does the boot id: a daemon whose clocks have become others makes a new file.
     */
    public static final int TIME_NAMESPACE = 504;

    /** f64: the statistical part of the record's offset_uncertainty when the page was written, s; 0 in a page without both parts. */
    public static final int STATISTICAL_UNCERTAINTY = 3600;

    /** f64: its systematic part, s: what an asymmetry of the paths may hide. */
    public static final int SYSTEMATIC_UNCERTAINTY = 3608;

    /** First source row. */
    public static final int SOURCES = 512;

    public static final int MAX_SOURCES = 16;

    /** Bytes in a source row. */
    public static final int SOURCE_SIZE = 192;

    /** 64 bytes: name as configured. */
    public static final int SOURCE_NAME = 0;

    public static final int SOURCE_NAME_SIZE = 64;

    /** u8: stratum. */
    public static final int SOURCE_STRATUM = 64;

    /** u8: reach register, newest request in bit 0. */
    public static final int SOURCE_REACH = 65;

    /** u8: ordinal of the state: unreachable, candidate, selected, falseticker, unauthenticated, denied, smearing. */
    public static final int SOURCE_STATE = 66;

    /** u8: 0 user-space stamps, 1 kernel stamps. */
    public static final int SOURCE_STAMP = 67;

    /** u8: leap indicator, 0..3. */
    public static final int SOURCE_LEAP = 68;

    /** u8: 0 a server that is not to be authenticated; else {@link NtsStatus.State#code}. */
    public static final int SOURCE_NTS = 69;

    /** u8: NTS cookies in hand. */
    public static final int SOURCE_NTS_COOKIES = 70;

    /** u8: why the newest key exchange brought nothing, {@link NtsStatus.Failure#code}; 0 if it did not fail. */
    public static final int SOURCE_NTS_FAILURE = 71;

    /** f32: polling interval, s. */
    public static final int SOURCE_POLL = 72;

    /** f32: time since the newest accepted exchange when the page was written, s; NaN if none. */
    public static final int SOURCE_AGE = 76;

    /** f64: server minus published time, s. */
    public static final int SOURCE_OFFSET = 80;

    /** f64: standard deviation of that offset, s. */
    public static final int SOURCE_SD = 88;

    /** f64: round-trip delay, s. */
    public static final int SOURCE_DELAY = 96;

    /** f64: mean excess of the delay over its base, s. */
    public static final int SOURCE_JITTER = 104;

    /** f64: root distance, s. */
    public static final int SOURCE_ROOT_DISTANCE = 112;

    /** u32: requests sent. */
    public static final int SOURCE_SENT = 120;

    /** u32: exchanges accepted. */
    public static final int SOURCE_ACCEPTED = 124;

    /**
     * u32 each: datagrams dropped as malformed, wrong mode, bogus origin, duplicate, late, unsynchronized, stratum, kiss,
     * nonsense, unauthenticated.
     */
    public static final int SOURCE_DROPS = 128;

    public static final int DROP_REASONS = 10;

    /** f32: time since the newest key exchange that succeeded, when the page was written, s; NaN if none. */
    public static final int SOURCE_NTS_AGE = 168;

    /** 16 bytes: IPv6 address that it is asked at, an IPv4 address mapped (RFC 4291, section 2.5.5.2); zeros while there is none. */
    public static final int SOURCE_ADDRESS = 172;

    public static final int SOURCE_ADDRESS_SIZE = 16;

    /** u16: UDP port of that address. */
    public static final int SOURCE_PORT = 188;

    /** u8: what is wrong with its answers, {@link SourceRow.Trouble#code}; 0 if nothing is known. */
    public static final int SOURCE_TROUBLE = 190;

    /** u8: requests not answered since the newest answer, or since it is asked at that address; 255 for more, too. */
    public static final int SOURCE_UNANSWERED = 191;

    /**
     * i64: CLOCK_BOOTTIME - CLOCK_MONOTONIC at the record's anchor, ns: grows by the time that the machine is suspended. Under
     * the record's sequence number, not the page's; written when it changes.
     */
    public static final int BOOTTIME_LEAD_NS = 3584;

    /** u32: 1 when {@link #BOOTTIME_LEAD_NS} is known, 0 where the host has no such clock. Written with it. */
    public static final int BOOTTIME_KNOWN = 3592;

    /** u8 for each source: 1 if its newest good reply was interleaved (RFC 9769), else 0. */
    public static final int SOURCES_INTERLEAVED = 4080;

    private PageLayout() {}
}
