// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.input;

import io.chronotick.lab.LabException;
import java.nio.file.Path;
import java.util.stream.DoubleStream;

/** A file of one number a line. */
public final class NumberFile {
    private NumberFile() {}

    /**
     * Reads all numbers.
     *
     * @param file may be packed by gzip
     * @param largest absolute value that makes sense; what is beyond tells of a damaged file
     */
    public static double[] read(Path file, double largest) {
        DoubleStream.Builder numbers = DoubleStream.builder();
        TextFile.forEachLine(file, (line, number) -> numbers.add(parse(line, largest, file, number)));
        return numbers.build().toArray();
    }

    private static double parse(String line, double largest, Path file, int number) {
        double value = Numbers.parse(line);
        if (!(Math.abs(value) <= largest)) {
            throw new LabException(file + ", line " + number + ": '" + Numbers.shortened(line)
                    + "' is not a number between -" + largest + " and " + largest
                    + ": the file is damaged or of another format");
        }
        return value;
    }
}
