// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.oscillator;

import java.util.List;

/**
 * Something that the host measures and that its oscillator may follow.
 *
 * @param name for people, such as "temperature"
 * @param unit of its values, such as "C"; empty for a share of one
 * @param swing what it ordinarily changes by within hours, in its unit, > 0: what makes unlike quantities comparable
 */
public record CovariateConfig(String name, String unit, double swing) {
    /** Of a sensor, degrees Celsius. */
    public static final CovariateConfig TEMPERATURE = new CovariateConfig("temperature", "C", 10);

    /** Of all processors, 0..1: it heats them. */
    public static final CovariateConfig CPU_USAGE = new CovariateConfig("cpu_usage", "", 1);

    /** Mean of all processors, GHz. */
    public static final CovariateConfig CPU_FREQUENCY = new CovariateConfig("cpu_frequency", "GHz", 1);

    /** What the daemon can measure. */
    public static final List<CovariateConfig> ALL = List.of(TEMPERATURE, CPU_USAGE, CPU_FREQUENCY);

    public CovariateConfig {
        if (!(swing > 0) || !Double.isFinite(swing)) {
            throw new IllegalArgumentException("swing " + swing);
        }
    }
}
