// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

/**
 * An exchange that has passed the checks of the protocol, with what its reply said of the server; whether the server is
 * believed is another matter. Immutable.
 *
 * @param exchange the four stamps
 * @param stratum of the server
 * @param leap as the server states
 * @param stamps where both ends were stamped; kernel only when both were
 */
public record MeasuredExchange(Exchange exchange, int stratum, LeapIndicator leap, StampKind stamps) {}
