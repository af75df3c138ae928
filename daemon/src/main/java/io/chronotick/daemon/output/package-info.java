// SPDX-License-Identifier: Apache-2.0
/** Where the time goes beside the segment: programs that already read another clock. */
@org.jspecify.annotations.NullMarked
package io.chronotick.daemon.output;
