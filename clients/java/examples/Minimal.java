// SPDX-License-Identifier: Apache-2.0
import io.chronotick.client.ChronoTickReader;

/** The corrected time now. Run: java -cp chronotick-client.jar Minimal.java */
public final class Minimal {
    public static void main(String[] args) {
        try (ChronoTickReader reader = ChronoTickReader.attach()) {
            System.out.println(reader.clock().instant());
        }
    }

    private Minimal() {}
}
