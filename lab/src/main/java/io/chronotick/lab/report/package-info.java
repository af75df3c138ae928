// SPDX-License-Identifier: Apache-2.0
/** One page that shows how good the engine is, and pictures of its main plots. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.report;
