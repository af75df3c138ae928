// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.forecast;

/** Whoever tells people what they would want to know: one line each. */
public interface Notices {
    /** Something worth knowing. */
    void inform(String text);

    /** Something has gone wrong. */
    void warn(String text);
}
