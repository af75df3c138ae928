// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.engine.learned.FilterWeights;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The weights of the learned filter. Without them the clock model speaks alone; one line in the log says so. */
final class LearnedWeights {
    static final String SHIPPED = "tuned-filter.safetensors";

    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private LearnedWeights() {}

    /** Reads the weights of the operator's own file, or those that come with the engine. */
    static Optional<FilterWeights> load(Optional<Path> own) {
        return own.map(LearnedWeights::ofFile).orElseGet(() -> ofResource(SHIPPED));
    }

    /** A file that is wrong does not fall back to the shipped weights: nobody would notice which of them speak. */
    private static Optional<FilterWeights> ofFile(Path file) {
        String remedy = "Train it again (training/README.md), or take short_term.model_params.path out for the weights"
                + " that come with ChronoTick";
        try (InputStream in = Files.newInputStream(file)) {
            FilterWeights weights = FilterWeights.of(in.readNBytes(FilterWeights.LARGEST + 1));
            LOG.info("learned filter: weights from {}", file);
            return Optional.of(weights);
        } catch (IOException e) {
            return without(file.toString(), "cannot be read: " + ExchangeLog.reason(e), remedy);
        } catch (IllegalArgumentException e) {
            return without(file.toString(), String.valueOf(e.getMessage()), remedy);
        }
    }

    /** Reads a resource of the engine. */
    static Optional<FilterWeights> ofResource(String name) {
        String remedy = "Install ChronoTick again";
        try (InputStream in = FilterWeights.class.getResourceAsStream(name)) {
            return in == null ? without(name, "is missing", remedy) : Optional.of(FilterWeights.of(in.readAllBytes()));
        } catch (IOException | IllegalArgumentException e) {
            return without(name, String.valueOf(e.getMessage()), remedy);
        }
    }

    private static Optional<FilterWeights> without(String name, String why, String remedy) {
        LOG.warn("learned filter: {} {}; the clock model speaks alone. {}", name, why, remedy);
        return Optional.empty();
    }
}
