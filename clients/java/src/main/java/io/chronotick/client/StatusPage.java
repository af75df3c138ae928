// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The rest of the segment: how the daemon is doing and what it makes of its servers. Immutable.
 *
 * @param startTime when the daemon started, CLOCK_REALTIME, Unix seconds
 * @param bootId the kernel's boot id, where the host has one
 * @param updateFrequency records a second the writer is set to, Hz
 * @param maxDrift growth of the record's hard bound, s/s
 * @param warmupProgress 0..1
 * @param leapState leap indicator of the selected servers, 0..3
 * @param tickOverruns deadlines the writer missed
 * @param weightShortTerm weight of the short-term forecaster in the published time, 0..1
 * @param weightLongTerm weight of the long-term forecaster, 0..1
 * @param latencyP50Ns median time to produce and publish one record, ns
 * @param latencyP99Ns 99th percentile of the same, ns
 * @param residentBytes resident memory of the daemon; 0 where unknown
 * @param cpuSeconds CPU time used since start, s
 * @param clockSteps steps of the system clock seen since start
 * @param pageMonotonicNs CLOCK_MONOTONIC when the page was written, ns
 * @param waitingFor what the warm-up waits for; empty when complete
 * @param cpuAffinity CPUs the writer is bound to, for example "0,1"; empty when free
 * @param daemonVersion version of the daemon
 * @param learnedModels how the daemon's learned models are doing, in words; empty when none is configured
 * @param statisticalUncertainty the part of the record's offset_uncertainty that measurements scatter by, s; 0 where the daemon does
 *     not say
 * @param systematicUncertainty its part that no measurement shows: what an asymmetry of the paths may hide, s
 * @param sources the servers, as configured
 */
