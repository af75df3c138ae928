// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class ExchangeCsvTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long UTC = 1_800_000_000L * SECOND;

    private static ExchangeCsv record(String server, long t1, long offset, long delay) {
        Exchange exchange =
                new Exchange(0, t1, t1 + offset + delay / 2, t1 + offset + delay / 2, t1 + delay, 1e-3, 2e-3, 1e-6);
        return new ExchangeCsv(
                server, "192.0.2.1", new MeasuredExchange(exchange, 2, LeapIndicator.INSERT, StampKind.KERNEL));
    }

    private static ExchangeCsv record(long t1, long offset) {
        return record("a:1123", t1, offset, 20_000_000);
    }

    @Test
    void shouldBeALineUnderAHeaderOfAsManyColumns() {
        String line = record(5 * SECOND, UTC).line();
        assertThat(line)
                .isEqualTo("a:1123,192.0.2.1,5000000000,1800000005010000000,1800000005010000000,5020000000,"
                        + "0.001,0.002,1.0E-6,2,insert,kernel");
        assertThat(ExchangeCsv.HEADER.split(",")).hasSameSizeAs(line.split(","));
    }

    @Property
    void shouldReadWhatItWrote(
            @ForAll @LongRange(min = 0, max = 1L << 60) long t1,
            @ForAll @LongRange(min = 0, max = 1L << 60) long t2,
            @ForAll @LongRange(min = 0, max = SECOND) long atServer,
            @ForAll @LongRange(min = 0, max = 100 * SECOND) long delay,
            @ForAll @DoubleRange(min = 0, max = 3) double root,
            @ForAll LeapIndicator leap,
            @ForAll StampKind stamps) {
        Exchange exchange = new Exchange(0, t1, t2, t2 + atServer, t1 + atServer + delay, root, root / 3, root / 7);
        ExchangeCsv record = new ExchangeCsv("[::1]:1123", "::1", new MeasuredExchange(exchange, 15, leap, stamps));
        assertThat(ExchangeCsv.parse(record.line())).contains(record);
    }

    @Property
    void shouldTakeNothingElseForALine(@ForAll String text) {
        assertThat(ExchangeCsv.parse(text)).isEmpty();
    }

    /** A damaged line is either no line or one that could be, and never an exception. */
    @Test
    void shouldSurviveDamage() {
        Random random = new Random(1);
        String line = record(5 * SECOND, UTC).line();
        for (int i = 0; i < 20_000; i++) {
            StringBuilder damaged = new StringBuilder(line);
            damaged.setCharAt(random.nextInt(line.length()), (char) (32 + random.nextInt(95)));
            String text = damaged.substring(0, random.nextInt(4) == 0 ? random.nextInt(line.length()) : line.length());
            ExchangeCsv.parse(text).ifPresent(read -> {
                assertThat(read.exchange().delay()).isFinite().isBetween(-1e-4, 3600.0);
                assertThat(read.exchange().serverError()).isFinite().isNotNegative();
            });
        }
        for (String cell : List.of("NaN", "Infinity", "-1", "1e308", "")) {
            assertThat(ExchangeCsv.parse(line.replace("0.001", cell))).as(cell).isEmpty();
        }
        assertThat(ExchangeCsv.parse(ExchangeCsv.HEADER)).isEmpty();
    }

    @Test
    void shouldGoOnOnlyWhereNothingLiesBetween() {
        ExchangeCsv before = record(100 * SECOND, UTC);
        assertThat(record(116 * SECOND, UTC).continues(before)).isTrue();
        assertThat(record(116 * SECOND, UTC + SECOND / 10).continues(before))
                .as("a bad sample")
                .isTrue();
        assertThat(record(116 * SECOND, UTC + 2 * SECOND).continues(before))
                .as("a suspend")
                .isFalse();
        assertThat(record(50 * SECOND, UTC + 66 * SECOND).continues(before))
                .as("a restart of the machine")
                .isFalse();
        assertThat(record(8000 * SECOND, UTC).continues(before))
                .as("a long pause")
                .isFalse();
        assertThat(record("b", 116 * SECOND, UTC, 20_000_000).continues(before))
                .as("another server")
                .isFalse();
        ExchangeCsv moved =
                new ExchangeCsv("a:1123", "192.0.2.2", record(116 * SECOND, UTC).measured());
        assertThat(moved.continues(before)).as("another address").isFalse();
    }

    /** The record is of what was measured, not of what was believed. */
    @Test
    void everyAcceptedExchangeIsMeasuredThatOfALiarToo() {
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 20, 1);
        for (int i = 0; i < 3; i++) {
            world.addServer(16).lieSeconds = i == 1 ? 0.3 : 0;
        }
        world.runUntil(600 * SECOND);
        List<MeasuredExchange> measured = new ArrayList<>(world.measured);
        List<SourceReport> sources = world.engine.sources(world.rawNanos());
        assertThat(sources.get(1).state()).isEqualTo(SourceState.FALSETICKER);
        for (int i = 0; i < 3; i++) {
            int source = i;
            assertThat(measured.stream()
                            .filter(one -> one.exchange().source() == source)
                            .count())
                    .isEqualTo(sources.get(i).accepted())
                    .isGreaterThan(30);
        }
        assertThat(measured).allMatch(one -> one.stratum() == 2 && one.leap() == LeapIndicator.NONE);
    }
}
