// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.segment;

import io.chronotick.client.PageLayout;
import io.chronotick.daemon.time.ClockDomain;
import io.chronotick.engine.math.Nanos;
import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.engine.ntp.SourceReport;
import io.chronotick.engine.ntp.StampKind;
import io.chronotick.engine.nts.NtsReport;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Writes the status page under its own seqlock, so that it never disturbs readers of the record. For one thread. */
public final class StatusPageWriter {
    private static final UUID NO_BOOT_ID = new UUID(0, 0);

    private final double startTime;
    private final double frequencyHz;
    private final String cpuAffinity;
    private final String version;
    private final boolean followsSmear;

    /** In the place of a leap indicator: there are no leap seconds in what is followed. */
    private static final int SMEARED = 4;

    /**
     * A writer of what never changes while the daemon runs.
     *
     * @param startTime CLOCK_REALTIME at start, Unix seconds
     * @param frequencyHz records a second
     * @param cpuAffinity CPUs the record writer is bound to, for example "0,1"; empty when free
     * @param version of the daemon
     * @param followsSmear whether the servers' time is followed through smears of leap seconds
     */
    public StatusPageWriter(
            double startTime, double frequencyHz, String cpuAffinity, String version, boolean followsSmear) {
        this.startTime = startTime;
        this.frequencyHz = frequencyHz;
        this.cpuAffinity = cpuAffinity;
        this.version = version;
        this.followsSmear = followsSmear;
    }

    /**
     * Writes the whole page.
     *
     * @param domain the clocks of its records; the same at every call for one segment
     */
    public void write(ByteBuffer segment, ClockDomain domain, DaemonStatus status) {
        int sequence = segment.getInt(PageLayout.PAGE_SEQUENCE) | 1;
        segment.putInt(PageLayout.PAGE_SEQUENCE, sequence);
        VarHandle.storeStoreFence();
        segment.putInt(PageLayout.PAGE_VERSION, PageLayout.VERSION);
        segment.putDouble(PageLayout.START_TIME, startTime);
        putDomain(segment, domain);
        segment.putDouble(PageLayout.UPDATE_FREQUENCY, frequencyHz);
        segment.putDouble(PageLayout.MAX_DRIFT, RecordWriter.MAX_DRIFT);
        segment.putFloat(PageLayout.WARMUP_PROGRESS, (float) status.warmupProgress());
        segment.putInt(
                PageLayout.LEAP_STATE,
                followsSmear && status.leap() == LeapIndicator.NONE
                        ? SMEARED
                        : status.leap().ordinal());
        segment.putLong(PageLayout.TICK_OVERRUNS, status.tickOverruns());
        segment.putFloat(PageLayout.WEIGHT_SHORT_TERM, (float) status.weightShortTerm());
        segment.putFloat(PageLayout.WEIGHT_LONG_TERM, (float) status.weightLongTerm());
        segment.putDouble(PageLayout.LATENCY_P50_NS, status.latencyP50Nanos());
        segment.putDouble(PageLayout.LATENCY_P99_NS, status.latencyP99Nanos());
        segment.putDouble(PageLayout.RESIDENT_BYTES, status.residentBytes());
        segment.putDouble(PageLayout.CPU_SECONDS, status.cpuSeconds());
        segment.putDouble(PageLayout.CLOCK_STEPS, (double) status.clockSteps());
        segment.putLong(PageLayout.PAGE_MONOTONIC_NS, status.monotonicNanos());
        putText(segment, PageLayout.WAITING_FOR, PageLayout.WAITING_FOR_SIZE, status.waitingFor());
        putText(segment, PageLayout.CPU_AFFINITY, PageLayout.CPU_AFFINITY_SIZE, cpuAffinity);
        putText(segment, PageLayout.DAEMON_VERSION, PageLayout.DAEMON_VERSION_SIZE, version);
        putText(segment, PageLayout.LEARNED_MODELS, PageLayout.LEARNED_MODELS_SIZE, status.learnedModels());
        segment.putDouble(PageLayout.STATISTICAL_UNCERTAINTY, status.statisticalSd());
        segment.putDouble(PageLayout.SYSTEMATIC_UNCERTAINTY, status.systematicSd());
        List<SourceReport> sources = status.sources();
        int count = Math.min(sources.size(), PageLayout.MAX_SOURCES);
        segment.putInt(PageLayout.SOURCE_COUNT, count);
        for (int i = 0; i < count; i++) {
            int row = PageLayout.SOURCES + i * PageLayout.SOURCE_SIZE;
            putSource(segment, row, sources.get(i), status.rawNanos());
            putAddress(segment, row, status.addresses().get(i));
            segment.put(
                    PageLayout.SOURCES_INTERLEAVED + i, (byte) (sources.get(i).interleaved() ? 1 : 0));
        }
        segment.putLong(PageLayout.MAGIC, PageLayout.MAGIC_VALUE);
        VarHandle.releaseFence();
        segment.putInt(PageLayout.PAGE_SEQUENCE, sequence + 1);
    }

