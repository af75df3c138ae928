// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

import io.chronotick.engine.forecast.Estimate;
import io.chronotick.engine.math.CycleFinder;
import io.chronotick.engine.math.Nanos;
import java.util.Arrays;

/**
 * A Kalman filter of phase, frequency, drift and one cycle whose measurement shift, noises and outlook a small recurrent network
 * sets at every exchange with one server. What it knows is
 *
 * <pre>
 *   x   UTC - raw - epoch at the middle of the newest exchange, s
 *   y   its rate, s/s
 *   z   a rate's rate that fades with time constant tau, 1/s
 *   c   a part of the rate that goes round, s/s: u = c + i s, u' = -(a + i w) u
 *   s   its quadrature, s/s
 * </pre>
 *
 * w comes from a {@link CycleFinder} that watches y + c; until it finds one, c and s are nothing. The network was trained on simulated clocks and paths alone; training/README.md describes it,
 * training/tuned_filter.py is the same in PyTorch, and test vectors hold the two equal. Every length of time that the network
 * sees is relative to the scale of the queues: multiplying all delays and offsets multiplies the answer.
 *
 * <p>It sees no absolute scale and has no gate of its own against samples that cannot be: {@link GatedFilter} keeps it.
 * Deterministic. Not thread-safe. Allocates nothing after construction but estimates.
 */
final class NeuralKalmanFilter {
    // Long because: written line by line as training/tuned_filter.py has it, so that the two can be compared.

    static final int CLOSED = 22;
    static final int INPUT = 56;
    static final int HIDDEN = 96;
    static final int MIDDLE = 56;
    static final int OUTPUT = 12;
    static final int HEAD = 32;
    static final int HEADS = 3;

    private static final double LIMIT = 12;
    private static final double FIRST_TAU = 600;

    /** Surprises, in standard deviations, count for at most this; how fast their moments follow. */
    private static final double LARGEST_SURPRISE = 4;

    private static final double FAST = 0.05;
    private static final double SLOW = 0.01;
    private static final double SLOWEST = 0.005;

    /** Rates after so many exchanges count in full. */
    private static final int SETTLING = 3;

    private static final double TAU_SHORT = 60;
    private static final double LOG_TAU_RATIO = Math.log(20_000.0 / 60);

    /** Slopes of the outputs' bounds, one an output. */
    private static final double[] SLOPES = {0.5, 0.5, 1 / 3.0, 1 / 3.0, 1 / 3.0, 1 / 3.0, 0.25, 0.2, 0.2, 0.5, 0.5, 0.25
    };

    private static final int STATES = 5;
    private static final int X = 0;
    private static final int Y = 1;
    private static final int Z = 2;
    private static final int C = 3;
    private static final int S = 4;

    /** a: a cycle keeps its phase for as long as its finder remembers, 1/s. */
    private static final double CYCLE_DAMPING = 1 / CycleFinder.MEMORY;

    /** A cycle's line has this many times the median power: few are there by chance. */
    private static final double LINE = 10;

    /** That of another one that takes the place of a cycle that is followed already has this many times the median power. */
    private static final double OTHER_LINE = 20;

    /** y takes over what c was. */
    private static final double[][] FOLD = {
        {1, 0, 0, 0, 0},
        {0, 1, 0, 1, 0},
        {0, 0, 1, 0, 0},
        {0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0}
    };

    /** A period that moves by less than this part is that of the same cycle. */
    private static final double SAME_CYCLE = 0.2;

    /** The period is looked at again after this many exchanges. */
    private static final int EXCHANGES_PER_TUNING = 16;

    private final FilterWeights weights;
    private final ExchangeFeatures features = new ExchangeFeatures();
    private final double[] in = new double[ExchangeFeatures.COUNT + CLOSED];
    private final double[] fromInput = new double[3 * HIDDEN];
    private final double[] fromHidden = new double[3 * HIDDEN];
    /** The hidden state, then what the input layer says: what the middle layer reads. */
    private final double[] hidden = new double[HIDDEN];

