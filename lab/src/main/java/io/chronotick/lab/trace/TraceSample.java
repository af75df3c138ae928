// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import java.util.List;

/**
 * One measured offset.
 *
 * @param seconds local clock since the first row, s
 * @param offset server minus local, s
 * @param delay round-trip delay, s; not-a-number when the source recorded none
 * @param covariates what else the host measured then, in the order of {@link Trace#covariates}
 */
record TraceSample(double seconds, double offset, double delay, List<Double> covariates) {}
