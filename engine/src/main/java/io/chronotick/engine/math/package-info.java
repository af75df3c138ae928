// SPDX-License-Identifier: Apache-2.0

/** Numbers and laws of probability that know nothing of clocks or networks. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.math;
