// SPDX-License-Identifier: Apache-2.0
package io.chronotick.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.chronotick.daemon.config.ModelConfig;
import io.chronotick.daemon.model.ForecastModel;
import io.chronotick.daemon.model.ForecastModelException;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A model in an ONNX Runtime session, on one thread of its own so that the writer keeps its CPU.
 *
 * <p>Input: the context, float or double, of shape [n], [1, n] or [1, n, 1]. Output: the quantiles, float or double; beside
 * dimensions of size one either the quantiles alone, or steps of the grid and quantiles in either order, of which the step at
 * the horizon is taken.
 */
final class OnnxModel implements ForecastModel {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final ModelConfig config;
    private final String input;
    private final String output;
    private final OnnxJavaType type;
    private final long[] shape;

    /** The run under way; guarded by this object, so that no run is cancelled after its end. */
    private Optional<OrtSession.RunOptions> running = Optional.empty();

    private OnnxModel(OrtEnvironment environment, OrtSession session, ModelConfig config)
            throws OrtException, ForecastModelException {
        this.environment = environment;
        this.session = session;
        this.config = config;
        Map<String, NodeInfo> inputs = session.getInputInfo();
        input = name("input", config.input(), inputs.keySet(), inputs.size() == 1);
        output = name("output", config.output(), session.getOutputNames(), true);
        if (inputs.size() > 1) {
            throw problem("has the inputs " + inputs.keySet()
                    + ", and only one can be given; export it with the context" + " as its only input");
        }
        NodeInfo node = Objects.requireNonNull(inputs.get(input));
        if (!(node.getInfo() instanceof TensorInfo tensor)
                || (tensor.type != OnnxJavaType.FLOAT && tensor.type != OnnxJavaType.DOUBLE)) {
            throw problem("input " + input + " is no tensor of floats or doubles");
        }
        type = tensor.type;
        shape = inputShape(tensor.getShape());
    }