    private final double[] input = new double[INPUT];
    private final double[] both = new double[HIDDEN + INPUT];
    private final double[] middle = new double[MIDDLE];
    private final double[] bent = new double[OUTPUT];
    private final double[] asked = new double[HIDDEN + 2];
    private final double[] head = new double[HEAD];
    private final double[] told = new double[HEADS];

    private final CycleFinder finder = new CycleFinder();
    private final double[] state = new double[STATES];
    private final double[][] covariance = new double[STATES][STATES];
    private final double[] moved = new double[STATES];
    private final double[][] product = new double[STATES][STATES];

    /** F: what a gap makes of the state. */
    private final double[][] transition = new double[STATES][STATES];

    private final double[] gain = new double[STATES];

    private long rawNanos;
    private double tau;
    private double qx;
    private double qy;
    private double qz;
    /** Angular frequency of the cycle, rad/s; 0 until there is one. */
    private double omega;

    // Whether the surprises are white and as large as was thought: what says that the noises are wrong.
    private double surprise;
    private double fastProduct;
    private double slowProduct;
    private double fastSquare;
    private double slowSquare;
    /** Means of the rate over some of the newest exchanges, and over many. */
    private double fastRate;

    private double slowRate;
    private double innovation;
    private double shift;
    private double noise;

    NeuralKalmanFilter(FilterWeights weights) {
        this.weights = weights;
    }

    /** Forgets everything. */
    void restart() {
        features.clear();
        finder.clear();
        Arrays.fill(hidden, 0);
    }

    /** Exchanges taken in since the last restart. */
    int exchanges() {
        return features.count();
    }

    /** Middle of the newest exchange, CLOCK_MONOTONIC_RAW, ns. */
    long rawNanos() {
        return rawNanos;
    }

    /** Variance of the newest measured offset, s^2. */
    double noise() {
        return noise;
    }

    /** What the newest measured offset was taken to be too low by, s. */
    double shift() {
        return shift;
    }

    /**
     * Takes in one exchange.
     *
     * @param middle its middle, CLOCK_MONOTONIC_RAW, ns; after that of the exchange before
     * @param offset measured UTC - raw - epoch, s
     * @param delay round-trip delay, s
     */
    void add(long middle, double offset, double delay) {
        double gap = Nanos.toSeconds(middle - rawNanos);
        rawNanos = middle;
        features.add(gap, offset, delay);
        if (features.count() == 1) {
            begin(offset, delay);
            return;
        }
        if (features.count() == 2) {
            double sd = 2 * (Math.sqrt(covariance[X][X]) + Math.abs(offset - state[X])) / gap;
            covariance[Y][Y] = sd * sd;
        }
        carry(gap);
        apply(transition);
        innovation = offset - state[X];
        think();
        update(gap);
        finder.add(middle, state[Y] + state[C]);
        if (features.count() % EXCHANGES_PER_TUNING == 0 && finder.find(LINE)) {
            tune(2 * Math.PI / finder.period());
        }
        follow();
    }

    private void begin(double offset, double delay) {
        double sd = delay / 2 + features.scale();
        Arrays.fill(state, 0);
        for (double[] row : covariance) {
            Arrays.fill(row, 0);
        }
        state[X] = offset;
        covariance[X][X] = sd * sd;
        tau = FIRST_TAU;
        qx = 0;
        qy = 0;
        qz = 0;
        omega = 0;
        surprise = 0;
        fastProduct = 0;
        slowProduct = 0;
        fastSquare = 1;
        slowSquare = 1;
        fastRate = 0;
        slowRate = 0;
        innovation = 0;
        shift = 0;
        noise = sd * sd;
    }

