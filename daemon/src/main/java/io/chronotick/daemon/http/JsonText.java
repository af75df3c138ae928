// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.http;

/** Writes JSON (RFC 8259) from the outside in; what is not a number becomes null, which JSON has instead. Not thread-safe. */
public final class JsonText {
    private final StringBuilder text = new StringBuilder(4096);
    private boolean first = true;

    public JsonText object() {
        return open('{');
    }

    public JsonText endObject() {
        return end('}');
    }

    public JsonText array() {
        return open('[');
    }

    public JsonText endArray() {
        return end(']');
    }

    /** A member's name; its value follows. */
    public JsonText name(String name) {
        quote(name);
        text.append(':');
        first = true;
        return this;
    }

    public JsonText value(String value) {
        quote(value);
        return this;
    }

    public JsonText value(long value) {
        separate();
        text.append(value);
        return this;
    }

    public JsonText value(boolean value) {
        separate();
        text.append(value);
        return this;
    }

    public JsonText value(double value) {
        separate();
        if (Double.isFinite(value)) {
            text.append(value);
        } else {
            text.append("null");
        }
        return this;
    }

    /** Of a float its own shortest digits. */
    public JsonText value(float value) {
        separate();
        if (Float.isFinite(value)) {
            text.append(value);
        } else {
            text.append("null");
        }
        return this;
    }

    private JsonText open(char bracket) {
        separate();
        text.append(bracket);
        first = true;
        return this;
    }

    private JsonText end(char bracket) {
        text.append(bracket);
        first = false;
        return this;
    }

    private void separate() {
        if (!first) {
            text.append(',');
        }
        first = false;
    }

    private void quote(String value) {
        separate();
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c == '\u2028' || c == '\u2029') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
