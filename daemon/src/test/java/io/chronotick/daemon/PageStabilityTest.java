// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.daemon.http.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the page says of the oscillator, looked at once a second as the page does, in virtual time. */
class PageStabilityTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long START = 5_000 * SECOND + 123_456_789;
    private static final long UTC = 1_790_000_000 * SECOND;

    private final PageStability stability = new PageStability();
    private final Random random = new Random(1);
    private long second;

    /** UTC against a clock that is 23 ppm slow. */
    private static long utc(long raw) {
        return UTC + raw + Math.round(raw * 23e-6);
    }

    /** Looks a second later, not quite when it should. */
    private boolean look(boolean known, long ahead) {
        return stability.look(START + second++ * SECOND + random.nextInt(90_000_000), known, raw -> utc(raw) + ahead);
    }

    private List<List<Double>> written() {
        JsonText json = new JsonText();
        stability.write(json);
        List<List<Double>> columns = new ArrayList<>();
        for (String column : json.toString().replaceAll("^\\[\\[|\\]\\]$", "").split("\\],\\[", -1)) {
            List<Double> numbers = new ArrayList<>();
            for (String number : column.split(",", -1)) {
                if (!number.isEmpty()) {
                    numbers.add(Double.parseDouble(number));
                }
            }
            columns.add(numbers);
        }
        return columns;
    }

    @Test
    void shouldLookEveryTenSecondsAndSaySoOfADay() {
        int fresh = 0;
        for (int i = 0; i < 86_400; i++) {
            fresh += look(true, 0) ? 1 : 0;
        }
        assertThat(fresh).isEqualTo(8_640);
        assertThat(written().get(0))
                .containsExactly(10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 1920.0, 3840.0, 7680.0, 15360.0);
        // A constant frequency has no deviation but that of whole nanoseconds.
        assertThat(written().get(1)).allMatch(deviation -> deviation < 1e-10);
        int day = written().toString().length();
        for (int i = 0; i < 86_400; i++) {
            boolean ignored = look(true, 0);
        }
        assertThat(written().toString().length()).isBetween(day - 50, day + 50);
    }

    /** A frequency of 1 ppm more and less by turns, 160 s each: averages over that time differ by a triangle of 1 ppm, whose mean square is a third. */
    @Test
    void shouldSeeAWanderingFrequency() {
        double ahead = 0;
        for (int i = 0; i < 6_400; i++) {
            ahead += (i / 160 % 2 == 0 ? 0.5e-6 : -0.5e-6) * SECOND;
            boolean ignored = look(true, Math.round(ahead));
        }
        List<List<Double>> columns = written();
        assertThat(columns.get(0).get(4)).isEqualTo(160.0);
        assertThat(columns.get(1).get(4)).isCloseTo(1e-6 / Math.sqrt(6), within(0.02e-6));
    }

    @Test
    void shouldSayNothingWithoutATimeAndForgetAllAtAJump() {
        for (int i = 0; i < 600; i++) {
            boolean ignored = look(false, 0);
        }
        assertThat(written()).allMatch(List::isEmpty);
        for (int i = 0; i < 600; i++) {
            boolean ignored = look(true, 0);
        }
        assertThat(written().get(1)).isNotEmpty().allMatch(deviation -> deviation < 1e-9);
        // A leap second is no instability.
        for (int i = 0; i < 600; i++) {
            boolean ignored = look(true, -SECOND);
        }
        assertThat(written().get(1)).isNotEmpty().allMatch(deviation -> deviation < 1e-9);
    }

    /** What comes after a gap is as far from what was before as it really is. */
    @Test
    void shouldBearGaps() {
        for (int gap : new int[] {0, 35, 400, 3_000_000}) {
            second += gap;
            for (int i = 0; i < 300; i++) {
                boolean ignored = look(true, 0);
            }
        }
        assertThat(written().get(1)).isNotEmpty().allMatch(deviation -> deviation < 1e-9);
        assertThat(written().get(0).get(0)).isCloseTo(10, within(0.0));
    }
}
