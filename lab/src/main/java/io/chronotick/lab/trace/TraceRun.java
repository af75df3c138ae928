// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.EngineUnderTest;
import io.chronotick.lab.LearnedWeights;
import io.chronotick.lab.baseline.Baseline;
import io.chronotick.lab.score.ForecasterName;
import io.chronotick.lab.score.Quantiles;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Forecasts every sample of a trace from those before it. */
public final class TraceRun {
    /** Samples that everybody may learn from before being judged; the warm-up of the daemon. */
    private static final int WARMUP = 8;

    /** How many of the newest samples say what samples differ from the clock by. */
    private static final int BIAS_SAMPLES = 64;

    /** Two standard deviations. */
    private static final double CHANCE = 2;

    private final Trace trace;
    private final EngineUnderTest engine;
    private final List<Baseline> baselines = Baseline.all();

    /** By forecaster, then by lead: errors of every sample, not-a-number where nothing was said. */
    private final Map<String, double[][]> errors = new LinkedHashMap<>();

    /** By how much the newest samples were above what had been published for them, s. */
    private final ArrayDeque<Double> biases = new ArrayDeque<>();

    /** Forecast the sample {@code target} at {@code rawNanos}. */
    private record Question(long rawNanos, int target, int lead) {}

    private TraceRun(Trace trace, Set<Ablation> without) {
        this.trace = trace;
        this.engine = new EngineUnderTest(
                Trace.rawNanos(0),
                without,
                Optional.of(LearnedWeights.shipped()),
                false,
                EngineConfig.DEFAULT.toBuilder().covariates(trace.covariates()).build());
    }

    /** Plays a trace; the earlier system's predictions are taken from the file beside it, if there is one. */
    public static TraceResult play(Path file, double everySeconds, Set<Ablation> without) {
        Trace trace = Trace.read(file, everySeconds);
        TraceRun run = new TraceRun(trace, without);
        run.play();
        PublishedPredictions.beside(file).ifPresent(run::score);
        return run.result();
    }

    private void play() {
        List<Question> questions = questions();
        int asked = 0;
        for (int i = 0; i < trace.size(); i++) {
            Exchange exchange = trace.exchange(i);
            engine.covariates(trace.sample(i).covariates(), exchange.t1());
            // The sample itself is still unknown until its reply has arrived.
            while (asked < questions.size() && questions.get(asked).rawNanos() < exchange.t4()) {
                answer(questions.get(asked++));
            }
            engine.exchange(exchange);
            rememberBias(i);
            TraceSample sample = trace.sample(i);
            for (Baseline baseline : baselines) {
                baseline.add(seconds(exchange.middle()), sample.offset(), exchange.delay());
            }
        }
    }

    /** A sample has come: how far was it from what had been published for it? */
    private void rememberBias(int i) {
        double error = errorsOf(TraceResult.PUBLISHED)[0][i];
        if (!Double.isNaN(error)) {
            biases.addLast(-error);
            if (biases.size() > BIAS_SAMPLES) {
                biases.removeFirst();
            }
        }
    }

    /** What samples differ from the clock by, if most of them differ to the same side by more than chance (sign test). */
    private double bias() {
        double[] newest = biases.stream().mapToDouble(Double::doubleValue).toArray();
        double sides = Arrays.stream(newest).map(Math::signum).sum();
        return Math.abs(sides) > CHANCE * Math.sqrt(newest.length) ? Quantiles.median(newest) : 0;
    }

    /** Each sample after the warm-up is asked for at the moment its request leaves, and at each lead before. */
    private List<Question> questions() {
        long warm = trace.exchange(Math.min(WARMUP, trace.size()) - 1).t4();
        List<Question> questions = new ArrayList<>();
        for (int target = 0; target < trace.size(); target++) {
            Exchange exchange = trace.exchange(target);
            for (int lead = 0; lead < TraceResult.LEADS.size(); lead++) {
                long at = lead == 0 ? exchange.t1() : exchange.middle() - TraceResult.LEADS.get(lead) * 1_000_000_000L;
                if (at > warm) {
                    questions.add(new Question(at, target, lead));
                }
            }
        }
        questions.sort(Comparator.comparingLong(Question::rawNanos));
        return questions;
    }

