// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The header of an NTP packet (RFC 5905, section 7.3, figure 8). Extension fields and authenticators after the header are
 * not interpreted. Value type, thread-safe.
 *
 * @param leap leap indicator
 * @param version 3 or 4 for a packet made by {@link #parse}
 * @param mode association mode, 0..7
 * @param stratum 0 (kiss-o'-death) .. 255
 * @param pollExponent log2 of the poll interval, s
 * @param precisionExponent log2 of the clock's precision, s
 * @param rootDelay round-trip delay to the reference clock, s, 0..65536
 * @param rootDispersion total dispersion to the reference clock, s, 0..65536
 * @param referenceId server's reference; the kiss code when the stratum is 0
 * @param reference when the server's clock was last set
 * @param origin the client's transmit timestamp, as the server received it
 * @param receive when the request arrived at the server
 * @param transmit when the reply left the server
 */
public record NtpPacket(
        LeapIndicator leap,
        int version,
        int mode,
        int stratum,
        int pollExponent,
        int precisionExponent,
        double rootDelay,
        double rootDispersion,
        int referenceId,
        NtpTimestamp reference,
        NtpTimestamp origin,
        NtpTimestamp receive,
        NtpTimestamp transmit) {

    /** First byte of a reference that is the present smear of a leap second instead; no address of a server begins with it. */
    private static final int SMEAR_REFERENCE = 254;

    /** Bits of the smear that are fractions of a second; the two before them are whole ones, the first its sign. */
    private static final int SMEAR_FRACTION_BITS = 22;

    /** Bytes in the header. */
    public static final int HEADER_SIZE = 48;

    public static final int MODE_CLIENT = 3;
    public static final int MODE_SERVER = 4;

    private static final int OLDEST_VERSION = 3;
    private static final int NEWEST_VERSION = 4;
    private static final LeapIndicator[] LEAPS = LeapIndicator.values();

    /** Seconds in one unit of the 32-bit NTP short format (RFC 5905, section 6). */
    private static final double SHORT_UNIT = 1.0 / 65536;

    /**
     * Whether the server's reference says that its time has a leap second smeared into it, as that of ntpd and NTPsec does meanwhile
     * (draft-stenn-ntp-leap-smear-refid). The hash of an IPv6 address looks like that once in some hundred.
     */
    public boolean mayBeSmeared() {
        int smear = referenceId << Byte.SIZE >> Byte.SIZE;
        return referenceId >>> 24 == SMEAR_REFERENCE && Math.abs(smear) <= 1 << SMEAR_FRACTION_BITS;
    }

    /**
     * Reads the header from the first {@code length} bytes. Empty when there are fewer than 48 or the version is neither
     * 3 nor 4; every other bit pattern is a packet.
     */
    public static Optional<NtpPacket> parse(byte[] bytes, int length) {
        if (length < HEADER_SIZE || bytes.length < HEADER_SIZE) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int first = in.get() & 0xFF;
        int version = (first >>> 3) & 0x7;
        if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
            return Optional.empty();
        }
        return Optional.of(new NtpPacket(
                LEAPS[first >>> 6],
                version,
                first & 0x7,
                in.get() & 0xFF,
                in.get(),
                in.get(),
                Integer.toUnsignedLong(in.getInt()) * SHORT_UNIT,
                Integer.toUnsignedLong(in.getInt()) * SHORT_UNIT,
                in.getInt(),
                new NtpTimestamp(in.getLong()),
                new NtpTimestamp(in.getLong()),
                new NtpTimestamp(in.getLong()),
                new NtpTimestamp(in.getLong())));
    }

    /**
     * A version 4 client request that tells the server nothing but a cookie: all other fields are zero, so that neither
     * the client's clock nor its configuration leaks (draft-ietf-ntp-data-minimization).
     */
    public static NtpPacket request(NtpTimestamp cookie) {
        return request(NtpTimestamp.ZERO, NtpTimestamp.ZERO, cookie);
    }

    /**
     * The same in interleaved mode (RFC 9769, section 2).
     *
     * @param serverReceive the receive time stamp of the reply before
     * @param interleavedCookie what is to come back as the origin of an interleaved reply
     * @param basicCookie what is to come back as the origin of a basic reply
     */
    static NtpPacket request(NtpTimestamp serverReceive, NtpTimestamp interleavedCookie, NtpTimestamp basicCookie) {
        return new NtpPacket(
                LeapIndicator.NONE,
                NEWEST_VERSION,
                MODE_CLIENT,
                0,
                0,
                0,
                0,
                0,
                0,
                NtpTimestamp.ZERO,
                serverReceive,
                interleavedCookie,
                basicCookie);
    }

    /** The 48 bytes of the header. Root delay and dispersion are rounded to 15 us and clamped to what the format holds. */
    public byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(HEADER_SIZE);
        out.put((byte) (leap.ordinal() << 6 | version << 3 | mode));
        out.put((byte) stratum);
        out.put((byte) pollExponent);
        out.put((byte) precisionExponent);
        out.putInt(toShortFormat(rootDelay));
        out.putInt(toShortFormat(rootDispersion));
        out.putInt(referenceId);
        out.putLong(reference.bits());
        out.putLong(origin.bits());
        out.putLong(receive.bits());
        out.putLong(transmit.bits());
        return out.array();
    }

    /** The four ASCII characters of the kiss code; meaningful when the stratum is 0 (RFC 5905, section 7.4). */
    public String kissCode() {
        StringBuilder code = new StringBuilder(4);
        for (int shift = 24; shift >= 0; shift -= 8) {
            char c = (char) (referenceId >>> shift & 0xFF);
            code.append(c > ' ' && c < 0x7F ? c : '?');
        }
        return code.toString();
    }

    private static int toShortFormat(double seconds) {
        return (int) Math.min(Math.max(Math.round(seconds / SHORT_UNIT), 0), 0xFFFF_FFFFL);
    }
}
