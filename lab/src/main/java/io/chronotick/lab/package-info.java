// SPDX-License-Identifier: Apache-2.0
/** Judges the engine: replays recorded noise in virtual time, simulates clocks and networks, scores what is published. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab;
