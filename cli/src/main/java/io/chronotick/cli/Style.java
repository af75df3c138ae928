// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

/** Colours of a terminal, or none: the ANSI sequences of ECMA-48, which every terminal in use knows. */
enum Style {
    COLOURED,
    PLAIN;

    static Style of(Shell shell) {
        return shell.colours() ? COLOURED : PLAIN;
    }

    String good(String text) {
        return wrap("32", text);
    }

    String warning(String text) {
        return wrap("33", text);
    }

    String bad(String text) {
        return wrap("31", text);
    }

    String bold(String text) {
        return wrap("1", text);
    }

    private String wrap(String code, String text) {
        return this == PLAIN ? text : "\u001b[" + code + "m" + text + "\u001b[0m";
    }
}
