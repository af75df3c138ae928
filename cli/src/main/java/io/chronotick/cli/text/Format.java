// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;

/**
 * Numbers for people. Done by hand: {@link String#format} would take longer than everything else that {@code chronotick
 * read} does.
 */
public final class Format {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long SECONDS_PER_DAY = 86_400;

    private Format() {}

    /** Unix seconds with nine digits, from integer nanoseconds: a double would lose 238 ns. */
    public static String unixSeconds(long epochNanos) {
        StringBuilder text = new StringBuilder(24);
        // Of the absolute value: -0.5 s is not -1 + 0.5 to a person.
        long seconds = epochNanos / NANOS_PER_SECOND;
        long nanos = Math.abs(epochNanos % NANOS_PER_SECOND);
        if (epochNanos < 0) {
            text.append('-');
        }
        appendPadded(text.append(Math.abs(seconds)).append('.'), nanos, 9);
        return text.toString();
    }

    /** ISO 8601 in UTC with nine digits. */
    public static String iso(long epochNanos) {
        long seconds = Math.floorDiv(epochNanos, NANOS_PER_SECOND);
        long day = Math.floorDiv(seconds, SECONDS_PER_DAY);
        long second = Math.floorMod(seconds, SECONDS_PER_DAY);
        // Days to date in the proleptic Gregorian calendar: Hinnant, "chrono-compatible low-level date algorithms",
        // civil_from_days. Years begin in March there, so that the leap day is the last.
        long shifted = day + 719_468;
        long era = Math.floorDiv(shifted, 146_097);
        long dayOfEra = shifted - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long shiftedMonth = (5 * dayOfYear + 2) / 153;
        long dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
        long month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        StringBuilder text = new StringBuilder(32);
        appendPadded(text, year, 4);
        appendPadded(text.append('-'), month, 2);
        appendPadded(text.append('-'), dayOfMonth, 2);
        appendPadded(text.append('T'), second / 3600, 2);
        appendPadded(text.append(':'), second / 60 % 60, 2);
        appendPadded(text.append(':'), second % 60, 2);
        appendPadded(text.append('.'), Math.floorMod(epochNanos, NANOS_PER_SECOND), 9);
        return text.append('Z').toString();
    }

    /**
     * A length of time without sign, in the unit in which it has one to three digits before the point: ns, µs, ms, s.
     *
     * @param seconds s
     */
    public static String duration(double seconds) {
        if (Double.isNaN(seconds)) {
            return "-";
        }
        double size = Math.abs(seconds);
        String minus = seconds < 0 ? "-" : "";
        // The limits are those at which three decimals would round up to a fourth digit.
        if (size < 999.9995e-9) {
            return minus + fixed(size * 1e9, 0) + " ns";
        }
        if (size < 999.9995e-6) {
            return minus + fixed(size * 1e6, 3) + " µs";
        }
        if (size < 999.9995e-3) {
            return minus + fixed(size * 1e3, 3) + " ms";
        }
        return minus + fixed(size, 3) + " s";
    }

    /** A {@link #duration} that always shows its sign: an offset. */
    public static String offset(double seconds) {
        return seconds >= 0 ? "+" + duration(seconds) : duration(seconds);
    }

    /** A spell of operation: seconds, then minutes, hours and days. */
    public static String age(double seconds) {
        if (!(seconds < 60)) {
            if (Double.isNaN(seconds) || seconds > 1e12) {
                return "-";
            }
            long whole = (long) seconds;
            StringBuilder text = new StringBuilder();
            if (whole >= SECONDS_PER_DAY) {
                text.append(whole / SECONDS_PER_DAY).append(" d ");
            }
            if (whole >= 3600) {
                text.append(whole / 3600 % 24).append(" h ");
            }
            return text.append(whole / 60 % 60)
                    .append(" min ")
                    .append(whole % 60)
                    .append(" s")
                    .toString();
        }
        return fixed(seconds, 1) + " s";
    }

    /** An address as people write it: an IPv6 address with its longest run of zeros left out (RFC 5952). */
    public static String address(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address.getHostAddress();
        }
        String[] groups = address.getHostAddress().replaceFirst("%.*", "").split(":", -1);
        int best = groups.length;
        int longest = 1; // one zero alone is not left out
        for (int i = 0; i < groups.length; i++) {
            int end = i;
            while (end < groups.length && groups[end].equals("0")) {
                end++;
            }
            if (end - i > longest) {
                best = i;
                longest = end - i;
            }
        }
        List<String> all = List.of(groups);
        return best == groups.length
                ? String.join(":", all)
                : String.join(":", all.subList(0, best)) + "::"
                        + String.join(":", all.subList(best + longest, groups.length));
    }

    /** Parts per million, signed. */
    public static String ppm(double rate) {
        if (Double.isNaN(rate)) {
            return "-";
        }
        return (rate >= 0 ? "+" : "") + fixed(rate * 1e6, 4) + " ppm";
    }

    /** A share of one. */
    public static String percent(double share, int decimals) {
        return Double.isNaN(share) ? "-" : fixed(share * 100, decimals) + " %";
    }

    /** Decimal notation, rounded half up. Beyond 2^53 / 10^decimals the digits are those that a double has. */
    public static String fixed(double value, int decimals) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return "-";
        }
        long scale = 1;
        for (int i = 0; i < decimals; i++) {
            scale *= 10;
        }
        double scaled = Math.abs(value) * scale;
        if (scaled >= Long.MAX_VALUE) {
            return Double.toString(value);
        }
        long rounded = Math.round(scaled);
        StringBuilder text = new StringBuilder(20);
        if (value < 0 && rounded != 0) {
            text.append('-');
        }
        text.append(rounded / scale);
        if (decimals > 0) {
            appendPadded(text.append('.'), rounded % scale, decimals);
        }
        return text.toString();
    }

    /** Whole number with a gap after each three digits from the right. */
    public static String grouped(long value) {
        StringBuilder text = new StringBuilder(Long.toString(value));
        int first = value < 0 ? 1 : 0;
        for (int i = text.length() - 3; i > first; i -= 3) {
            text.insert(i, ' ');
        }
        return text.toString();
    }

    private static void appendPadded(StringBuilder text, long value, int width) {
        String digits = Long.toString(value);
        for (int i = digits.length(); i < width; i++) {
            text.append('0');
        }
        text.append(digits);
    }
}
