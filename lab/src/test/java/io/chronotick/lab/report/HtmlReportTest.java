// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.math.AllanDeviation;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.replay.Replay;
import io.chronotick.lab.replay.ReplayCase;
import io.chronotick.lab.replay.ReplayFiles;
import io.chronotick.lab.replay.ReplaySet;
import io.chronotick.lab.replay.ReplaySummary;
import io.chronotick.lab.score.TimeSeries;
import io.chronotick.lab.simulate.ScenarioLibrary;
import io.chronotick.lab.simulate.Simulation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HtmlReportTest {
    private Path directory = Path.of("");
    private ReportData data =
            new ReportData(new ReplaySummary(List.of()), List.of(), Map.of(), Map.of(), Map.of(), List.of(), List.of());

    @BeforeAll
    void makeASmallReport(@TempDir Path made) throws IOException, InterruptedException {
        directory = made;
        ReplayFiles.write(directory, "quartz", "lan", 1);
        Files.writeString(directory.resolve("chrony_results.csv"), """
                scenario,delay,poll,seed,rms_us,mae_us,cov_pct,bound_median_us,requests
                quartz,lan,C_p6,1,100,80,100,1200,622
                """);
        ReplaySet set = ReplaySet.open(directory);
        ReplayCase which = set.cases().get(0);
        ReplaySummary summary = new ReplaySummary(Replay.play(
                set,
                set.cases(),
                List.of(64),
                Set.of(),
                LearnedWeights.shipped(),
                false,
                EngineConfig.DEFAULT,
                1,
                done -> {}));
        TimeSeries series = Replay.series(set, which, 64);
        AllanDeviation allan = AllanDeviation.of(series.errors(), 1);
        data = new ReportData(
                summary,
                List.of(
                        new ReportData.AblationScore(List.of(), summary),
                        new ReportData.AblationScore(List.of(Ablation.BANK), summary)),
                Map.of(which, series),
                Map.of("quartz", allan),
                Map.of("quartz", allan),
                List.of(Simulation.run(
                        ScenarioLibrary.find("two-disagree").orElseThrow(), 1, 1, Set.of(), Optional.empty())),
                List.of());
    }

    @Test
    void pageCarriesEverythingInside() throws IOException {
        String page = HtmlReport.of(data);
        assertThat(page)
                .contains("var uPlot=")
                .doesNotContain("/*DATA*/", "/*SCRIPT*/", "/*STYLE*/", "/*PLOTS*/", "src=", "<link", "@import");
        int begin = page.indexOf("id=\"data\">") + "id=\"data\">".length();
        JsonNode tree = JsonMapper.shared().readTree(page.substring(begin, page.indexOf("</script>", begin)));
        JsonNode cell = tree.at("/replay/polls/0/cells/0");
        assertThat(cell.at("/ratio_to_chrony/published").asDouble()).isGreaterThan(1);
        assertThat(tree.at("/series/quartz~1lan/t").size()).isBetween(1000, 2000);
        assertThat(tree.at("/calibration/0/covered").size()).isEqualTo(101);
        assertThat(tree.at("/simulations/scenarios/0/passed").asBoolean()).isTrue();
        assertThat(HtmlReport.of(data)).isEqualTo(page);
    }

    @Test
    void picturesAreDrawnWithoutADisplay() throws IOException {
        System.setProperty("java.awt.headless", "true");
        PngPlots.write(data, directory);
        for (String name : new String[] {"ratios", "error", "calibration", "allan"}) {
            BufferedImage image = ImageIO.read(directory.resolve(name + ".png").toFile());
            assertThat(image.getWidth()).isGreaterThan(800);
        }
    }
}