    private static void putDomain(ByteBuffer segment, ClockDomain domain) {
        UUID bootId = domain.bootId().orElse(NO_BOOT_ID);
        // Big-endian as RFC 9562 has it, in a little-endian buffer.
        segment.putLong(PageLayout.BOOT_ID, Long.reverseBytes(bootId.getMostSignificantBits()));
        segment.putLong(PageLayout.BOOT_ID + Long.BYTES, Long.reverseBytes(bootId.getLeastSignificantBits()));
        segment.putLong(PageLayout.TIME_NAMESPACE, domain.timeNamespace());
    }

    /** The clocks that a page states; {@link ClockDomain#UNKNOWN} before it has been written. */
    static ClockDomain domainIn(ByteBuffer segment) {
        UUID bootId = new UUID(
                Long.reverseBytes(segment.getLong(PageLayout.BOOT_ID)),
                Long.reverseBytes(segment.getLong(PageLayout.BOOT_ID + Long.BYTES)));
        return new ClockDomain(
                Optional.of(bootId).filter(id -> !id.equals(NO_BOOT_ID)), segment.getLong(PageLayout.TIME_NAMESPACE));
    }

    private static void putSource(ByteBuffer segment, int row, SourceReport source, long rawNanos) {
        putText(segment, row + PageLayout.SOURCE_NAME, PageLayout.SOURCE_NAME_SIZE, source.name());
        segment.put(row + PageLayout.SOURCE_STRATUM, (byte) source.stratum());
        segment.put(row + PageLayout.SOURCE_REACH, (byte) source.reach());
        segment.put(row + PageLayout.SOURCE_STATE, (byte) source.state().ordinal());
        segment.put(row + PageLayout.SOURCE_STAMP, (byte) (source.stampKind() == StampKind.USER ? 0 : 1));
        segment.put(row + PageLayout.SOURCE_LEAP, (byte) source.leap().ordinal());
        putNts(segment, row, source, rawNanos);
        segment.put(row + PageLayout.SOURCE_TROUBLE, (byte) source.trouble().ordinal());
        segment.put(row + PageLayout.SOURCE_UNANSWERED, (byte) Math.min(source.unanswered(), 255));
        segment.putFloat(row + PageLayout.SOURCE_POLL, (float) source.pollSeconds());
        segment.putFloat(
                row + PageLayout.SOURCE_AGE,
                source.accepted() == 0 ? Float.NaN : (float) Nanos.toSeconds(rawNanos - source.lastRawNanos()));
        segment.putDouble(row + PageLayout.SOURCE_OFFSET, source.offset());
        segment.putDouble(row + PageLayout.SOURCE_SD, source.sd());
        segment.putDouble(row + PageLayout.SOURCE_DELAY, source.delay());
        segment.putDouble(row + PageLayout.SOURCE_JITTER, source.jitter());
        segment.putDouble(row + PageLayout.SOURCE_ROOT_DISTANCE, source.rootDistance());
        segment.putInt(row + PageLayout.SOURCE_SENT, (int) source.sent());
        segment.putInt(row + PageLayout.SOURCE_ACCEPTED, (int) source.accepted());
        for (int i = 0; i < PageLayout.DROP_REASONS; i++) {
            segment.putInt(
                    row + PageLayout.SOURCE_DROPS + i * Integer.BYTES,
                    source.drops().get(i).intValue());
        }
    }

    private static void putAddress(ByteBuffer segment, int row, Optional<InetSocketAddress> at) {
        byte[] mapped = new byte[PageLayout.SOURCE_ADDRESS_SIZE];
        if (at.isPresent()) {
            byte[] address = at.get().getAddress().getAddress();
            System.arraycopy(address, 0, mapped, mapped.length - address.length, address.length);
            if (address.length < mapped.length) {
                mapped[10] = (byte) 0xFF;
                mapped[11] = (byte) 0xFF;
            }
        }
        segment.put(row + PageLayout.SOURCE_ADDRESS, mapped);
        segment.putShort(
                row + PageLayout.SOURCE_PORT,
                at.map(address -> (short) address.getPort()).orElse((short) 0));
    }

    private static void putNts(ByteBuffer segment, int row, SourceReport source, long rawNanos) {
        if (source.nts().isEmpty()) {
            segment.put(row + PageLayout.SOURCE_NTS, (byte) 0);
            return;
        }
        NtsReport nts = source.nts().get();
        segment.put(row + PageLayout.SOURCE_NTS, (byte) (1 + nts.state().ordinal()));
        segment.put(row + PageLayout.SOURCE_NTS_COOKIES, (byte) nts.cookies());
        segment.put(row + PageLayout.SOURCE_NTS_FAILURE, (byte) nts.failure().ordinal());
        segment.putFloat(
                row + PageLayout.SOURCE_NTS_AGE,
                nts.exchanges() == 0 ? Float.NaN : (float) Nanos.toSeconds(rawNanos - nts.lastExchangeRawNanos()));
    }

    private static void putText(ByteBuffer segment, int offset, int size, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, size);
        // Never cut inside a character: back to before its first byte.
        while (length < bytes.length && length > 0 && (bytes[length] & 0xC0) == 0x80) {
            length--;
        }
        segment.put(offset, bytes, 0, length);
        segment.put(offset + length, new byte[size - length]);
    }
}
