// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.report;

import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.document.JsonText;
import io.chronotick.lab.document.PlotDocument;
import io.chronotick.lab.document.ReplayDocument;
import io.chronotick.lab.document.SimulationDocument;
import io.chronotick.lab.document.TraceDocument;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The page: one file with its data, script and style inside, that needs no network. */
public final class HtmlReport {
    private static final String PLOT_LIBRARY = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

    private HtmlReport() {}

    /** The whole page. */
    public static String of(ReportData data) {
        return resource("report.html")
                .replace("/*STYLE*/", resource(PLOT_LIBRARY + "uPlot.min.css") + resource("report.css"))
                .replace("/*PLOTS*/", resource(PLOT_LIBRARY + "uPlot.iife.min.js"))
                .replace("/*SCRIPT*/", resource("report.js"))
                // Nothing in the data may end the script element that holds it.
                .replace("/*DATA*/", JsonText.compact(tree(data)).replace("</", "<\\/"));
    }

    private static Map<String, Object> tree(ReportData data) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("replay", ReplayDocument.tree(data.replay()));
        tree.put("calibration", PlotDocument.calibration(data.replay()));
        List<Object> ablations = new ArrayList<>();
        for (ReportData.AblationScore score : data.ablations()) {
            Map<String, Object> ablation = new LinkedHashMap<>();
            ablation.put("without", score.without().stream().map(Ablation::name).toList());
            ablation.put("replay", ReplayDocument.tree(score.summary()));
            ablations.add(ablation);
        }
        tree.put("ablations", ablations);
        Map<String, Object> series = new LinkedHashMap<>();
        data.replaySeries().forEach((which, of) -> series.put(which.cell(), PlotDocument.series(of)));
        tree.put("series", series);
        Map<String, Object> clocks = new LinkedHashMap<>();
        data.clocks().forEach((clock, of) -> clocks.put(clock, PlotDocument.allan(of)));
        tree.put("clocks", clocks);
        Map<String, Object> published = new LinkedHashMap<>();
        data.published().forEach((clock, of) -> published.put(clock, PlotDocument.allan(of)));
        tree.put("published", published);
        tree.put("simulations", SimulationDocument.tree(data.simulations()));
        Map<String, Object> runs = new LinkedHashMap<>();
        data.simulations()
                .forEach(result -> runs.put(result.scenario().name(), PlotDocument.series(result.firstRun())));
        tree.put("runs", runs);
        tree.put("traces", TraceDocument.tree(data.traces()));
        return tree;
    }

    private static String resource(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
