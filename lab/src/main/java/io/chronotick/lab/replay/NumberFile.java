// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.lab.LabException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Reads a file of one number a line, packed by gzip. */
final class NumberFile {
    private NumberFile() {}

    /** @param largest of the absolute values, whatever they mean: what is beyond is a damaged file */
    static double[] read(Path file, double largest) {
        double[] numbers = new double[4096];
        int count = 0;
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file), 1 << 16), StandardCharsets.US_ASCII))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (count == numbers.length) {
                    numbers = Arrays.copyOf(numbers, 2 * count);
                }
                numbers[count++] = parse(line, largest, file, count);
            }
        } catch (EOFException e) {
            throw new LabException(file + " is truncated: fetch it again");
        } catch (ZipException e) {
            throw new LabException(file + " is not a gzip file, or a damaged one: " + e.getMessage());
        } catch (IOException e) {
            throw new LabException(file + " cannot be read: " + e);
        }
        return Arrays.copyOf(numbers, count);
    }

    private static double parse(String line, double largest, Path file, int number) {
        try {
            double value = Double.parseDouble(line);
            if (Math.abs(value) <= largest) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below, as for a number that makes no sense.
        }
        throw new LabException(file + ", line " + number + ": '" + line.strip() + "' is not a number of at most "
                + largest + ": the file is damaged or of another format");
    }
}
