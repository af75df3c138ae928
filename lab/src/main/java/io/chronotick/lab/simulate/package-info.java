// SPDX-License-Identifier: Apache-2.0
/** Clocks, networks and servers in virtual time round a real engine, and limits that it has to keep. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.simulate;
