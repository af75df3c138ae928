// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

/**
 * One measured offset.
 *
 * @param seconds local clock since the first row, s
 * @param offset server minus local, s
 * @param delay round-trip delay, s; not-a-number when the source recorded none
 */
record TraceSample(double seconds, double offset, double delay) {}
