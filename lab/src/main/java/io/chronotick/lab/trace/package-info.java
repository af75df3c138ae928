// SPDX-License-Identifier: Apache-2.0
/** Recorded offsets of real clocks: how well the next ones are forecast. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.trace;
