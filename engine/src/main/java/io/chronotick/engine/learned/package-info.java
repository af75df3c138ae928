// SPDX-License-Identifier: Apache-2.0

/** The filter that was trained instead of written. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.learned;
