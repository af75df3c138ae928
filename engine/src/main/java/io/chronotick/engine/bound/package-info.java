// SPDX-License-Identifier: Apache-2.0

/** Where the truth can be, whatever the model says: intervals of the servers and their intersection. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.bound;
