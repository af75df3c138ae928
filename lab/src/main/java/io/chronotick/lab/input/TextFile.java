// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.input;

import io.chronotick.lab.LabException;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.ObjIntConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** A text file, packed by gzip when its name ends in .gz. */
public final class TextFile {
    private TextFile() {}

    /** Hands over every line with its number, from 1. */
    public static void forEachLine(Path file, ObjIntConsumer<String> consumer) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(open(file), StandardCharsets.UTF_8.newDecoder()))) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                consumer.accept(line, ++number);
            }
        } catch (NoSuchFileException e) {
            throw new LabException(file + " does not exist");
        } catch (EOFException e) {
            throw new LabException(file + " is truncated: fetch it again");
        } catch (ZipException e) {
            throw new LabException(file + " is not a gzip file, or a damaged one: " + e.getMessage());
        } catch (MalformedInputException e) {
            throw new LabException(file + " is not text: is it the right file?");
        } catch (IOException e) {
            throw new LabException(file + " cannot be read: " + e.getMessage());
        }
    }

    private static InputStream open(Path file) throws IOException {
        InputStream raw = Files.newInputStream(file);
        if (!file.getFileName().toString().endsWith(".gz")) {
            return raw;
        }
        try {
            return new GZIPInputStream(raw, 1 << 16);
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }
}