    /** Loads a model and tries it. */
    static OnnxModel open(ModelConfig config) throws ForecastModelException {
        Path file = config.file();
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new ForecastModelException(
                    file.toAbsolutePath() + ": no such file, or not readable; name the ONNX file in model_params.path");
        }
        OrtEnvironment environment =
                OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "chronotick");
        OrtSession session;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            if (config.gpu()) {
                addGpu(options);
            }
            session = environment.createSession(file.toString(), options);
        } catch (OrtException e) {
            throw new ForecastModelException(
                    file + ": is no model that ONNX Runtime can load: " + firstLine(e) + "; export it again", e);
        }
        boolean good = false;
        try {
            OnnxModel model = new OnnxModel(environment, session, config);
            model.forecast(new double[config.slot().contextLength()]);
            good = true;
            return model;
        } catch (OrtException e) {
            throw new ForecastModelException(file + ": " + firstLine(e), e);
        } finally {
            if (!good) {
                close(session);
            }
        }
    }

    private static void addGpu(OrtSession.SessionOptions options) throws OrtException, ForecastModelException {
        if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
            throw new ForecastModelException("device: gpu: this ONNX Runtime runs on CPUs alone; put onnxruntime_gpu in"
                    + " the place of onnxruntime, or set device: cpu");
        }
        options.addCUDA();
    }

    private String name(String what, Optional<String> wanted, Set<String> names, boolean canChoose)
            throws ForecastModelException {
        if (wanted.isPresent() && !names.contains(wanted.get())) {
            throw problem("has no " + what + " " + wanted.get() + "; model_params." + what + " can be " + names);
        }
        if (wanted.isEmpty() && !canChoose) {
            throw problem("has several " + what + "s; model_params." + what + " has to be one of " + names);
        }
        return wanted.orElseGet(() -> names.iterator().next());
    }

    /** The shape declared, with the context's length in the one place for it. */
    private long[] inputShape(long[] declared) throws ForecastModelException {
        long length = config.slot().contextLength();
        int place = declared.length == 1 ? 0 : 1;
        boolean fits = declared.length >= 1 && declared.length <= 3;
        for (int i = 0; i < declared.length && fits; i++) {
            long size = i == place ? length : 1;
            fits = declared[i] == size || declared[i] < 0;
        }
        if (!fits) {
            throw problem("input " + input + " has the shape " + Arrays.toString(declared) + ", not [" + length
                    + "], [1, " + length + "] or [1, " + length + ", 1]; set context_length as exported");
        }
        long[] actual = new long[declared.length];
        Arrays.fill(actual, 1);
        actual[place] = length;
        return actual;
    }

    @Override
    public double[] forecast(double[] context) throws ForecastModelException {
        try (OrtSession.RunOptions options = new OrtSession.RunOptions();
                OnnxTensor tensor = tensor(context)) {
            begin(options);
            try (OrtSession.Result result = session.run(Map.of(input, tensor), Set.of(output), options)) {
                return quantiles(result.get(0));
            } finally {
                end();
            }
        } catch (OrtException e) {
            throw problem(firstLine(e));
        }
    }

    private synchronized void begin(OrtSession.RunOptions options) {
        running = Optional.of(options);
    }

    private synchronized void end() {
        running = Optional.empty();
    }

    @Override
    public synchronized void cancel() {
        if (running.isPresent()) {
            try {
                running.get().setTerminate(true);
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private OnnxTensor tensor(double[] context) throws OrtException {
        if (type == OnnxJavaType.DOUBLE) {
            return OnnxTensor.createTensor(environment, DoubleBuffer.wrap(context), shape);
        }
        float[] floats = new float[context.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) context[i];
        }
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(floats), shape);
    }

    private double[] quantiles(OnnxValue value) throws ForecastModelException {
        if (!(value instanceof OnnxTensor tensor)
                || (tensor.getInfo().type != OnnxJavaType.FLOAT && tensor.getInfo().type != OnnxJavaType.DOUBLE)) {
            throw problem("output " + output + " is no tensor of floats or doubles");
        }
        long[] declared = tensor.getInfo().getShape();
        int[] sizes = Arrays.stream(declared)
                .filter(size -> size != 1)
                .mapToInt(Math::toIntExact)
                .toArray();
        int count = config.slot().quantileLevels().size();
        int step = Math.toIntExact(Math.round(
                        config.slot().horizonSeconds() / config.slot().stepSeconds()))
                - 1;
        double[] quantiles = new double[count];
        if (sizes.length == 1 && sizes[0] == count) {
            fill(quantiles, tensor, 0, 1);
        } else if (sizes.length == 2 && sizes[1] == count && step >= 0 && step < sizes[0]) {
            fill(quantiles, tensor, step * count, 1);
        } else if (sizes.length == 2 && sizes[0] == count && step >= 0 && step < sizes[1]) {
            fill(quantiles, tensor, step, sizes[1]);
        } else {
            throw problem("output " + output + " has the shape " + Arrays.toString(declared) + ", which is not " + count
                    + " quantiles, nor at least " + (step + 1) + " steps of them; set model_params.quantiles,"
                    + " prediction_horizon and inference_interval as exported");
        }
        return quantiles;
    }

    private static void fill(double[] quantiles, OnnxTensor tensor, int first, int stride) {
        if (tensor.getInfo().type == OnnxJavaType.FLOAT) {
            FloatBuffer values = tensor.getFloatBuffer();
            for (int i = 0; i < quantiles.length; i++) {
                quantiles[i] = values.get(first + i * stride);
            }
        } else {
            DoubleBuffer values = tensor.getDoubleBuffer();
            for (int i = 0; i < quantiles.length; i++) {
                quantiles[i] = values.get(first + i * stride);
            }
        }
    }

    private ForecastModelException problem(String what) {
        return new ForecastModelException(config.file() + ": " + what);
    }

    private static String firstLine(OrtException e) {
        return Objects.requireNonNullElse(e.getMessage(), "unknown error")
                .lines()
                .findFirst()
                .orElse("unknown error");
    }

    @Override
    public void close() {
        close(session);
    }

    private static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
