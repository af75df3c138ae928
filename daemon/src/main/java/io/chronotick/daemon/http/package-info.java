// SPDX-License-Identifier: Apache-2.0
/** The daemon's HTTP server: who may ask what, files, streams of events; it knows nothing of the time. */
@org.jspecify.annotations.NullMarked
package io.chronotick.daemon.http;
