// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/**
 * How one server is to be asked.
 *
 * @param name what a person calls it (host or host:port)
 * @param burstCount most requests of the warm-up burst, and of all that is asked sooner than at the poll, 1..16
 * @param timeoutSeconds how long to wait for a reply, s, > 0
 * @param minStratum lowest stratum accepted, 1..15
 * @param maxStratum highest stratum accepted, minStratum..15
 * @param asymmetry standard deviation that its time may have by an asymmetry of the path, as a share of the delay one way; 0 for a
 *     path that is known to be symmetric
 * @param nts whether it is to be authenticated (RFC 8915): nothing else is ever taken in from it
 * @param interleaved whether it is asked in interleaved mode (RFC 9769) where polls are short; it need not know it
 */
public record SourceConfig(
        String name,
        int burstCount,
        double timeoutSeconds,
        int minStratum,
        int maxStratum,
        double asymmetry,
        boolean nts,
        boolean interleaved) {

    /** A server that is not authenticated. */
    public SourceConfig(
            String name, int burstCount, double timeoutSeconds, int minStratum, int maxStratum, double asymmetry) {
        this(name, burstCount, timeoutSeconds, minStratum, maxStratum, asymmetry, false);
    }

    /** A server that is asked in basic mode. */
    public SourceConfig(
            String name,
            int burstCount,
            double timeoutSeconds,
            int minStratum,
            int maxStratum,
            double asymmetry,
            boolean nts) {
        this(name, burstCount, timeoutSeconds, minStratum, maxStratum, asymmetry, nts, false);
    }
}
