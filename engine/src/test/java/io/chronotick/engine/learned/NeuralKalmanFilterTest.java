// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.forecast.Estimate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NeuralKalmanFilterTest {
    private static final double[] LEADS = {0.5, 16, 700};

    static byte[] weightsFile() {
        try (InputStream in = NeuralKalmanFilter.class.getResourceAsStream("tuned-filter.safetensors")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static FilterWeights weights() {
        return FilterWeights.of(weightsFile());
    }

    /** training/export.py wrote what PyTorch makes, in float64, of exchanges that `chronotick lab dataset` made up. */
    @Test
    void agreesWithPyTorch() throws IOException {
        NeuralKalmanFilter filter = new NeuralKalmanFilter(weights());
        String sequence = "";
        long middle = 0;
        int compared = 0;
        for (double[] row : vectors()) {
            String name = Double.toString(row[0]);
            if (!name.equals(sequence)) {
                filter.restart();
                sequence = name;
            }
            middle += Math.round(row[1] * 1e9);
            filter.add(middle, row[2], row[3]);
            for (int k = 0; k < LEADS.length && filter.exchanges() > 1; k++) {
                Estimate estimate = filter.estimate(middle + Math.round(LEADS[k] * 1e9));
                double sd = row[5 + 2 * k];
                // Of the deviation, which is what an error of the mean has to be measured by.
                assertThat(estimate.offset()).isCloseTo(row[4 + 2 * k], within(1e-5 * sd));
                assertThat(estimate.sd()).isCloseTo(sd, within(1e-5 * sd));
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(2000);
    }

    private static List<double[]> vectors() throws IOException {
        List<double[]> rows = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                NeuralKalmanFilterTest.class.getResourceAsStream("tuned-filter-vectors.csv"),
                StandardCharsets.US_ASCII))) {
            lines.readLine();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                rows.add(Arrays.stream(line.split(","))
                        .mapToDouble(Double::parseDouble)
                        .toArray());
            }
        }
        return rows;
    }

    /** All delays and all noise, the clock's among it, ten times as large: so is the answer. */
    @Test
    void answerGrowsWithTheScale() {
        NeuralKalmanFilter small = new NeuralKalmanFilter(weights());
        NeuralKalmanFilter large = new NeuralKalmanFilter(weights());
        Random random = new Random(3);
        double frequency = 2e-6;
        double offset = 0;
        for (int i = 0; i < 400; i++) {
            long middle = i * 16_000_000_000L;
            frequency += 4e-9 * random.nextGaussian();
            offset += 16 * frequency;
            double there = -1e-3 * Math.log(1 - random.nextDouble());
            double back = -1e-3 * Math.log(1 - random.nextDouble());
            double measured = offset + (there - back) / 2;
            double delay = 0.02 + there + back;
            small.add(middle, measured, delay);
            large.add(middle, 10 * measured, 10 * delay);
            if (i > 0) {
                Estimate one = small.estimate(middle + 8_000_000_000L);
                Estimate ten = large.estimate(middle + 8_000_000_000L);
                assertThat(ten.offset()).isCloseTo(10 * one.offset(), within(1e-3 * ten.sd()));
                assertThat(ten.sd()).isCloseTo(10 * one.sd(), within(1e-3 * ten.sd()));
            }
        }
        // It has learned something: a sample is off by 0.7 ms.
        assertThat(small.estimate(small.rawNanos()).offset()).isCloseTo(offset, within(3e-4));
    }

    /** Heating that comes and goes every half hour: whoever only knew the rate would be off by up to 0.7 ms a quarter of an hour ahead. */
    @Test
    void forecastsACycle() {
        NeuralKalmanFilter filter = new NeuralKalmanFilter(weights());
        Random random = new Random(5);
        double omega = 2 * Math.PI / 1800;
        double largest = 0;
        for (int i = 0; i < 900; i++) {
            double there = -2e-5 * Math.log(1 - random.nextDouble());
            double back = -2e-5 * Math.log(1 - random.nextDouble());
            filter.add(i * 64_000_000_000L, offset(omega, i * 64.0) + (there - back) / 2, 2e-4 + there + back);
            if (i >= 600) {
                double forecast =
                        filter.estimate(filter.rawNanos() + 900_000_000_000L).offset();
                largest = Math.max(largest, Math.abs(forecast - offset(omega, i * 64.0 + 900)));
            }
        }
        assertThat(largest).isLessThan(1.5e-4);
    }

    /** 3 ppm fast, and 0.8 ppm to and fro. */
    private static double offset(double omega, double seconds) {
        return 3e-6 * seconds + 8e-7 / omega * Math.sin(omega * seconds);
    }

    @Test
    void damagedWeightsAreRefusedInOneLine() {
        byte[] file = weightsFile();
        byte[] flipped = file.clone();
        flipped[file.length - 1000] ^= 1;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterWeights.of(flipped))
                .withMessage("is damaged: its checksum is not the one that it states");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterWeights.of(Arrays.copyOf(file, file.length / 2)))
                .withMessage("is damaged: its checksum is not the one that it states");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterWeights.of(new byte[0]))
                .withMessage("is no safetensors file");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FilterWeights.of("<html>not here</html>".getBytes(StandardCharsets.US_ASCII)))
                .withMessage("is no safetensors file");
    }
}
