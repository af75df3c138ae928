// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

/** Colours of a terminal, or none: the ANSI sequences of ECMA-48, which every terminal in use knows. */
public enum Style {
    COLOURED,
    PLAIN;

    public static Style of(Shell shell) {
        return shell.colours() ? COLOURED : PLAIN;
    }

    public String good(String text) {
        return wrap("32", text);
    }

    public String warning(String text) {
        return wrap("33", text);
    }

    public String bad(String text) {
        return wrap("31", text);
    }

    public String bold(String text) {
        return wrap("1", text);
    }

    private String wrap(String code, String text) {
        return this == PLAIN ? text : "\u001b[" + code + "m" + text + "\u001b[0m";
    }
}
