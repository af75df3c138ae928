// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

/**
 * A Kalman filter of phase, frequency and drift whose measurement shift, noises and outlook a small recurrent network sets at
 * every exchange with one server. The network was trained on simulated clocks and paths alone; training/README.md describes it,
 * training/tuned_filter.py is the same in PyTorch, and test vectors hold the two equal. Every length of time that the network
 * sees is relative to the scale of the queues: multiplying all delays and offsets multiplies the answer.
 *
 * <p>It sees no absolute scale and has no gate of its own against samples that cannot be: {@link SecondOpinion} keeps it.
 * Deterministic. Not thread-safe. Allocates nothing after construction but estimates.
 */
final class TunedFilter {
    static final int CLOSED = 16;
    static final int INPUT = 48;
    static final int HIDDEN = 64;
    static final int MIDDLE = 48;
    static final int OUTPUT = 11;
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
    private static final double[] SLOPES = {0.5, 0.5, 1 / 3.0, 1 / 3.0, 1 / 3.0, 1 / 3.0, 0.25, 0.2, 0.2, 0.5, 0.5};

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

    private long rawNanos;
    private double x;
    private double y;
    private double z;
    private double pxx;
    private double pxy;
    private double pxz;
    private double pyy;
    private double pyz;
    private double pzz;
    private double tau;
    private double qx;
    private double qy;
    private double qz;
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

    // What z does to itself, to y and to x over the gap that was last asked for.
    private double decay;
    private double toY;
    private double toX;

    TunedFilter(FilterWeights weights) {
        this.weights = weights;
    }

    /** Forgets everything. */
    void restart() {
        features.clear();
        java.util.Arrays.fill(hidden, 0);
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
        double gap = (middle - rawNanos) * 1e-9;
        rawNanos = middle;
        features.add(gap, offset, delay);
        if (features.count() == 1) {
            begin(offset, delay);
            return;
        }
        if (features.count() == 2) {
            double sd = 2 * (Math.sqrt(pxx) + Math.abs(offset - x)) / gap;
            pyy = sd * sd;
        }
        predict(gap);
        innovation = offset - x;
        think();
        update(gap);
    }

