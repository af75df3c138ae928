// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/** An address as digits: a name could lead to another host tomorrow. */
record IpAddress() implements ValueType<InetAddress> {
    @Override
    public Optional<InetAddress> parse(Node node, String key, Mistakes mistakes) {
        if (Nodes.isText(node)) {
            try {
                return Optional.of(InetAddress.ofLiteral(Nodes.text(node)));
            } catch (IllegalArgumentException e) {
                // reported below
            }
        }
        mistakes.reject(node, key, allowed());
        return Optional.empty();
    }

    @Override
    public String allowed() {
        return "an IPv4 or IPv6 address";
    }

    @Override
    public Object plain(InetAddress value) {
        return value.getHostAddress();
    }

    @Override
    public Map<String, Object> schema() {
        return Map.of("type", "string");
    }

    @Override
    public Node fromText(String text) {
        return Nodes.quotedScalar(text);
    }
}
