// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import io.chronotick.engine.math.Nanos;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * One exchange as a log of exchanges keeps it: a line of comma-separated values. The only place that knows the form, for those
 * who write such logs and those who read them. Immutable.
 *
 * <p>t1 and t4 mean something only beside others of the same boot; nothing in a line says which that was. {@link #continues} tells.
 *
 * @param server as configured (host or host:port); without commas and line ends
 * @param address the address that answered; without commas and line ends
 * @param measured the exchange, whose source is 0 when it was read from a line, and what the server said of itself
 */
public record ExchangeCsv(String server, String address, MeasuredExchange measured) {
    /** The first line of every log: the names of the columns, with the units of what they hold. */
    public static final String HEADER =
            "server,address,t1_raw_ns,t2_utc_ns,t3_utc_ns,t4_raw_ns,root_delay_s,root_dispersion_s,"
                    + "precision_s,stratum,leap,stamps";

    private static final int COLUMNS = HEADER.split(",", -1).length;

    /** Above any round trip that is waited for, s; a damaged number seldom keeps below it. */
    private static final double LONGEST_DELAY = 3600;

    /** Round trips that come out negative through the clocks' reading errors, s. */
    private static final double NEGATIVE_DELAY = 1e-4;

    /** Nothing runs away from UTC faster than this, s/s: a server that is being slewed by 500 ppm. */
    private static final double FASTEST_DRIFT = 5e-4;

    /** What an offset may change by at once, s: queues and bad samples, which belong into a record, but no suspend. */
    private static final double SLACK = 0.5;

    /** Two exchanges farther apart than this are not one measurement any more, s: the longest outage of the training prior. */
    private static final double LONGEST_GAP = 7200;

    /** The exchange alone. */
    public Exchange exchange() {
        return measured.exchange();
    }

    /** The line, without its end. */
    public String line() {
        Exchange e = exchange();
        return String.join(
                ",",
                server,
                address,
                Long.toString(e.t1()),
                Long.toString(e.t2()),
                Long.toString(e.t3()),
                Long.toString(e.t4()),
                Double.toString(e.rootDelay()),
                Double.toString(e.rootDispersion()),
                Double.toString(e.precision()),
                Integer.toString(measured.stratum()),
                word(measured.leap()),
                word(measured.stamps()));
    }

    /** Reads a line; empty when it is no such line, or holds an exchange that cannot have taken place. */
    public static Optional<ExchangeCsv> parse(String line) {
        String[] cells = line.split(",", -1);
        if (cells.length != COLUMNS || cells[0].isBlank() || cells[1].isBlank()) {
            return Optional.empty();
        }
        Optional<LeapIndicator> leap = find(LeapIndicator.values(), cells[10]);
        Optional<StampKind> stamps = find(StampKind.values(), cells[11]);
        if (leap.isEmpty() || stamps.isEmpty()) {
            return Optional.empty();
        }
        try {
            Exchange exchange = new Exchange(
                    0,
                    Long.parseLong(cells[2]),
                    Long.parseLong(cells[3]),
                    Long.parseLong(cells[4]),
                    Long.parseLong(cells[5]),
                    Double.parseDouble(cells[6]),
                    Double.parseDouble(cells[7]),
                    Double.parseDouble(cells[8]));
            int stratum = Integer.parseInt(cells[9]);
            return isPossible(exchange)
                    ? Optional.of(new ExchangeCsv(
                            cells[0], cells[1], new MeasuredExchange(exchange, stratum, leap.get(), stamps.get())))
                    : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean isPossible(Exchange e) {
        return e.t1() >= 0
                && e.t2() >= 0
                && e.t4() >= e.t1()
                && e.t3() >= e.t2()
                && e.delay() >= -NEGATIVE_DELAY
                && e.delay() < LONGEST_DELAY
                && e.serverError() >= 0
                && e.serverError() < LONGEST_DELAY;
    }

    /**
     * Whether this exchange belongs to the same stretch of measurement as one that was recorded before it: the same server at the same
     * address, later, and no restart, suspend or jump between them.
     */
    public boolean continues(ExchangeCsv before) {
        Exchange e = exchange();
        Exchange b = before.exchange();
        double gap = Nanos.toSeconds(e.t1() - b.t4());
        double moved = Nanos.toSeconds(e.t2() - b.t2()) - Nanos.toSeconds(e.t1() - b.t1());
        return server.equals(before.server)
                && address.equals(before.address)
                && gap >= 0
                && gap <= LONGEST_GAP
                && Math.abs(moved) <= SLACK + FASTEST_DRIFT * gap;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static <E extends Enum<E>> Optional<E> find(E[] values, String word) {
        return Arrays.stream(values).filter(value -> word(value).equals(word)).findFirst();
    }
}
