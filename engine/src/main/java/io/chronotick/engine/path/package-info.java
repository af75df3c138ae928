// SPDX-License-Identifier: Apache-2.0

/** The way to a server and back: base delay, queues, and what one packet says of the offset. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.path;
