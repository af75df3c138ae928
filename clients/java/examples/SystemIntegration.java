// SPDX-License-Identifier: Apache-2.0
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.TimeInterval;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.Locale;

/** Time for other programs: as JSON, and as a java.time.Clock. Run: java -cp chronotick-client.jar SystemIntegration.java */
public final class SystemIntegration {
    private final ChronoTickReader reader;

    private SystemIntegration(ChronoTickReader reader) {
        this.reader = reader;
    }

    String timeJson() {
        CorrectionRecord record = new CorrectionRecord();
        TimeInterval now = new TimeInterval();
        reader.read(record);
        reader.now(now);
        return String.format(
                Locale.ROOT,
                "{\"corrected_time\": \"%s\", \"uncertainty\": %.9f, \"max_error\": %.9f, \"confidence\": %.3f,"
                        + " \"source\": \"%s\"}",
                now.estimate(),
                now.standardUncertaintyNanos() * 1e-9,
                now.boundNanos() * 1e-9,
                record.confidence(),
                record.source());
    }

    /** Stands for any code that takes a Clock: it need not know where the time comes from. */
    static String stamp(Clock clock, String event) {
        return ZonedDateTime.now(clock) + " " + event;
    }

    public static void main(String[] args) {
        try (ChronoTickReader reader = ChronoTickReader.attach()) {
            System.out.println(new SystemIntegration(reader).timeJson());
            System.out.println(stamp(reader.clock(), "event"));
        } catch (ChronoTickException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