    /** Sets F for a gap. What a rate that goes round does to the phase is int u = u (1 - exp(-(a + i w) gap)) / (a + i w). */
    private void carry(double gap) {
        double decay = Math.exp(-gap / tau);
        double toY = tau * (1 - decay);
        double kept = Math.exp(-gap * CYCLE_DAMPING);
        double own = kept * Math.cos(omega * gap);
        double across = kept * Math.sin(omega * gap);
        double size = CYCLE_DAMPING * CYCLE_DAMPING + omega * omega;
        transition[X][X] = 1;
        transition[X][Y] = gap;
        transition[X][Z] = tau * (gap - toY);
        transition[X][C] = (CYCLE_DAMPING * (1 - own) + omega * across) / size;
        transition[X][S] = (omega * (1 - own) - CYCLE_DAMPING * across) / size;
        transition[Y][Y] = 1;
        transition[Y][Z] = toY;
        transition[Z][Z] = decay;
        transition[C][C] = own;
        transition[C][S] = across;
        transition[S][C] = -across;
        transition[S][S] = own;
    }

    /** Takes the state to M state and its covariance to M P M^T. */
    private void apply(double[][] matrix) {
        for (int i = 0; i < STATES; i++) {
            double sum = 0;
            for (int j = 0; j < STATES; j++) {
                sum += matrix[i][j] * state[j];
                double element = 0;
                for (int k = 0; k < STATES; k++) {
                    element += matrix[i][k] * covariance[k][j];
                }
                product[i][j] = element;
            }
            moved[i] = sum;
        }
        System.arraycopy(moved, 0, state, 0, STATES);
        for (int i = 0; i < STATES; i++) {
            for (int j = 0; j < STATES; j++) {
                double element = 0;
                for (int k = 0; k < STATES; k++) {
                    element += product[i][k] * matrix[j][k];
                }
                covariance[i][j] = element;
            }
        }
    }

    /** Follows the frequency of the cycle. Where it is another cycle, what went round in the old one becomes part of the rate. */
    private void tune(double found) {
        boolean same = omega > 0 && Math.abs(found / omega - 1) <= SAME_CYCLE;
        if (!same && omega > 0 && finder.strength() < OTHER_LINE) {
            return;
        }
        if (!same) {
            apply(FOLD);
            covariance[C][C] = finder.amplitude() * finder.amplitude();
            covariance[S][S] = covariance[C][C];
        }
        omega = found;
    }

    /** The mean rates move on; the first rates are on their way. */
    private void follow() {
        double settling = 1.0 / Math.max(features.count() - SETTLING, 1);
        fastRate += Math.max(settling, FAST) * (state[Y] - fastRate);
        slowRate += Math.max(settling, SLOWEST) * (state[Y] - slowRate);
    }

