// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import org.jspecify.annotations.Nullable;

/** Writes one flat JSON object (RFC 8259). Not-a-number and infinities, which JSON does not have, become null. */
public final class Json {
    private final boolean pretty;
    private final StringBuilder text = new StringBuilder(2048).append('{');
    private boolean first = true;

    public Json(boolean pretty) {
        this.pretty = pretty;
    }

    public Json number(String name, double value) {
        return raw(name, Double.isFinite(value) ? Double.toString(value) : "null");
    }

    /** Of a float its own shortest digits: 0.98, not 0.9800000190734863. */
    public Json number(String name, float value) {
        return raw(name, Float.isFinite(value) ? Float.toString(value) : "null");
    }

    public Json integer(String name, long value) {
        return raw(name, Long.toString(value));
    }

    public Json bool(String name, boolean value) {
        return raw(name, value ? "true" : "false");
    }

    public Json nothing(String name) {
        return raw(name, "null");
    }

    public Json string(String name, @Nullable String value) {
        if (value == null) {
            return nothing(name);
        }
        key(name);
        quote(value);
        return this;
    }

    /** A string as JSON has it. */
    public static String quoted(String value) {
        Json json = new Json(false);
        json.text.setLength(0);
        json.quote(value);
        return json.text.toString();
    }

    /** The object; nothing may be added after. */
    public String end() {
        return text.append(pretty && !first ? "\n}" : "}").toString();
    }

    private Json raw(String name, String value) {
        key(name);
        text.append(value);
        return this;
    }

    private void key(String name) {
        if (!first) {
            text.append(',');
        }
        first = false;
        if (pretty) {
            text.append("\n  ");
        }
        quote(name);
        text.append(pretty ? ": " : ":");
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append("\\u00").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
