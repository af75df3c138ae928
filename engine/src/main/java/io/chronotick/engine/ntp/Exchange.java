// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import io.chronotick.engine.math.Nanos;

/**
 * One accepted exchange with a server: the four timestamps of RFC 5905, section 8, and what the server says of itself.
 *
 * @param source index of the server
 * @param t1 request left, CLOCK_MONOTONIC_RAW, ns
 * @param t2 request arrived, the server's UTC, ns since the Unix epoch
 * @param t3 reply left, the server's UTC, ns since the Unix epoch
 * @param t4 reply arrived, CLOCK_MONOTONIC_RAW, ns
 * @param rootDelay round-trip delay from the server to its reference clock, s
 * @param rootDispersion dispersion of the server against its reference clock, s
 * @param precision step of the server's clock, s
 */
public record Exchange(
        int source, long t1, long t2, long t3, long t4, double rootDelay, double rootDispersion, double precision) {

    /** The same on a UTC that has been moved. */
    public Exchange withUtcMoved(long nanos) {
        return new Exchange(source, t1, t2 + nanos, t3 + nanos, t4, rootDelay, rootDispersion, precision);
    }

    /** Time on the network, there and back, s; below zero only through the clocks' reading errors. */
    public double delay() {
        return Nanos.toSeconds((t4 - t1) - (t3 - t2));
    }

    /** UTC less raw as the request shows it, above {@code epochNanos}, s: too much by what the request waited on its way. */
    public double forwardOffset(long epochNanos) {
        return Nanos.toSeconds(t2 - t1 - epochNanos);
    }

    /** UTC less raw as the reply shows it, above {@code epochNanos}, s: too little by what the reply waited on its way. */
    public double returnOffset(long epochNanos) {
        return Nanos.toSeconds(t3 - t4 - epochNanos);
    }

    /** The middle of the exchange, CLOCK_MONOTONIC_RAW, ns. */
    public long middle() {
        return t1 + (t4 - t1) / 2;
    }

    /** Largest error that the server itself may have: its root distance and the step of its clock, s. */
    public double serverError() {
        return rootDelay / 2 + rootDispersion + precision;
    }
}
