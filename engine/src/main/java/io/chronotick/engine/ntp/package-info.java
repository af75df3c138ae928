// SPDX-License-Identifier: Apache-2.0

/** The Network Time Protocol with one server: packets, what is asked when, what is believed of an answer; and the exchange, which is what comes out of it. */
@org.jspecify.annotations.NullMarked
package io.chronotick.engine.ntp;
