// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import java.util.List;

/** What is wrong with the configuration: everything that was found, not only the first mistake. */
public final class ConfigException extends Exception {
    private final List<String> problems;

    /** @param problems one line each, naming the place, the key, what was found and what is allowed; not empty */
    public ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** One line a mistake; {@link #getMessage} is all of them. */
    public List<String> problems() {
        return problems;
    }
}