    /** The network: from the features to bounded outputs. */
    private void think() {
        double scale = features.scale();
        double excess = features.excess();
        double rhythm = features.smoothedGap();
        for (int i = 0; i < ExchangeFeatures.COUNT; i++) {
            // Training sees them as floats.
            in[i] = (float) features.value(i);
        }
        double relative = ExchangeFeatures.asinh(innovation / scale);
        double tenth = 0.1 * scale;
        double expected = Math.sqrt(covariance[X][X] + tenth * tenth);
        double swing = omega > 0 ? 1 / omega : 0;
        double y = state[Y];
        int at = ExchangeFeatures.COUNT;
        in[at++] = clamp(relative);
        in[at++] = clamp(ExchangeFeatures.asinh(innovation / (excess + tenth)));
        in[at++] = clamp(ExchangeFeatures.asinh(innovation / expected));
        in[at++] = clamp(Math.log(root(covariance[X][X]) / scale + 1e-6));
        in[at++] = clamp(Math.log(root(covariance[Y][Y]) * rhythm / scale + 1e-6));
        in[at++] = clamp(Math.log(root(covariance[Z][Z]) * rhythm * rhythm / scale + 1e-6));
        in[at++] = clamp(relative * ExchangeFeatures.asinh(excess / scale));
        in[at++] = clamp(Math.log(tau / FIRST_TAU));
        in[at++] = clamp(ExchangeFeatures.asinh(innovation / (excess + features.raised() + tenth)));
        in[at++] = fastProduct;
        in[at++] = slowProduct;
        in[at++] = Math.log(fastSquare + 0.01);
        in[at++] = Math.log(slowSquare + 0.01);
        in[at++] = clamp(ExchangeFeatures.asinh((y - fastRate) * rhythm / scale));
        in[at++] = clamp(ExchangeFeatures.asinh((y - slowRate) * rhythm / scale));
        in[at++] = clamp(ExchangeFeatures.asinh(state[Z] * rhythm * rhythm / scale));
        // How far the prediction is within what the queues of either way allow.
        in[at++] = clamp(ExchangeFeatures.asinh((excess + innovation) / expected));
        in[at++] = clamp(ExchangeFeatures.asinh((excess - innovation) / expected));
        in[at++] = clamp(Math.log(1 + finder.strength()));
        in[at++] = clamp(Math.log(omega * rhythm + 1e-3));
        in[at++] = clamp(Math.log(root(covariance[C][C]) * swing / scale + 1e-3));
        in[at] = clamp(Math.log(root(state[C] * state[C] + state[S] * state[S]) * swing / scale + 1e-3));
        weights.inputs.apply(in, input);
        silu(input);
        weights.recurrentInput.apply(input, fromInput);
        weights.recurrentHidden.apply(hidden, fromHidden);
        for (int i = 0; i < HIDDEN; i++) {
            double reset = sigmoid(fromInput[i] + fromHidden[i]);
            double keep = sigmoid(fromInput[HIDDEN + i] + fromHidden[HIDDEN + i]);
            double fresh = Math.tanh(fromInput[2 * HIDDEN + i] + reset * fromHidden[2 * HIDDEN + i]);
            hidden[i] = fresh + keep * (hidden[i] - fresh);
        }
        System.arraycopy(hidden, 0, both, 0, HIDDEN);
        System.arraycopy(input, 0, both, HIDDEN, INPUT);
        weights.middle.apply(both, middle);
        silu(middle);
        weights.outputs.apply(middle, bent);
        for (int i = 0; i < OUTPUT; i++) {
            bent[i] = Math.tanh(bent[i] * SLOPES[i]);
        }
    }

    /** Noise of the process over the gap and of the measurement as the network has it, then the update of Kalman. */
    private void update(double gap) {
        double scale = features.scale();
        double excess = features.excess();
        double rhythm = features.smoothedGap();
        shift = 1.2 * bent[0] * excess + 2 * bent[1] * scale + 1.2 * bent[10] * features.raised();
        double r1 = excess * Math.exp(-0.5 + 3 * bent[2]);
        double r2 = scale * Math.exp(-2 + 3 * bent[3]);
        double r3 = innovation * Math.exp(-5 + 6 * bent[4]);
        noise = r1 * r1 + r2 * r2 + r3 * r3;
        double jump = innovation * Math.exp(-8 + 9 * bent[5]);
        double q1 = scale * Math.exp(-6 + 8 * bent[6]);
        double q2 = scale * Math.exp(-6 + 10 * bent[7]) / rhythm;
        double q3 = scale * Math.exp(-9 + 11 * bent[8]) / (rhythm * rhythm);
        qx = q1 * q1 / rhythm;
        qy = q2 * q2 / rhythm;
        qz = q3 * q3 / rhythm;
        // A cycle's noise is counted in phase, and comes with the exchanges.
        double q4 = scale * Math.exp(-6 + 8 * bent[11]) * omega;
        double qc = q4 * q4 / rhythm * gap;
        double toY = transition[Y][Z];
        double e2 = toY * toY;
        double qxy = qy * gap * gap / 2 + qz * e2 * e2 / 8;
        double qxz = qz * e2 * toY / 6;
        double qyz = qz * e2 / 2;
        covariance[X][X] += jump * jump + qx * gap + qy * gap * gap * gap / 3 + qz * e2 * e2 * toY / 20;
        covariance[X][Y] += qxy;
        covariance[Y][X] += qxy;
        covariance[X][Z] += qxz;
        covariance[Z][X] += qxz;
        covariance[Y][Y] += qy * gap + qz * e2 * toY / 3;
        covariance[Y][Z] += qyz;
        covariance[Z][Y] += qyz;
        covariance[Z][Z] += qz * toY;
        covariance[C][C] += qc;
        covariance[S][S] += qc;
        tau = TAU_SHORT * Math.exp((0.5 + 0.5 * bent[9]) * LOG_TAU_RATIO);

        double total = covariance[X][X] + noise;
        double seen = innovation + shift;
        double fresh = Math.min(Math.max(seen / Math.sqrt(total), -LARGEST_SURPRISE), LARGEST_SURPRISE);
        double neighbours = fresh * surprise;
        double square = fresh * fresh;
        surprise = fresh;
        fastProduct += FAST * (neighbours - fastProduct);
        slowProduct += SLOW * (neighbours - slowProduct);
        fastSquare += FAST * (square - fastSquare);
        slowSquare += SLOW * (square - slowSquare);
        System.arraycopy(covariance[X], 0, moved, 0, STATES);
        for (int i = 0; i < STATES; i++) {
            gain[i] = moved[i] / total;
            state[i] += gain[i] * seen;
        }
        for (int i = 0; i < STATES; i++) {
            for (int j = 0; j < STATES; j++) {
                covariance[i][j] -= gain[i] * moved[j];
            }
        }
    }

