// SPDX-License-Identifier: Apache-2.0
/** ChronoTick's time for the lines of Logback. */
@org.jspecify.annotations.NullMarked
package io.chronotick.logback;