    private void answer(Question question) {
        engine.advanceTo(question.rawNanos());
        long middle = trace.exchange(question.target()).middle();
        long local = Trace.localUtcNanos(middle);
        Correction published = engine.published();
        double offset = published.source() == Correction.Source.NO_DATA
                ? Double.NaN
                : (published.utcNanosAt(middle) - local) * 1e-9;
        note(question, TraceResult.PUBLISHED, offset);
        note(question, TraceResult.NEXT_SAMPLE, offset + bias());
        for (Forecast forecast : engine.forecasts(middle)) {
            note(question, ForecasterName.of(forecast), (forecast.utcNanos() - local) * 1e-9);
        }
        for (Baseline baseline : baselines) {
            note(question, baseline.name(), baseline.offsetAt(seconds(middle)));
        }
    }

    private static double seconds(long rawNanos) {
        return (rawNanos - Trace.rawNanos(0)) * 1e-9;
    }

    private void note(Question question, String name, double offset) {
        errorsOf(name)[question.lead()][question.target()] =
                offset - trace.sample(question.target()).offset();
    }

    private double[][] errorsOf(String name) {
        return errors.computeIfAbsent(name, ignored -> {
            double[][] empty = new double[TraceResult.LEADS.size()][trace.size()];
            for (double[] of : empty) {
                Arrays.fill(of, Double.NaN);
            }
            return empty;
        });
    }

    /** The earlier system said what the offset is now; it forecast no further. */
    private void score(PublishedPredictions predictions) {
        double[] oneStep = errorsOf(TraceResult.EARLIER_SYSTEM)[0];
        for (int i = WARMUP; i < trace.size(); i++) {
            TraceSample sample = trace.sample(i);
            oneStep[i] = predictions.before(sample.seconds()) - sample.offset();
        }
    }

    // --- Scores ---

    private TraceResult result() {
        NoiseFloor floor = NoiseFloor.of(trace.seconds(), trace.offsets());
        Optional<DelaySlope> slope =
                trace.delaysRecorded() ? Optional.of(DelaySlope.of(trace.offsets(), trace.delays())) : Optional.empty();
        Optional<DelaySlope> correction = slope.filter(DelaySlope::explains);
        double[] moved = new double[trace.size()];
        double[] corrected = trace.offsets();
        correction.ifPresent(by -> {
            for (int i = 0; i < moved.length; i++) {
                TraceSample sample = trace.sample(i);
                corrected[i] = by.corrected(sample.offset(), sample.delay());
                moved[i] = sample.offset() - corrected[i];
            }
        });
        List<TraceResult.Score> scores = new ArrayList<>();
        errors.forEach((name, byLead) -> {
            List<Double> mae = new ArrayList<>();
            List<Double> correctedMae = new ArrayList<>();
            List<Integer> counts = new ArrayList<>();
            for (double[] of : byLead) {
                double[] told = present(of, new double[of.length]);
                counts.add(told.length);
                mae.add(meanAbsolute(told, 0));
                if (correction.isPresent()) {
                    double[] shifted = present(of, moved);
                    correctedMae.add(meanAbsolute(shifted, Quantiles.median(shifted)));
                }
            }
            scores.add(new TraceResult.Score(name, List.copyOf(mae), List.copyOf(correctedMae), List.copyOf(counts)));
        });
        return new TraceResult(
                trace,
                List.copyOf(scores),
                floor,
                slope,
                correction.map(ignored -> NoiseFloor.of(trace.seconds(), corrected)));
    }

    /** Errors that exist, against samples that have been moved down by {@code moved}. */
    private static double[] present(double[] errors, double[] moved) {
        int count = 0;
        double[] present = new double[errors.length];
        for (int i = 0; i < errors.length; i++) {
            if (!Double.isNaN(errors[i])) {
                present[count++] = errors[i] + moved[i];
            }
        }
        return Arrays.copyOf(present, count);
    }

    private static double meanAbsolute(double[] errors, double bias) {
        double sum = 0;
        for (double error : errors) {
            sum += Math.abs(error - bias);
        }
        return sum / errors.length;
    }
}
