// SPDX-License-Identifier: Apache-2.0

/** Forecasters from elsewhere that may stand beside the built-in ones. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.external;
