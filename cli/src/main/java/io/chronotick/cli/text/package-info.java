// SPDX-License-Identifier: Apache-2.0
/** What a person sees: the terminal, tables and numbers, exit codes and errors. */
@org.jspecify.annotations.NullMarked
package io.chronotick.cli.text;
