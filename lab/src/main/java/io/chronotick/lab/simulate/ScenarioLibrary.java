// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The scenarios that come with the program; the build fails when one of their limits is not kept. */
public final class ScenarioLibrary {
    private static final String INDEX = "index.txt";

    private ScenarioLibrary() {}

    /** Names, in the order of the reports. */
    public static List<String> names() {
        return resource(INDEX).lines().filter(line -> !line.isBlank()).toList();
    }

    /** The scenario of a name, if there is one. */
    public static Optional<Scenario> find(String name) {
        return names().contains(name)
                ? Optional.of(ScenarioFile.parse(text(name), name + ".yaml", name))
                : Optional.empty();
    }

    /** The file of a scenario of the library, as an example to start from. */
    public static String text(String name) {
        return resource(name + ".yaml");
    }

    private static String resource(String name) {
        try (InputStream in = ScenarioLibrary.class.getResourceAsStream("/io/chronotick/lab/scenarios/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the library lacks " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
