// SPDX-License-Identifier: Apache-2.0
/** Clocks of this host that tell UTC: sources beside the servers on the network. */
@org.jspecify.annotations.NullMarked
package io.chronotick.daemon.local;
