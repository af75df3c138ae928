// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine keeps every limit of the library. */
@Execution(ExecutionMode.CONCURRENT)
class ScenarioLibraryTest {
    static List<String> names() {
        return ScenarioLibrary.names();
    }

    /** Starts with other laws of the queues, 60 runs each. */
    private static boolean isLong(String name) {
        return name.startsWith("start-") && !name.startsWith("start-gamma-");
    }

    static List<String> shortOnes() {
        return names().stream().filter(name -> !isLong(name)).toList();
    }

    static List<String> longOnes() {
        return names().stream().filter(ScenarioLibraryTest::isLong).toList();
    }

    @ParameterizedTest
    @MethodSource("shortOnes")
    void engineKeepsTheLimitsOf(String name) {
        assertKeepsItsLimits(name);
    }

    @ParameterizedTest
    @MethodSource("longOnes")
    @Tag("slow")
    void engineKeepsTheLimitsOfTheLongOne(String name) {
        assertKeepsItsLimits(name);
    }

    private static void assertKeepsItsLimits(String name) {
        Scenario scenario = ScenarioLibrary.find(name).orElseThrow();
        assertThat(Simulation.run(scenario, 1, 0, Set.of(), Optional.empty()).breaches())
                .as(scenario.about())
                .isEmpty();
    }

    /** Limits that nobody sets are kept by everybody. */
    @ParameterizedTest
    @MethodSource("names")
    void scenarioDemandsSomething(String name) {
        Limits limits = ScenarioLibrary.find(name).orElseThrow().limits();
        assertThat(limits.windows())
                .isNotEmpty()
                .allMatch(window -> !window.ranges().isEmpty());
    }

    @Test
    void indexListsEveryFile() throws IOException, URISyntaxException {
        Path directory = Path.of(Objects.requireNonNull(
                                ScenarioLibrary.class.getResource("/io/chronotick/lab/scenarios/index.txt"))
                        .toURI())
                .resolveSibling(".");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith(".yaml"))
                            .map(ScenarioFile::nameOf))
                    .containsExactlyInAnyOrderElementsOf(names());
        }
    }

    /** A few of the made-up ones; the soak has thousands. */
    @ParameterizedTest
    @MethodSource("seeds")
    void guaranteeHoldsInWorldsThatNobodyThoughtOf(long seed) {
        assertThat(Simulation.run(RandomScenario.of(seed), seed, 1, Set.of(), Optional.empty())
                        .breaches())
                .as("chronotick lab simulate --count 1 --random " + seed)
                .isEmpty();
    }

    static Stream<Long> seeds() {
        return Stream.iterate(1L, seed -> seed + 1).limit(10);
    }
}
