// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Reads the clocks of the host as one instant, again and again, and notices when they do not go on together: a stepped system
 * clock, a suspend, a jump of the raw clock, and a process that was restored from a checkpoint into another boot or time
 * namespace. For one thread; the counts are for any. {@link #read} allocates nothing unless it notices something.
 *
 * <p>What clocks can show, and what they cannot:
 *
 * <ul>
 *   <li>CLOCK_REALTIME against CLOCK_MONOTONIC: the kernel slews both alike, so what parts them is a step. Somebody may have set
 *       the system clock, which does no harm; but that is also all that a restored process sees (CRIU lets the other clocks go
 *       on where they were), so the clock domain is looked at anew after every step. Where there is no CLOCK_BOOTTIME, a step
 *       forward may be a suspend, and counts as one.
 *   <li>CLOCK_BOOTTIME against CLOCK_MONOTONIC: suspend, and nothing else.
 *   <li>CLOCK_MONOTONIC_RAW against CLOCK_MONOTONIC: slewing, up to a rate that no program slews at; beyond that, or backwards,
 *       a jump.
 *   <li>A late reading alone says nothing. A thread that lost its CPU, a stopped process, and a virtual machine whose clocks go
 *       on while it is paused are late by the right time, and the clocks are still right.
 *   <li>A virtual machine whose clocks stand still while it is paused cannot tell: all its clocks derive from the one that
 *       stood still, and it is not even late. Only the hypervisor can say so, where it has a {@link VmClock}; else a server's
 *       answer shows it.
 * </ul>
 */
public final class ClockWatch {
    /** Clock reads are repeated until they fall within this time, ns: no interrupt came between. */
    private static final long TIGHT_READ_NANOS = 1_000;

    private static final int READ_ATTEMPTS = 4;

    /** CLOCK_REALTIME was stepped if it moved against CLOCK_MONOTONIC by more than this, ns: slews move both alike. */
    private static final long STEP_NANOS = 100_000;

    /** A step counts as recent for this long, ns. */
    private static final long RECENT_STEP_NANOS = 60_000_000_000L;

    /** CLOCK_BOOTTIME ahead of CLOCK_MONOTONIC by more than before, ns: the machine was suspended. */
    private static final long SUSPEND_NANOS = 10_000_000;

    /** The raw clock and CLOCK_MONOTONIC may part by this share of the time, and this many ns, by slewing alone. */
    private static final double LARGEST_SLEW = 0.11;

    private static final long RAW_JUMP_NANOS = 10_000_000;

    /** A slew rate that changes by more than this between two readings is followed at once: the limit of the kernel's PLL. */
    private static final double SUDDEN_SLEW = 500e-6;

    private final HostClocks clocks;
    private final LongSupplier disruptions;
    private final SlewRate slewRate = new SlewRate();
    private final AtomicLong steps = new AtomicLong();
    private final AtomicLong discontinuities = new AtomicLong();

    private ClockDomain domain;

    /** What the hypervisor said last. */
    private long disruption;

    private long raw;
    private long monotonic;
    private long realtime;

    /** Within which the three were read, ns. */
    private long span;

    private boolean hasPrevious;
    private long previousRaw;
    private long previousMonotonic;
    private long previousSpan;
    private long realtimeLead;

    /** CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC by at most this, ns. */
    private long boottimeLead;

    private long recentUntilMonotonic = Long.MIN_VALUE;
    private long continuousSinceRaw = Long.MIN_VALUE;

    /** A watch that has not looked yet. */
    public ClockWatch(HostClocks clocks) {
        this(clocks, () -> 0);
    }

    /** @param disruptions changes when the host of this virtual machine knows that its clocks did not go on */
    public ClockWatch(HostClocks clocks, LongSupplier disruptions) {
        this.clocks = clocks;
        this.disruptions = disruptions;
        this.disruption = disruptions.getAsLong();
        this.domain = clocks.domain();
    }

    /** Reads the clocks, and compares with the time before. */
    public void read() {
        readAsOne();
        compare();
    }

    /** CLOCK_MONOTONIC_RAW as it was read, ns. */
    public long rawNanos() {
        return raw;
    }

    /** CLOCK_MONOTONIC as it was read, ns. */
    public long monotonicNanos() {
        return monotonic;
    }

    /** CLOCK_REALTIME as it was read, ns since the Unix epoch. */
    public long realtimeNanos() {
        return realtime;
    }

    /** CLOCK_BOOTTIME - CLOCK_MONOTONIC, ns: never too small, and too large by the time between two reads of clocks. */
    public long boottimeLeadNanos() {
        return boottimeLead;
    }

    /** Whether there is a CLOCK_BOOTTIME. */
    public boolean isBoottimeKnown() {
        return clocks.hasBoottime();
    }

    /** Rate of CLOCK_MONOTONIC_RAW against CLOCK_MONOTONIC, less one. */
    public double slewRate() {
        return slewRate.value();
    }

    /** Whose clocks these are; looked at anew only when one of them did not go on as before. */
    public ClockDomain domain() {
        return domain;
    }

    /** Looks whose clocks these are, as after a discontinuity. Allocates. */
    public void lookAtDomain() {
        ClockDomain now = clocks.domain();
        if (!now.equals(domain)) {
            domain = now;
            breakOff();
        }
    }

    /** Whether the raw clock has gone on from that reading to the newest one. */
    public boolean isContinuousSince(long rawNanos) {
        return rawNanos >= continuousSinceRaw;
    }

    /** Whether CLOCK_REALTIME was stepped within the last minute. */
    public boolean isSteppedOfLate() {
        return monotonic < recentUntilMonotonic;
    }

    /** What the hypervisor said when the clocks were read last. */
    public long disruption() {
        return disruption;
    }

    /** Steps of CLOCK_REALTIME seen. Any thread. */
    public long steps() {
        return steps.get();
    }

    /** Times that the raw clock did not go on, or may not have. Any thread. */
    public long discontinuities() {
        return discontinuities.get();
    }

    /** The raw and the system clock between two reads of the monotonic one. */
    private void readAsOne() {
        long tightest = Long.MAX_VALUE;
        for (int attempt = 0; attempt < READ_ATTEMPTS && tightest > TIGHT_READ_NANOS; attempt++) {
            long before = clocks.monotonicNanos();
            long nowRealtime = clocks.realtimeNanos();
            long nowRaw = clocks.rawNanos();
            long after = clocks.monotonicNanos();
            if (after - before < tightest) {
                tightest = after - before;
                monotonic = before + (after - before) / 2;
                realtime = nowRealtime;
                raw = nowRaw;
            }
        }
        span = tightest;
    }

    /** The thread may lose its CPU between two reads of clocks: what that can explain is nothing. */
    private void compare() {
        long realtimeAhead = realtime - monotonic;
        long before = clocks.monotonicNanos();
        long boottime = clocks.boottimeNanos();
        long leastBoottimeLead = boottime - clocks.monotonicNanos();
        long mostBoottimeLead = boottime - before;
        long unsure = span + previousSpan;
        boolean jumped = false;
        if (hasPrevious) {
            long stepped = realtimeAhead - realtimeLead;
            long elapsed = monotonic - previousMonotonic;
            long rawElapsed = raw - previousRaw;
            boolean isStep = Math.abs(stepped) > STEP_NANOS + unsure;
            if (isStep) {
                steps.incrementAndGet();
                recentUntilMonotonic = monotonic + RECENT_STEP_NANOS;
            }
            boolean disrupted = isDisrupted();
            boolean suspended = clocks.hasBoottime()
                    ? leastBoottimeLead - boottimeLead > SUSPEND_NANOS
                    : stepped > SUSPEND_NANOS + LARGEST_SLEW * elapsed + unsure;
            jumped = suspended
                    || disrupted
                    || elapsed < 0
                    || rawElapsed < 0
                    || Math.abs(rawElapsed - elapsed) > RAW_JUMP_NANOS + LARGEST_SLEW * elapsed + unsure;
            if (jumped) {
                breakOff();
            }
            if (isStep || jumped) {
                lookAtDomain();
            }
            // Not to be averaged in: what has been measured before is wrong by more than a reader allows for.
            double unforeseen = rawElapsed - elapsed * (1 + slewRate.value());
            if (!jumped && elapsed > 0 && Math.abs(unforeseen) > SUDDEN_SLEW * elapsed + unsure) {
                slewRate.change(previousRaw, previousMonotonic, raw, monotonic);
            }
        }
        // It changes in suspend alone, so every upper bound holds until then.
        boottimeLead = jumped || !hasPrevious ? mostBoottimeLead : Math.min(boottimeLead, mostBoottimeLead);
        hasPrevious = true;
        previousRaw = raw;
        previousMonotonic = monotonic;
        previousSpan = span;
        realtimeLead = realtimeAhead;
        slewRate.add(raw, monotonic);
    }

    private boolean isDisrupted() {
        long now = disruptions.getAsLong();
        boolean changed = now != disruption;
        disruption = now;
        return changed;
    }

    /** What was known of the raw clock is of no use from here on. */
    private void breakOff() {
        discontinuities.incrementAndGet();
        continuousSinceRaw = raw;
        slewRate.restart();
    }
}
