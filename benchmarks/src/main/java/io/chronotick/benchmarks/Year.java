// SPDX-License-Identifier: Apache-2.0
package io.chronotick.benchmarks;

import io.chronotick.engine.Engine;
import io.chronotick.engine.ntp.Exchange;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * A year of exchanges with one server at a 16 s poll, in virtual time: the CPU time of an exchange, which other programs do not
 * lengthen by much, and the heap in use after each month, which must not grow.
 */
final class Year {
    private static final int POLL_SECONDS = 16;
    private static final int MONTHS = 12;
    private static final long EXCHANGES_A_MONTH = 365L * 24 * 3600 / POLL_SECONDS / MONTHS;

    private Year() {}

    static void play() throws IOException {
        Exchanges exchanges = new Exchanges(1, POLL_SECONDS);
        Engine engine = exchanges.engine(false);
        System.out.printf("%-8s %12s %18s %16s%n", "month", "exchanges", "heap in use", "CPU an exchange");
        for (int month = 1; month <= MONTHS; month++) {
            long begun = cpuNanos();
            for (long i = 0; i < EXCHANGES_A_MONTH; i++) {
                Exchange exchange = exchanges.next();
                engine.onTimer(exchange.t4(), action -> {});
                engine.onRecordedExchange(exchange, exchange.t4(), action -> {});
            }
            double each = (cpuNanos() - begun) / (double) EXCHANGES_A_MONTH;
            System.out.printf(
                    Locale.ROOT,
                    "%-8d %12d %12.1f KiB %13.1f us%n",
                    month,
                    month * EXCHANGES_A_MONTH,
                    heapInUse() / 1024.0,
                    each / 1000);
        }
        // The engine is in use until here.
        if (engine.forecasts(exchanges.next().t4()).isEmpty()) {
            throw new IllegalStateException("the engine has learned nothing in a year");
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long heapInUse() {
        Runtime runtime = Runtime.getRuntime();
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
