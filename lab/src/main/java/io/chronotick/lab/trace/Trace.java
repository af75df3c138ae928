// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.trace;

import io.chronotick.engine.ntp.Exchange;
import io.chronotick.engine.oscillator.CovariateConfig;
import io.chronotick.lab.LabException;
import io.chronotick.lab.input.CsvFile;
import io.chronotick.lab.score.Quantiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A recorded trace: offsets that a real host measured against servers, in order. Immutable. */
public final class Trace {
    /** What the local clock reads at the first row, s: nothing depends on it. */
    private static final double FIRST_SECONDS = 1000;

    private static final double UTC_AT_FIRST_SECONDS = 1.8e9;

    /** Longer than any trace, larger than any offset worth recording, s: a number beyond is damage. */
    private static final double LONGEST = 1e9;

    private static final double LARGEST_OFFSET = 1e6;
    private static final double LARGEST_DELAY = 1000;

    /** Columns of what else a host measures, what the engine calls it, and its unit in that of the column. */
    private static final List<Column> COLUMNS = List.of(
            new Column("cpu_temp", CovariateConfig.TEMPERATURE, 1),
            new Column("cpu_load", CovariateConfig.CPU_USAGE, 0.01),
            new Column("cpu_freq", CovariateConfig.CPU_FREQUENCY, 1e-3));

    /** Beyond any temperature, share or frequency of a processor in its unit. */
    private static final double LARGEST_COVARIATE = 1e5;

    private record Column(String name, CovariateConfig covariate, double unit) {}

    private final String name;
    private final List<CovariateConfig> covariates;
    private final List<TraceSample> samples;
    private final boolean delaysRecorded;
    private final double assumedDelay;

    private Trace(String name, List<CovariateConfig> covariates, List<TraceSample> samples, boolean delaysRecorded) {
        this.name = name;
        this.covariates = covariates;
        this.samples = samples;
        this.delaysRecorded = delaysRecorded;
        double largestStep = 0;
        for (int i = 1; i < samples.size(); i++) {
            largestStep = Math.max(
                    largestStep,
                    Math.abs(samples.get(i).offset() - samples.get(i - 1).offset()));
        }
        assumedDelay = 2 * largestStep;
    }

    /**
     * Reads a file with the columns t and offset_s, and delay_s, cpu_temp (C), cpu_load (%), cpu_freq (MHz) where there are.
     *
     * @param everySeconds rows closer than this to the one before are skipped, s; 0 for none
     */
    public static Trace read(Path file, double everySeconds) {
        CsvFile csv = CsvFile.read(file, "t", "offset_s");
        List<Column> measured =
                COLUMNS.stream().filter(column -> csv.has(column.name())).toList();
        List<TraceSample> samples = new ArrayList<>();
        double next = Double.NEGATIVE_INFINITY;
        double before = Double.NEGATIVE_INFINITY;
        for (CsvFile.Row row : csv.rows()) {
            double seconds = row.number("t", 0, LONGEST);
            if (seconds <= before) {
                throw new LabException(file + ": time goes from " + before + " to " + seconds
                        + " s; rows have to be in ascending order of t");
            }
            before = seconds;
            if (seconds >= next) {
                next = seconds + everySeconds;
                samples.add(new TraceSample(
                        seconds,
                        row.number("offset_s", -LARGEST_OFFSET, LARGEST_OFFSET),
                        csv.has("delay_s") ? row.number("delay_s", 0, LARGEST_DELAY) : Double.NaN,
                        measured.stream()
                                .map(column -> column.unit()
                                        * row.number(column.name(), -LARGEST_COVARIATE, LARGEST_COVARIATE))
                                .toList()));
            }
        }
        if (samples.size() < 3) {
            throw new LabException(file + " has " + samples.size() + " usable rows; a trace takes at least 3");
        }
        List<CovariateConfig> covariates =
                measured.stream().map(Column::covariate).toList();
        return new Trace(nameOf(file), covariates, List.copyOf(samples), csv.has("delay_s"));
    }

    static String nameOf(Path file) {
        return file.getFileName().toString().replaceFirst("\\.csv(\\.gz)?$", "");
    }

    /** As the file is called, without its extension. */
    public String name() {
        return name;
    }

    /** What else was measured. */
    List<CovariateConfig> covariates() {
        return covariates;
    }

    /** Measurements. */
    public int size() {
        return samples.size();
    }

    /** Whether the round-trip delays were recorded. */
    public boolean delaysRecorded() {
        return delaysRecorded;
    }

    /** Median of the times between measurements, s. */
    public double interval() {
        double[] gaps = new double[samples.size() - 1];
        for (int i = 0; i < gaps.length; i++) {
            gaps[i] = samples.get(i + 1).seconds() - samples.get(i).seconds();
        }
        return Quantiles.median(gaps);
    }

    /** From the first to the last measurement, s. */
    public double duration() {
        return samples.get(samples.size() - 1).seconds() - samples.get(0).seconds();
    }

    TraceSample sample(int index) {
        return samples.get(index);
    }

    double[] seconds() {
        return samples.stream().mapToDouble(TraceSample::seconds).toArray();
    }

    double[] offsets() {
        return samples.stream().mapToDouble(TraceSample::offset).toArray();
    }

    double[] delays() {
        return samples.stream().mapToDouble(TraceSample::delay).toArray();
    }

    /** Row time on the raw clock of the replay, ns. */
    static long rawNanos(double seconds) {
        return Math.round((FIRST_SECONDS + seconds) * 1e9);
    }

    /** UTC that the local clock would show, were it right, when the raw clock of the replay reads {@code rawNanos}; ns. */
    static long localUtcNanos(long rawNanos) {
        return rawNanos + Math.round((UTC_AT_FIRST_SECONDS - FIRST_SECONDS) * 1e9);
    }

    /**
     * The exchange as it can have been: t2 = t3 in the middle, moved by the offset.
     *
     * <p>Where no delay was recorded, twice the largest step between neighbouring offsets stands for it, so that samples do not
     * exclude each other.
     */
    Exchange exchange(int index) {
        TraceSample sample = samples.get(index);
        double delay = delaysRecorded ? sample.delay() : assumedDelay;
        long t1 = rawNanos(sample.seconds());
        long t4 = t1 + Math.round(delay * 1e9);
        long middle = t1 + (t4 - t1) / 2;
        long atServer = localUtcNanos(middle) + Math.round(sample.offset() * 1e9);
        return new Exchange(0, t1, atServer, atServer, t4, 0, 0, 0);
    }
}
