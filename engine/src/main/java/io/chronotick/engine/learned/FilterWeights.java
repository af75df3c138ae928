// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The numbers a {@link NeuralKalmanFilter} was trained to, read from a safetensors file: eight bytes with the length of a JSON header,
 * the header with type, shape and place of every tensor, then the tensors, little-endian (the format's own description:
 * github.com/huggingface/safetensors). Immutable; thread-safe.
 */
public final class FilterWeights {
    private static final int LENGTH_BYTES = 8;

    /** No file of weights is longer, bytes. */
    public static final int LARGEST = 1 << 24;

    /** FNV-1a, 64 bits (Fowler, Noll and Vo): a flipped bit changes it. */
    private static final long FNV_START = 0xcbf29ce484222325L;

    private static final long FNV_PRIME = 0x100000001b3L;

    final Layer inputs;
    final Layer recurrentInput;
    final Layer recurrentHidden;
    final Layer middle;
    final Layer outputs;
    final Layer head;
    final Layer heads;

    /** A matrix and a bias. */
    static final class Layer {
        final int from;
        final int to;
        /** Column by column, so that a product with a vector runs along memory and is the same on every machine. */
        private final double[] columns;

        private final double[] bias;

        Layer(int from, int to, double[] columns, double[] bias) {
            this.from = from;
            this.to = to;
            this.columns = columns;
            this.bias = bias;
        }

        /** out = W in + b. */
        void apply(double[] in, double[] out) {
            System.arraycopy(bias, 0, out, 0, to);
            for (int i = 0; i < from; i++) {
                double x = in[i];
                int at = i * to;
                for (int o = 0; o < to; o++) {
                    out[o] += columns[at + o] * x;
                }
            }
        }
    }

    private FilterWeights(Reader reader) {
        int in = ExchangeFeatures.COUNT + NeuralKalmanFilter.CLOSED;
        int hidden = NeuralKalmanFilter.HIDDEN;
        inputs = reader.layer("inputs", in, NeuralKalmanFilter.INPUT);
        recurrentInput = reader.layer("gru_i", NeuralKalmanFilter.INPUT, 3 * hidden);
        recurrentHidden = reader.layer("gru_h", hidden, 3 * hidden);
        middle = reader.layer("middle", hidden + NeuralKalmanFilter.INPUT, NeuralKalmanFilter.MIDDLE);
        outputs = reader.layer("outputs", NeuralKalmanFilter.MIDDLE, NeuralKalmanFilter.OUTPUT);
        head = reader.layer("head", hidden + 2, NeuralKalmanFilter.HEAD);
        heads = reader.layer("heads", NeuralKalmanFilter.HEAD, NeuralKalmanFilter.HEADS);
    }

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException with what is wrong, in one line, when the file is damaged or made for another filter
     */
    public static FilterWeights of(byte[] file) {
        return new FilterWeights(new Reader(file));
    }

    private static final class Reader {
        private final String header;
        private final ByteBuffer data;

        Reader(byte[] file) {
            ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            long length = file.length < LENGTH_BYTES ? -1 : bytes.getLong(0);
            if (length < 2 || length > file.length - LENGTH_BYTES || file.length > LARGEST) {
                throw new IllegalArgumentException("is no safetensors file");
            }
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < length; i++) {
                text.append((char) (file[LENGTH_BYTES + i] & 0xff));
            }
            header = text.toString();
            data = bytes.slice(LENGTH_BYTES + (int) length, file.length - LENGTH_BYTES - (int) length)
                    .order(ByteOrder.LITTLE_ENDIAN);
            String stated = between("\"fnv1a64\":\"", "\"", 0);
            if (!stated.equals(Long.toHexString(checksum(data)))) {
                throw new IllegalArgumentException("is damaged: its checksum is not the one that it states");
            }
        }

        private static long checksum(ByteBuffer data) {
            long hash = FNV_START;
            for (int i = 0; i < data.capacity(); i++) {
                hash = (hash ^ (data.get(i) & 0xff)) * FNV_PRIME;
            }
            return hash;
        }

        Layer layer(String name, int from, int to) {
            double[] rows = tensor(name + ".weight", to * from, to + "," + from);
            double[] columns = new double[rows.length];
            for (int o = 0; o < to; o++) {
                for (int i = 0; i < from; i++) {
                    columns[i * to + o] = rows[o * from + i];
                }
            }
            return new Layer(from, to, columns, tensor(name + ".bias", to, Integer.toString(to)));
        }

        private double[] tensor(String name, int size, String shape) {
            int at = header.indexOf("\"" + name + "\":{");
            if (at < 0) {
                throw new IllegalArgumentException("lacks the tensor " + name);
            }
            String place = between("\"data_offsets\":[", ",", at);
            if (!between("\"dtype\":\"", "\"", at).equals("F32")
                    || !between("\"shape\":[", "]", at).equals(shape)) {
                throw new IllegalArgumentException("has " + name + " in another form than float32 [" + shape + "]");
            }
            int start;
            try {
                start = Integer.parseInt(place);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("has no place for " + name, e);
            }
            if (start < 0 || start > data.capacity() - size * Float.BYTES) {
                throw new IllegalArgumentException("ends before " + name);
            }
            double[] values = new double[size];
            for (int i = 0; i < size; i++) {
                values[i] = data.getFloat(start + i * Float.BYTES);
                if (!Double.isFinite(values[i])) {
                    throw new IllegalArgumentException("holds a value in " + name + " that is no number");
                }
            }
            return values;
        }

        private String between(String before, String after, int from) {
            int start = header.indexOf(before, from);
            int end = start < 0 ? -1 : header.indexOf(after, start + before.length());
            if (end < 0) {
                throw new IllegalArgumentException("has a header without " + before);
            }
            return header.substring(start + before.length(), end);
        }
    }
}
