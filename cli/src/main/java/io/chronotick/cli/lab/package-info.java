// SPDX-License-Identifier: Apache-2.0
/** The commands that compute with the lab: no network, no clock, no daemon. */
@org.jspecify.annotations.NullMarked
package io.chronotick.cli.lab;
