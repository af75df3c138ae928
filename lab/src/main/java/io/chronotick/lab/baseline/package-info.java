// SPDX-License-Identifier: Apache-2.0
/** Simple estimators that every better one has to beat. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.baseline;
