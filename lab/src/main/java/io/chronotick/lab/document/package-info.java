// SPDX-License-Identifier: Apache-2.0
/** Results for programs: JSON and CSV. */
@org.jspecify.annotations.NullMarked
package io.chronotick.lab.document;
