// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import org.jspecify.annotations.Nullable;

/** What the correction rests on. */
public enum TimeSource {
    NO_DATA(0),
    /** The measurements themselves, without a model. */
    NTP(1),
    /** The short-term model. */
    CPU_MODEL(2),
    /** The long-term model. */
    GPU_MODEL(3),
    /** Both models. */
    FUSION(4);

    private static final TimeSource[] ALL = values();

    private final int code;

    TimeSource(int code) {
        this.code = code;
    }

    /** The number that stands for it in the record. */
    public int code() {
        return code;
    }

    /** What a number in the record stands for; null if this version does not know it. */
    static @Nullable TimeSource ofCode(int code) {
        for (TimeSource source : ALL) {
            if (source.code == code) {
                return source;
            }
        }
        return null;
    }
}
