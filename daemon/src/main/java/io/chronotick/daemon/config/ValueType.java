// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * What a key may hold: how it is read, checked, described and shown. Implementations are immutable.
 *
 * @param <T> what a value becomes in Java
 */
interface ValueType<T> {
    /** Reads a value; empty if it is not allowed, which has then been reported. */
    Optional<T> parse(Node node, String key, Mistakes mistakes);

    /** What is allowed, to stand after "allowed: ". */
    String allowed();

    /** The value as JSON knows it: String, Number, Boolean, List or Map. */
    Object plain(T value);

    /** JSON Schema of the value, draft 2020-12. */
    Map<String, Object> schema();

    /** The keys of the maps a value may consist of; usually none. */
    default KeySet parts() {
        return new KeySet();
    }

    /** The node that stands for the text of an environment variable or an option. */
    default Node fromText(String text) {
        return Nodes.plainScalar(text.strip());
    }
}
