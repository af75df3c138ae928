// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** A host name or an address literal, judged without asking a name server. */
record Host() implements ValueType<String> {
    // Letters, digits and hyphens (RFC 1123, section 2.1), and the underscore that names in the wild have.
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\\.?");
    // A last label of digits alone can only be meant as an IPv4 address.
    private static final Pattern ENDS_IN_NUMBER = Pattern.compile("(.*\\.)?[0-9]+\\.?");
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final int LONGEST_NAME = 253;

    static boolean isHost(String text) {
        if (text.indexOf(':') >= 0) {
            int scope = text.indexOf('%');
            return text.indexOf('[') < 0 && isLiteral(scope < 0 ? text : text.substring(0, scope));
        }
        if (IPV4.matcher(text).matches()) {
            return isLiteral(text);
        }
        return text.length() <= LONGEST_NAME
                && NAME.matcher(text).matches()
                && !ENDS_IN_NUMBER.matcher(text).matches();
    }

    private static boolean isLiteral(String text) {
        try {
            InetAddress.ofLiteral(text);
            return true;
        } catch (IllegalArgumentException notAnAddress) {
            return false;
        }
    }

    @Override
    public Optional<String> parse(Node node, String key, Mistakes mistakes) {
        if (Nodes.isText(node) && isHost(Nodes.text(node))) {
            return Optional.of(Nodes.text(node));
        }
        mistakes.reject(node, key, allowed());
        return Optional.empty();
    }

    @Override
    public String allowed() {
        return "a host name, an IPv4 or an IPv6 address, without port";
    }

    @Override
    public Object plain(String value) {
        return value;
    }

    @Override
    public Map<String, Object> schema() {
        return ValueTypes.ordered("type", "string", "minLength", 1);
    }
}
