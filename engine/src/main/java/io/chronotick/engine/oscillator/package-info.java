// SPDX-License-Identifier: Apache-2.0

/** The clock model: hypotheses about the oscillator, fed with exchanges and weighed by how well they forecast them. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.oscillator;