    private void begin(double offset, double delay) {
        double sd = delay / 2 + features.scale();
        x = offset;
        y = 0;
        z = 0;
        pxx = sd * sd;
        pxy = 0;
        pxz = 0;
        pyy = 0;
        pyz = 0;
        pzz = 0;
        tau = FIRST_TAU;
        qx = 0;
        qy = 0;
        qz = 0;
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

    private void transition(double gap) {
        decay = Math.exp(-gap / tau);
        toY = tau * (1 - decay);
        toX = tau * (gap - toY);
    }

    private void predict(double gap) {
        transition(gap);
        x += gap * y + toX * z;
        y += toY * z;
        z *= decay;
        // P <- F P F', F = [1 gap toX; 0 1 toY; 0 0 decay]
        double ax = pxx + gap * pxy + toX * pxz;
        double ay = pxy + gap * pyy + toX * pyz;
        double az = pxz + gap * pyz + toX * pzz;
        double by = pyy + toY * pyz;
        double bz = pyz + toY * pzz;
        pxx = ax + gap * ay + toX * az;
        pxy = ay + toY * az;
        pxz = decay * az;
        pyy = by + toY * bz;
        pyz = decay * bz;
        pzz = decay * decay * pzz;
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
        double relative = asinh(innovation / scale);
        double tenth = 0.1 * scale;
        int at = ExchangeFeatures.COUNT;
        in[at++] = clamp(relative);
        in[at++] = clamp(asinh(innovation / (excess + tenth)));
        in[at++] = clamp(asinh(innovation / Math.sqrt(pxx + tenth * tenth)));
        in[at++] = clamp(Math.log(root(pxx) / scale + 1e-6));
        in[at++] = clamp(Math.log(root(pyy) * rhythm / scale + 1e-6));
        in[at++] = clamp(Math.log(root(pzz) * rhythm * rhythm / scale + 1e-6));
        in[at++] = clamp(relative * asinh(excess / scale));
        in[at++] = clamp(Math.log(tau / FIRST_TAU));
        in[at++] = clamp(asinh(innovation / (excess + features.raised() + tenth)));
        in[at++] = fastProduct;
        in[at++] = slowProduct;
        in[at++] = Math.log(fastSquare + 0.01);
        in[at++] = Math.log(slowSquare + 0.01);
        in[at++] = clamp(asinh((y - fastRate) * rhythm / scale));
        in[at++] = clamp(asinh((y - slowRate) * rhythm / scale));
        in[at] = clamp(asinh(z * rhythm * rhythm / scale));
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
        double e2 = toY * toY;
        pxx += jump * jump + qx * gap + qy * gap * gap * gap / 3 + qz * e2 * e2 * toY / 20;
        pxy += qy * gap * gap / 2 + qz * e2 * e2 / 8;
        pxz += qz * e2 * toY / 6;
        pyy += qy * gap + qz * e2 * toY / 3;
        pyz += qz * e2 / 2;
        pzz += qz * toY;
        tau = TAU_SHORT * Math.exp((0.5 + 0.5 * bent[9]) * LOG_TAU_RATIO);

        double total = pxx + noise;
        double kx = pxx / total;
        double ky = pxy / total;
        double kz = pxz / total;
        double seen = innovation + shift;
        double fresh = Math.min(Math.max(seen / Math.sqrt(total), -LARGEST_SURPRISE), LARGEST_SURPRISE);
        double product = fresh * surprise;
        double square = fresh * fresh;
        surprise = fresh;
        fastProduct += FAST * (product - fastProduct);
        slowProduct += SLOW * (product - slowProduct);
        fastSquare += FAST * (square - fastSquare);
        slowSquare += SLOW * (square - slowSquare);
        x += kx * seen;
        y += ky * seen;
        // The first rates are on their way.
        double settling = 1.0 / Math.max(features.count() - SETTLING, 1);
        fastRate += Math.max(settling, FAST) * (y - fastRate);
        slowRate += Math.max(settling, SLOWEST) * (y - slowRate);
        z += kz * seen;
        pzz -= kz * pxz;
        pyz -= ky * pxz;
        pyy -= ky * pxy;
        pxz -= kx * pxz;
        pxy -= kx * pxy;
        pxx -= kx * pxx;
    }

    /** What UTC - raw - epoch is when the raw clock reads {@code raw}, not before the newest exchange; two exchanges at least. */
    Estimate estimate(long raw) {
        double lead = (raw - rawNanos) * 1e-9;
        transition(lead);
        double ax = pxx + lead * pxy + toX * pxz;
        double ay = pxy + lead * pyy + toX * pyz;
        double az = pxz + lead * pyz + toX * pzz;
        double by = pyy + toY * pyz;
        double bz = pyz + toY * pzz;
        double e2 = toY * toY;
        double v00 = ax + lead * ay + toX * az + qx * lead + qy * lead * lead * lead / 3 + qz * e2 * e2 * toY / 20;
        double v01 = ay + toY * az + qy * lead * lead / 2 + qz * e2 * e2 / 8;
        double v11 = by + toY * bz + qy * lead + qz * e2 * toY / 3;
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
                x + lead * y + toX * z + 2 * Math.tanh(told[0] / 2) * sd,
                y + toY * z,
                sd * sd * stretch * stretch,
                v01 * stretch * stretch,
                v11 * stretch * stretch,
                qy);
    }

    /** Whether its numbers are numbers: nothing that comes in should change that, but nothing would mend it either. */
    boolean isSound() {
        return pxx >= 0 && Double.isFinite(pxx + x + y + z + qx + qy + qz);
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

    private static double asinh(double value) {
        double size = Math.abs(value);
        return Math.copySign(Math.log(size + Math.sqrt(size * size + 1)), value);
    }
}
