// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab;

import io.chronotick.engine.learned.FilterWeights;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Weights of the learned filter. */
public final class LearnedWeights {
    private static final String NAME = "tuned-filter.safetensors";
    private static final FilterWeights SHIPPED = read();

    private LearnedWeights() {}

    /** Those that come with the engine; read once. */
    public static FilterWeights shipped() {
        return SHIPPED;
    }

    /** Reads weights that somebody has trained. */
    public static FilterWeights read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return FilterWeights.of(in.readNBytes(FilterWeights.LARGEST + 1));
        } catch (NoSuchFileException e) {
            throw new LabException(file + " does not exist");
        } catch (IOException e) {
            throw new LabException(file + " cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new LabException(file + " " + e.getMessage() + ": training/export.py makes such files");
        }
    }

    private static FilterWeights read() {
        try (InputStream in = FilterWeights.class.getResourceAsStream(NAME)) {
            if (in == null) {
                throw new LabException(NAME + " is missing from the engine: build it again");
            }
            return FilterWeights.of(in.readAllBytes());
        } catch (IOException | IllegalArgumentException e) {
            throw new LabException(NAME + " of the engine " + e.getMessage() + ": build it again");
        }
    }
}
