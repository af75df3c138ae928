// SPDX-License-Identifier: Apache-2.0
package io.chronotick.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.daemon.config.ConfigLoader;
import io.chronotick.daemon.config.ConfigOverrides;
import io.chronotick.daemon.config.ModelConfig;
import io.chronotick.daemon.model.ForecastModel;
import io.chronotick.daemon.model.ForecastModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real sessions of ONNX Runtime with models that {@link OnnxFile} writes. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class OnnxModelTest {
    private static final int CONTEXT = 16;

    @TempDir
    Path directory = Path.of("");

    /** Steps of one second, five of them ahead, three quantiles. */
    private static ModelConfig config(Path file, String more) throws Exception {
        String yaml = """
                short_term:
                  model_name: onnx
                  inference_interval: 1
                  context_length: %d
                  prediction_horizon: 5
                  model_params: {path: "%s", quantiles: [0.025, 0.5, 0.975]}
                  %s
                """.formatted(CONTEXT, file, more);
        return ConfigLoader.parse(yaml, "test", Map.of(), ConfigOverrides.NONE, 2)
                .config()
                .models()
                .get(0);
    }

    private ForecastModel open(OnnxFile file) throws Exception {
        return new OnnxModelProvider().open(config(file.write(directory.resolve("model.onnx")), ""));
    }

    private String refusal(OnnxFile file) throws IOException {
        return refusal(file.write(directory.resolve("model.onnx")), "");
    }

    private static String refusal(Path file, String more) {
        List<String> message = new java.util.ArrayList<>();
        assertThatThrownBy(
                        () -> new OnnxModelProvider().open(config(file, more)).close())
                .isInstanceOf(ForecastModelException.class)
                .satisfies(e -> message.add(String.valueOf(e.getMessage())));
        assertThat(message.get(0)).doesNotContain("\n");
        return message.get(0);
    }

    private static double[] ramp(double start, double slope) {
        double[] context = new double[CONTEXT];
        for (int i = 0; i < CONTEXT; i++) {
            context[i] = start + slope * i;
        }
        return context;
    }

    @Test
    void shouldForecastWithARealModel() throws Exception {
        try (ForecastModel model = open(OnnxFile.line(CONTEXT, 5, -1e-5, 0, 2e-5))) {
            // Five steps after the last of sixteen, on a line of 3 us a step from -40 us: 20 us.
            double[] quantiles = model.forecast(ramp(-40e-6, 3e-6));
            assertThat(quantiles).containsExactly(new double[] {10e-6, 20e-6, 40e-6}, within(1e-9));
            assertThat(model.forecast(ramp(0, 0))).containsExactly(new double[] {-1e-5, 0, 2e-5}, within(1e-9));
        }
    }

    /** As forecasters with more than one step are exported: [1, quantiles, steps] and [1, steps, quantiles], length left open. */
    @Test
    void shouldTakeTheStepAtTheHorizon() throws Exception {
        double[] bySteps = new double[8 * 3];
        double[] byQuantiles = new double[8 * 3];
        for (int step = 0; step < 8; step++) {
            for (int q = 0; q < 3; q++) {
                bySteps[step * 3 + q] = 10 * step + q;
                byQuantiles[q * 8 + step] = 10 * step + q;
            }
        }
        for (OnnxFile file :
                List.of(constant(new long[] {1, 8, 3}, bySteps), constant(new long[] {1, 3, 8}, byQuantiles))) {
            try (ForecastModel model = open(file)) {
                assertThat(model.forecast(ramp(1, 1))).containsExactly(40, 41, 42);
            }
        }
    }

    private static OnnxFile constant(long[] shape, double... values) {
        return new OnnxFile()
                .floats("values", shape, values)
                .floats("zero", new long[0], 0)
                .node("ReduceMax", List.of("x"), List.of("top"), OnnxFile.attribute("keepdims", 0))
                .node("Mul", List.of("top", "zero"), List.of("nothing"))
                .node("Add", List.of("values", "nothing"), List.of("y"))
                .input("x", OnnxFile.FLOAT, -1, -1)
                .output("y", OnnxFile.FLOAT, shape);
    }

    @Test
    void shouldTakeDoublesToo() throws Exception {
        OnnxFile file = new OnnxFile()
                .node("Identity", List.of("x"), List.of("y"))
                .input("x", OnnxFile.DOUBLE, 3)
                .output("y", OnnxFile.DOUBLE, 3);
        Path path = file.write(directory.resolve("doubles.onnx"));
        ModelConfig config = ConfigLoader.parse(
                        "long_term: {model_name: onnx, context_length: 3, model_params: {path: '" + path
                                + "', quantiles: [0.1, 0.5, 0.9]}}",
                        "test",
                        Map.of(),
                        ConfigOverrides.NONE,
                        2)
                .config()
                .models()
                .get(0);
        try (ForecastModel model = new OnnxModelProvider().open(config)) {
            assertThat(model.forecast(new double[] {1e-12, 2, 3})).containsExactly(1e-12, 2, 3);
        }
    }

    @Test
    void shouldSayInOneLineWhatIsWrong() throws Exception {
        Path missing = directory.resolve("missing.onnx");
        assertThat(refusal(missing, ""))
                .isEqualTo(missing + ": no such file, or not readable; name the ONNX file in model_params.path");
        Path corrupt = Files.write(directory.resolve("corrupt.onnx"), new byte[] {8, 8, 58, 127, 1, 2, 3});
        assertThat(refusal(corrupt, ""))
                .startsWith(corrupt + ": is no model that ONNX Runtime can load: ")
                .endsWith("; export it again");
        Path empty = Files.write(directory.resolve("empty.onnx"), new byte[0]);
        assertThat(refusal(empty, "")).startsWith(empty + ": is no model that ONNX Runtime can load: ");
        assertThat(refusal(OnnxFile.line(20, 5, -1, 0, 1)))
                .endsWith("model.onnx: input context has the shape [1, 20], not [16], [1, 16] or [1, 16, 1]; set"
                        + " context_length as exported");
        assertThat(refusal(OnnxFile.line(CONTEXT, 5, -1, 1)))
                .endsWith("model.onnx: output quantiles has the shape [1, 2], which is not 3 quantiles, nor at least 5"
                        + " steps of them; set model_params.quantiles, prediction_horizon and inference_interval as"
                        + " exported");
        assertThat(refusal(constant(new long[] {1, 4, 3}, new double[12]))).contains("nor at least 5 steps of them");
        Path good = OnnxFile.line(CONTEXT, 5, -1, 0, 1).write(directory.resolve("good.onnx"));
        assertThat(refusal(good, "device: gpu"))
                .isEqualTo("device: gpu: this ONNX Runtime runs on CPUs alone; put onnxruntime_gpu in the place of"
                        + " onnxruntime, or set device: cpu");
    }

    @Test
    void shouldNameTheInputsAndOutputsThereAre() throws Exception {
        Path good = OnnxFile.line(CONTEXT, 5, -1, 0, 1).write(directory.resolve("good.onnx"));
        String yaml = "short_term: {model_name: onnx, context_length: 16, model_params: {path: '" + good
                + "', %s: wrong, quantiles: [0.1, 0.5, 0.9]}}";
        for (String what : List.of("input", "output")) {
            ModelConfig config = ConfigLoader.parse(yaml.formatted(what), "test", Map.of(), ConfigOverrides.NONE, 2)
                    .config()
                    .models()
                    .get(0);
            assertThatThrownBy(() -> new OnnxModelProvider().open(config).close())
                    .isInstanceOf(ForecastModelException.class)
                    .hasMessage(good + ": has no " + what + " wrong; model_params." + what + " can be ["
                            + (what.equals("input") ? "context" : "quantiles") + "]");
        }
    }

    @Test
    void shouldEndAForecastThatIsCancelled() throws Exception {
        try (ForecastModel model = open(OnnxFile.endless(CONTEXT, -1, 0, 1))) {
            assertThat(model.forecast(new double[CONTEXT])).containsExactly(-1, 0, 1);
            CompletableFuture<String> outcome = new CompletableFuture<>();
            Thread run = Thread.ofPlatform().start(() -> {
                try {
                    model.forecast(ramp(1, 1));
                    outcome.complete("ended by itself");
                } catch (ForecastModelException e) {
                    outcome.complete(String.valueOf(e.getMessage()));
                }
            });
            while (!outcome.isDone()) {
                model.cancel();
                Thread.onSpinWait();
            }
            run.join();
            assertThat(outcome.get()).contains("erminate");
            assertThat(model.forecast(new double[CONTEXT])).containsExactly(-1, 0, 1);
        }
    }
}