    /** What UTC - raw - epoch is when the raw clock reads {@code raw}, not before the newest exchange; two exchanges at least. */
    Estimate estimate(long raw) {
        double lead = Nanos.toSeconds(raw - rawNanos);
        carry(lead);
        double toY = transition[Y][Z];
        double e2 = toY * toY;
        double offset = 0;
        double frequency = 0;
        double v00 = qx * lead + qy * lead * lead * lead / 3 + qz * e2 * e2 * toY / 20;
        double v01 = qy * lead * lead / 2 + qz * e2 * e2 / 8;
        double v11 = qy * lead + qz * e2 * toY / 3;
        for (int i = 0; i < STATES; i++) {
            // The rate is that of y and of what goes round.
            double rate = transition[Y][i] + transition[C][i];
            offset += transition[X][i] * state[i];
            frequency += rate * state[i];
            for (int j = 0; j < STATES; j++) {
                double rateThere = transition[Y][j] + transition[C][j];
                v00 += transition[X][i] * covariance[i][j] * transition[X][j];
                v01 += transition[X][i] * covariance[i][j] * rateThere;
                v11 += rate * covariance[i][j] * rateThere;
            }
        }
        double sd = Math.sqrt(Math.max(v00, 1e-24));
        System.arraycopy(hidden, 0, asked, 0, HIDDEN);
        asked[HIDDEN] = clamp(Math.log(lead / features.smoothedGap() + 1e-3));
        asked[HIDDEN + 1] = clamp(Math.log(sd / features.scale() + 1e-6));
        weights.head.apply(asked, head);
        silu(head);
        weights.heads.apply(head, told);
        double stretch = Math.exp(4 * Math.tanh(told[2] / 4));
        return new Estimate(
                raw,
                offset + 2 * Math.tanh(told[0] / 2) * sd,
                frequency,
                sd * sd * stretch * stretch,
                v01 * stretch * stretch,
                v11 * stretch * stretch,
                qy);
    }

    /** Whether its numbers are numbers: nothing that comes in should change that, but nothing would mend it either. */
    boolean isSound() {
        double sum = qx + qy + qz;
        for (int i = 0; i < STATES; i++) {
            sum += state[i] + covariance[i][i];
        }
        return covariance[X][X] >= 0 && Double.isFinite(sum);
    }

    private static double root(double variance) {
        return Math.sqrt(Math.max(variance, 1e-40));
    }

    private static double clamp(double value) {
        return Math.min(Math.max(value, -LIMIT), LIMIT);
    }

    private static void silu(double[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= sigmoid(values[i]);
        }
    }

    private static double sigmoid(double value) {
        return 1 / (1 + Math.exp(-value));
    }
}
