// SPDX-License-Identifier: Apache-2.0
package example;

import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;

/** Prints between which limits UTC certainly lies, or why that is not known. */
public final class ReadsTheTime {
    private ReadsTheTime() {}

    public static void main(String[] arguments) {
        try (ChronoTickReader reader = ChronoTickReader.attach()) {
            TimeInterval now = new TimeInterval();
            reader.now(now);
            System.out.println(now.earliest() + " .. " + now.latest());
        } catch (ChronoTickException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
