// SPDX-License-Identifier: Apache-2.0
/** The replay set: the same noise for every estimator, and what chrony made of it. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.replay;
