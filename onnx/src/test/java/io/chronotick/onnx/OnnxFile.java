// SPDX-License-Identifier: Apache-2.0
package io.chronotick.onnx;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes small ONNX files: a protocol buffer (varints, and length-delimited fields) of a ModelProto, with the field numbers of
 * onnx.proto (github.com/onnx/onnx, IR version 8, operator set 17). Just what the tests need.
 */
final class OnnxFile {
    static final int FLOAT = 1;
    static final int INT64 = 7;
    static final int BOOL = 9;
    static final int DOUBLE = 11;

    private static final int ATTRIBUTE_INT = 2;
    private static final int ATTRIBUTE_GRAPH = 5;

    /** One message of the protocol buffer. */
    static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                bytes.write((int) ((rest & 0x7F) | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }

        Message number(int field, long value) {
            varint((long) field << 3);
            varint(value);
            return this;
        }

        Message bytes(int field, byte[] value) {
            varint(((long) field << 3) | 2);
            varint(value.length);
            bytes.writeBytes(value);
            return this;
        }

        Message text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return bytes(field, value.bytes.toByteArray());
        }
    }

    private final Message graph = new Message();
    private final List<String> names = new ArrayList<>();

    OnnxFile() {
        graph.text(2, "graph");
    }

    /** An operator; an input "" is left out. */
    OnnxFile node(String operator, List<String> inputs, List<String> outputs, Message... attributes) {
        Message node = new Message();
        inputs.forEach(input -> node.text(1, input));
        outputs.forEach(output -> node.text(2, output));
        node.text(3, operator + names.size()).text(4, operator);
        names.add(operator);
        for (Message attribute : attributes) {
            node.message(5, attribute);
        }
        graph.message(1, node);
        return this;
    }

    static Message attribute(String name, long value) {
        return new Message().text(1, name).number(3, value).number(20, ATTRIBUTE_INT);
    }

    static Message attribute(String name, OnnxFile body) {
        return new Message().text(1, name).message(6, body.graph).number(20, ATTRIBUTE_GRAPH);
    }

    OnnxFile floats(String name, long[] shape, double... values) {
        ByteBuffer raw = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            raw.putFloat((float) value);
        }
        return constant(name, shape, FLOAT, raw.array());
    }

    OnnxFile integer(String name, long value) {
        byte[] raw = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return constant(name, new long[0], INT64, raw);
    }

    private OnnxFile constant(String name, long[] shape, int type, byte[] raw) {
        Message tensor = new Message();
        for (long size : shape) {
            tensor.number(1, size);
        }
        graph.message(5, tensor.number(2, type).text(8, name).bytes(9, raw));
        return this;
    }

    /** An input of the graph; a size below zero is a dimension left open. */
    OnnxFile input(String name, int type, long... shape) {
        graph.message(11, value(name, type, shape));
        return this;
    }

    OnnxFile output(String name, int type, long... shape) {
        graph.message(12, value(name, type, shape));
        return this;
    }

    private static Message value(String name, int type, long[] shape) {
        Message dimensions = new Message();
        for (long size : shape) {
            Message dimension = new Message();
            dimensions.message(1, size < 0 ? dimension.text(2, "n") : dimension.number(1, size));
        }
        Message tensor = new Message().number(1, type).message(2, dimensions);
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    Path write(Path file) throws IOException {
        Message operators = new Message().text(1, "").number(2, 17);
        Message model = new Message().number(1, 8).message(7, graph).message(8, operators);
        return Files.write(file, model.bytes.toByteArray());
    }

    // --- The models of the tests ---

    /**
     * Quantiles of a straight line: the least-squares line through {@code n} samples, continued by {@code ahead} steps, plus
     * {@code spread} for each quantile. y = x W + b, where a sample at place i counts 1/n + (i - m) (n - 1 + ahead - m) / S, with m
     * the middle place and S the sum of all (i - m)^2.
     */
    static OnnxFile line(int n, double ahead, double... spread) {
        int q = spread.length;
        double middle = (n - 1) / 2.0;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            squares += (i - middle) * (i - middle);
        }
        double[] weights = new double[n * q];
        for (int i = 0; i < n; i++) {
            double weight = 1.0 / n + (i - middle) * (n - 1 + ahead - middle) / squares;
            for (int k = 0; k < q; k++) {
                weights[i * q + k] = weight;
            }
        }
        return new OnnxFile()
                .floats("W", new long[] {n, q}, weights)
                .floats("b", new long[] {q}, spread)
                .node("MatMul", List.of("context", "W"), List.of("line"))
                .node("Add", List.of("line", "b"), List.of("quantiles"))
                .input("context", FLOAT, 1, n)
                .output("quantiles", FLOAT, 1, q);
    }

    /** The same, after 10^12 turns of a loop unless the context is all zeros. */
    static OnnxFile endless(int n, double... spread) {
        OnnxFile body = new OnnxFile()
                .floats("one", new long[0], 1)
                .node("Identity", List.of("go"), List.of("still"))
                .node("Add", List.of("before", "one"), List.of("after"))
                .input("turn", INT64)
                .input("go", BOOL)
                .input("before", FLOAT)
                .output("still", BOOL)
                .output("after", FLOAT);
        int q = spread.length;
        return new OnnxFile()
                .floats("W", new long[] {n, q}, new double[n * q])
                .floats("b", new long[] {q}, spread)
                .floats("zero", new long[0], 0)
                .integer("many", 1_000_000_000_000L)
                .node("Abs", List.of("context"), List.of("sizes"))
                .node("ReduceMax", List.of("sizes"), List.of("size"), attribute("keepdims", 0))
                .node("Sign", List.of("size"), List.of("sign"))
                .node("Cast", List.of("sign"), List.of("any"), attribute("to", INT64))
                .node("Mul", List.of("any", "many"), List.of("turns"))
                .node("Loop", List.of("turns", "", "zero"), List.of("end"), attribute("body", body))
                .node("Mul", List.of("end", "zero"), List.of("nothing"))
                .node("MatMul", List.of("context", "W"), List.of("none"))
                .node("Add", List.of("none", "b"), List.of("spread"))
                .node("Add", List.of("spread", "nothing"), List.of("quantiles"))
                .input("context", FLOAT, 1, n)
                .output("quantiles", FLOAT, 1, q);
    }
}
