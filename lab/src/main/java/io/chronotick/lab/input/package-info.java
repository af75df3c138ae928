// SPDX-License-Identifier: Apache-2.0
/** Files of numbers, read with errors that say which line is wrong. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.input;
