// SPDX-License-Identifier: Apache-2.0
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.TimeInterval;

/** Attaches once, reads many times. Run: java -cp chronotick-client.jar DirectAccess.java */
public final class DirectAccess {
    public static void main(String[] args) throws InterruptedException {
        try (ChronoTickReader reader = ChronoTickReader.attach()) {
            TimeInterval now = new TimeInterval(); // filled anew by every reading, nothing is allocated
            for (int i = 0; i < 10; i++) {
                reader.now(now);
                System.out.printf(
                        "%s  sd %.3f us  certainly within %.3f us%n",
                        now.estimate(), now.standardUncertaintyNanos() / 1e3, now.boundNanos() / 1e3);
                Thread.sleep(100);
            }

            // An order of events that holds on every machine: this returns when the time has certainly passed.
            long committed = now.latestNanos();
            reader.waitUntil(committed);
            System.out.println("certainly after it: " + reader.after(committed));
        } catch (ChronoTickException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private DirectAccess() {}
}
