// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.List;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Collects what is wrong with one source of values: a file, an environment variable or an option.
 *
 * @param source what the operator calls it
 * @param cpus number of CPUs of this host, so that an affinity can be checked
 * @param lines where the mistakes of all sources end up
 */
record Mistakes(String source, int cpus, List<String> lines) {

    /** Reports what stands at a node: {@code FILE:LINE:COLUMN: KEY: what}; without line and column if it has none. */
    void report(Node at, String key, String what) {
        lines.add(place(at) + ": " + key + ": " + what);
    }

    /** Reports that a value is none of the allowed ones. */
    void reject(Node at, String key, String allowed) {
        report(at, key, "found " + Nodes.describe(at) + ", allowed: " + allowed);
    }

    private String place(Node at) {
        return at.getStartMark()
                .map(mark -> source + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1))
                .orElse(source);
    }
}
