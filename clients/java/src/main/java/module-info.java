// SPDX-License-Identifier: Apache-2.0
/** Reads the time that a ChronoTick daemon on this machine publishes in shared memory. Needs nothing but the JDK. */
module io.chronotick.client {
    requires static transitive org.jspecify;

    exports io.chronotick.client;
}
