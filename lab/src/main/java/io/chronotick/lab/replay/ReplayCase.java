// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

/**
 * A clock and a path with the noise of one seed.
 *
 * @param clock family of the clock, such as tcxo
 * @param path family of the delays, such as wan
 * @param seed of both
 */
public record ReplayCase(String clock, String path, String seed) {
    /** Clock and path, as people name it. */
    public String cell() {
        return clock + "/" + path;
    }
}
