// SPDX-License-Identifier: Apache-2.0
/** Errors, intervals and what is told of them. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.score;