public record StatusPage(
        double startTime,
        Optional<UUID> bootId,
        double updateFrequency,
        double maxDrift,
        double warmupProgress,
        int leapState,
        long tickOverruns,
        double weightShortTerm,
        double weightLongTerm,
        double latencyP50Ns,
        double latencyP99Ns,
        long residentBytes,
        double cpuSeconds,
        long clockSteps,
        long pageMonotonicNs,
        String waitingFor,
        String cpuAffinity,
        String daemonVersion,
        String learnedModels,
        double statisticalUncertainty,
        double systematicUncertainty,
        List<SourceRow> sources) {

    public StatusPage {
        sources = List.copyOf(sources);
    }

    /** Whether the two parts of the uncertainty are known. */
    public boolean isUncertaintyDivided() {
        return statisticalUncertainty > 0
                && systematicUncertainty >= 0
                && Double.isFinite(statisticalUncertainty)
                && Double.isFinite(systematicUncertainty);
    }

    /** One attempt at the page's own seqlock, as in {@link CorrectionRecord#tryLoad}. */
    static boolean tryLoad(ByteBuffer segment, byte[] into) {
        int before = (int) Segment.INT.getAcquire(segment, PageLayout.PAGE_SEQUENCE);
        segment.get(0, into);
        VarHandle.loadLoadFence();
        int after = (int) Segment.INT.getOpaque(segment, PageLayout.PAGE_SEQUENCE);
        return before == after && (before & 1) == 0;
    }

    /** Makes sense of a whole segment's bytes; of any bytes, or says why not. */
    static StatusPage parse(Path path, byte[] segment) {
        ByteBuffer b = ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN);
        if (b.getLong(PageLayout.MAGIC) == 0) {
            throw new NotReadyException(path + " has no status yet: its daemon is starting, or died doing so");
        }
        long count = Integer.toUnsignedLong(b.getInt(PageLayout.SOURCE_COUNT));
        if (b.getLong(PageLayout.MAGIC) != PageLayout.MAGIC_VALUE
                || b.getInt(PageLayout.PAGE_VERSION) != PageLayout.VERSION
                || count > PageLayout.MAX_SOURCES) {
            throw nonsense(path, "magic, version or source count");
        }
        List<SourceRow> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(row(path, b, i));
        }
        return new StatusPage(
                b.getDouble(PageLayout.START_TIME),
                PageFacts.bootId(b),
                b.getDouble(PageLayout.UPDATE_FREQUENCY),
                b.getDouble(PageLayout.MAX_DRIFT),
                b.getFloat(PageLayout.WARMUP_PROGRESS),
                b.getInt(PageLayout.LEAP_STATE),
                b.getLong(PageLayout.TICK_OVERRUNS),
                b.getFloat(PageLayout.WEIGHT_SHORT_TERM),
                b.getFloat(PageLayout.WEIGHT_LONG_TERM),
                b.getDouble(PageLayout.LATENCY_P50_NS),
                b.getDouble(PageLayout.LATENCY_P99_NS),
                (long) b.getDouble(PageLayout.RESIDENT_BYTES),
                b.getDouble(PageLayout.CPU_SECONDS),
                (long) b.getDouble(PageLayout.CLOCK_STEPS),
                b.getLong(PageLayout.PAGE_MONOTONIC_NS),
                text(b, PageLayout.WAITING_FOR, PageLayout.WAITING_FOR_SIZE),
                text(b, PageLayout.CPU_AFFINITY, PageLayout.CPU_AFFINITY_SIZE),
                text(b, PageLayout.DAEMON_VERSION, PageLayout.DAEMON_VERSION_SIZE),
                text(b, PageLayout.LEARNED_MODELS, PageLayout.LEARNED_MODELS_SIZE),
                b.getDouble(PageLayout.STATISTICAL_UNCERTAINTY),
                b.getDouble(PageLayout.SYSTEMATIC_UNCERTAINTY),
                rows);
    }

    private static Optional<NtsStatus> nts(Path path, ByteBuffer b, int at) {
        int code = Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_NTS));
        if (code == 0) {
            return Optional.empty();
        }
        NtsStatus.State state = NtsStatus.state(code);
        if (state == null) {
            throw nonsense(path, "authentication of a source");
        }
        return Optional.of(new NtsStatus(
                state,
                Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_NTS_COOKIES)),
                b.getFloat(at + PageLayout.SOURCE_NTS_AGE),
                NtsStatus.failure(Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_NTS_FAILURE)))));
    }

    private static SourceRow row(Path path, ByteBuffer b, int index) {
        int at = PageLayout.SOURCES + index * PageLayout.SOURCE_SIZE;
        SourceRow.State state = SourceRow.State.ofCode(Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_STATE)));
        if (state == null) {
            throw nonsense(path, "state of a source");
        }
        List<Long> drops = new ArrayList<>();
        for (int i = 0; i < PageLayout.DROP_REASONS; i++) {
            drops.add(Integer.toUnsignedLong(b.getInt(at + PageLayout.SOURCE_DROPS + i * Integer.BYTES)));
        }
        return new SourceRow(
                text(b, at + PageLayout.SOURCE_NAME, PageLayout.SOURCE_NAME_SIZE),
                Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_STRATUM)),
                Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_REACH)),
                state,
                b.get(at + PageLayout.SOURCE_STAMP) != 0,
                Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_LEAP)),
                b.getFloat(at + PageLayout.SOURCE_POLL),
                b.getFloat(at + PageLayout.SOURCE_AGE),
                b.getDouble(at + PageLayout.SOURCE_OFFSET),
                b.getDouble(at + PageLayout.SOURCE_SD),
                b.getDouble(at + PageLayout.SOURCE_DELAY),
                b.getDouble(at + PageLayout.SOURCE_JITTER),
                b.getDouble(at + PageLayout.SOURCE_ROOT_DISTANCE),
                Integer.toUnsignedLong(b.getInt(at + PageLayout.SOURCE_SENT)),
                Integer.toUnsignedLong(b.getInt(at + PageLayout.SOURCE_ACCEPTED)),
                drops,
                nts(path, b, at),
                address(b, at),
                b.get(PageLayout.SOURCES_INTERLEAVED + index) != 0,
                SourceRow.Trouble.ofCode(Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_TROUBLE))),
                Byte.toUnsignedInt(b.get(at + PageLayout.SOURCE_UNANSWERED)));
    }

    private static Optional<InetSocketAddress> address(ByteBuffer b, int at) {
        byte[] bytes = new byte[PageLayout.SOURCE_ADDRESS_SIZE];
        b.get(at + PageLayout.SOURCE_ADDRESS, bytes);
        if (Arrays.equals(bytes, new byte[bytes.length])) {
            return Optional.empty();
        }
        try {
            // One that is mapped becomes an IPv4 address.
            InetAddress address = InetAddress.getByAddress(bytes);
            return Optional.of(
                    new InetSocketAddress(address, Short.toUnsignedInt(b.getShort(at + PageLayout.SOURCE_PORT))));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // not with 16 bytes
        }
    }

    private static String text(ByteBuffer b, int at, int size) {
        int length = 0;
        while (length < size && b.get(at + length) != 0) {
            length++;
        }
        byte[] bytes = new byte[length];
        b.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static IncompatibleSegmentException nonsense(Path path, String what) {
        return new IncompatibleSegmentException(path + " has a status page with an unknown " + what
                + ": use a client and a daemon of the same release");
    }
}
