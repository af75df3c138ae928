// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.daemon.http.JsonText;
import org.junit.jupiter.api.Test;

/** What the page remembers, in JSON. */
class PageHistoryTest {
    private final PageHistory history = new PageHistory();

    private String text() {
        JsonText json = new JsonText();
        history.write(json);
        return json.toString();
    }

    @Test
    void shouldKeepTheWorstOfTenSecondsAndTheNewestOffset() {
        for (int i = 0; i < 10; i++) {
            history.add(i, i * 0.5, i == 4 ? 9 : 1, i == 6 ? 8 : 2, 0.25);
        }
        assertThat(text()).endsWith(",[[9.0],[4.5],[9.0],[8.0],[0.25]],[[],[],[],[],[]]]");
    }

    @Test
    void shouldSayNothingOfTenSecondsThatHadATimeWithoutOne() {
        for (int i = 0; i < 10; i++) {
            double time = i == 4 ? Double.NaN : 1;
            history.add(i, time, time, time, time);
        }
        assertThat(text()).endsWith(",[[9.0],[1.0],[null],[null],[1.0]],[[],[],[],[],[]]]");
    }

    @Test
    void shouldNotGrowWithTheDays() {
        for (int i = 0; i < 86_400; i++) {
            history.add(i % 10, 1, 1, 1, 1);
        }
        int day = text().length();
        for (int i = 0; i < 86_400; i++) {
            history.add(i % 10, 1, 1, 1, 1);
        }
        assertThat(text()).hasSize(day);
        // Ten minutes, two hours, a day.
        assertThat(text().split("1\\.0,1\\.0").length).isGreaterThan(600);
        assertThat(text().chars().filter(c -> c == ',').count()).isEqualTo(5 * (600 + 720 + 1440) - 1);
    }
}
