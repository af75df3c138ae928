// SPDX-License-Identifier: Apache-2.0

/** What is said of the time and how sure it is: the words in which forecasters, engine and readers speak. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.forecast;
