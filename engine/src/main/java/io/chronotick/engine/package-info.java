// SPDX-License-Identifier: Apache-2.0

/** Everything that decides, put together: what goes in, what comes out, what the operator has decided. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine;
