// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.lab.LabException;
import io.chronotick.lab.baseline.Oracle;
import io.chronotick.lab.input.NumberFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory in the format of the replay set: {@code freq_CLOCK_SEED.txt.gz}, {@code delay_PATH_SEED_fwd.txt.gz} and
 * {@code _ret.txt.gz}, and perhaps chrony's results. Seed s of a clock goes with seed s of every path. Thread-safe.
 */
public final class ReplaySet {
    private static final Pattern FREQUENCY = Pattern.compile("freq_(.+)_([^_]+)\\.txt\\.gz");
    private static final Pattern DELAY = Pattern.compile("delay_(.+)_([^_]+)_(fwd|ret)\\.txt\\.gz");

    /** No clock is off by more than 1 %, no packet takes longer than 1000 s: such numbers are damage. */
    private static final double LARGEST_FREQUENCY = 0.01;

    private static final double LARGEST_DELAY = 1000;

    private final Path directory;
    private final ChronyResults chrony;
    private final Optional<ReplayLaws> laws;
    private final List<ReplayCase> cases;
    private final Map<String, RawClock> clocks = new ConcurrentHashMap<>();
    private final Map<String, PathDelays> paths = new ConcurrentHashMap<>();

    private ReplaySet(Path directory, ChronyResults chrony, Optional<ReplayLaws> laws, List<ReplayCase> cases) {
        this.directory = directory;
        this.chrony = chrony;
        this.laws = laws;
        this.cases = cases;
    }

    /** Looks what there is; the files are read when they are needed. */
    public static ReplaySet open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new LabException(directory + " is not a directory: give one in the format of the replay set");
        }
        Map<String, Set<String>> clocks = new TreeMap<>(Comparator.comparing(String::toString));
        Map<String, Set<String>> forward = new TreeMap<>();
        Map<String, Set<String>> back = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.forEach(file -> {
                String name = file.getFileName().toString();
                Matcher frequency = FREQUENCY.matcher(name);
                Matcher delay = DELAY.matcher(name);
                if (frequency.matches()) {
                    add(clocks, frequency.group(1), frequency.group(2));
                } else if (delay.matches()) {
                    add(delay.group(3).equals("fwd") ? forward : back, delay.group(1), delay.group(2));
                }
            });
        } catch (IOException e) {
            throw new LabException(directory + " cannot be read: " + e.getMessage());
        }
        ChronyResults chrony = ChronyResults.read(directory.resolve("chrony_results.csv"));
        List<ReplayCase> cases = new ArrayList<>();
        for (String clock : chrony.inRecordedOrder(clocks.keySet())) {
            for (String path : chrony.inRecordedOrder(forward.keySet())) {
                for (String seed : clocks.getOrDefault(clock, Set.of())) {
                    if (forward.getOrDefault(path, Set.of()).contains(seed)
                            && back.getOrDefault(path, Set.of()).contains(seed)) {
                        cases.add(new ReplayCase(clock, path, seed));
                    }
                }
            }
        }
        if (cases.isEmpty()) {
            throw new LabException(directory + " holds no replay: expected freq_CLOCK_SEED.txt.gz and"
                    + " delay_PATH_SEED_fwd.txt.gz, delay_PATH_SEED_ret.txt.gz of the same seed");
        }
        return new ReplaySet(directory, chrony, Optional.empty(), List.copyOf(cases));
    }

    /** The same, with an oracle beside the estimators that knows the laws in {@code laws.json}. */
    public ReplaySet withOracle() {
        return new ReplaySet(directory, chrony, Optional.of(ReplayLaws.read(directory.resolve("laws.json"))), cases);
    }

    /** One that knows the laws of this case; none where nobody asked or they are not written down. */
    Optional<Oracle> oracle(ReplayCase which) {
        return laws.flatMap(known -> known.oracle(which));
    }

    private static void add(Map<String, Set<String>> seeds, String name, String seed) {
        seeds.computeIfAbsent(name, ignored -> new TreeSet<>()).add(seed);
    }

    /** Every clock with every path of the same seed, in the order of the reports. */
    public List<ReplayCase> cases() {
        return cases;
    }

    /** What chrony made of it; empty when that is not recorded. */
    public ChronyResults chrony() {
        return chrony;
    }

    RawClock clock(ReplayCase which, ReplayRules rules) {
        String name = "freq_" + which.clock() + "_" + which.seed() + ".txt.gz";
        return clocks.computeIfAbsent(name, ignored -> {
            double[] frequencies = NumberFile.read(directory.resolve(name), LARGEST_FREQUENCY);
            if (frequencies.length < rules.endSeconds()) {
                throw new LabException(directory.resolve(name) + " ends after " + frequencies.length + " s of "
                        + rules.endSeconds() + ": one line a second is needed");
            }
            return new RawClock(frequencies);
        });
    }

    PathDelays path(ReplayCase which) {
        String name = which.path() + "_" + which.seed();
        return paths.computeIfAbsent(
                name,
                ignored -> new PathDelays(
                        name,
                        NumberFile.read(directory.resolve("delay_" + name + "_fwd.txt.gz"), LARGEST_DELAY),
                        NumberFile.read(directory.resolve("delay_" + name + "_ret.txt.gz"), LARGEST_DELAY)));
    }
}
