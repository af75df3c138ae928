// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import java.util.Map;

/** What a tool returns: typed for programs, as a map for JSON, in a sentence for people and models. Immutable. */
public sealed interface ToolResult
        permits TimeReading, SystemTime, DaemonStatus, FutureTime, WaitResult, Comparison, Conversion {
    /**
     * The fields by their names in JSON (snake case), in the order of the record: numbers, booleans, strings, lists and maps.
     * Instants are ISO 8601 in UTC with nine digits; Unix times are decimals, exact to a nanosecond. What is absent is left
     * out.
     */
    default Map<String, Object> toMap() {
        return Fields.toMap((Record) this);
    }

    /** The result in a sentence or two, with its units. */
    String summary();
}
