// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.sensor;

import io.chronotick.engine.oscillator.CovariateConfig;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The machine's own sensors, as Linux shows them: temperatures in /sys/class/hwmon (millidegrees; Documentation/hwmon/
 * sysfs-interface) and /sys/class/thermal, times of the processors in /proc/stat (proc(5)), their frequencies in cpufreq (kHz).
 * Elsewhere, and where a sensor is missing, there is simply less. Not thread-safe.
 */
public final class HostSensors {
    /** Drivers whose first temperature is the processor's. */
    private static final Set<String> PROCESSOR_DRIVERS = Set.of("coretemp", "k10temp", "zenpower", "cpu_thermal");

    /** What no room and no processor has, C: a sensor that is not connected. */
    private static final double COLDEST = -60;

    private static final double HOTTEST = 150;

    /** Of the first line of /proc/stat, after "cpu": the times that count as idle. */
    private static final int IDLE = 3;

    private static final int IO_WAIT = 4;

    /** Guest time is part of user time already. */
    private static final int TIMES = 8;

    /** One that was found: where, for people, and how it is read. */
    private record Sensor(CovariateConfig covariate, String place, Reading reading) {}

    /** Reads a sensor; empty when it has nothing to say this time. */
    private interface Reading {
        OptionalDouble read() throws IOException;
    }

    private final Path root;
    private final List<Sensor> sensors = new ArrayList<>();
    private long busyBefore;
    private long totalBefore;

    private HostSensors(Path root) {
        this.root = root;
    }

    /**
     * Looks for sensors.
     *
     * @param root / of the machine
     * @param names of the covariates that are wanted; one that is not known is none
     */
    public static HostSensors find(Path root, List<String> names) {
        HostSensors found = new HostSensors(root);
        if (names.contains(CovariateConfig.TEMPERATURE.name())) {
            found.findTemperature();
        }
        if (names.contains(CovariateConfig.CPU_USAGE.name())) {
            found.findUsage();
        }
        if (names.contains(CovariateConfig.CPU_FREQUENCY.name())) {
            found.findFrequency();
        }
        return found;
    }

    /** What was found. */
    public List<CovariateConfig> covariates() {
        return sensors.stream().map(Sensor::covariate).toList();
    }

    /** What was found and where, for people; empty when nothing was. */
    public String describe() {
        return String.join(
                ", ",
                sensors.stream()
                        .map(sensor -> sensor.covariate().name() + " (" + sensor.place() + ")")
                        .toList());
    }

    /** Reads them all, in the order of {@link #covariates}; what cannot be read now, or makes no sense, is not-a-number. */
    public double[] read() {
        double[] values = new double[sensors.size()];
        for (int i = 0; i < values.length; i++) {
            try {
                values[i] = sensors.get(i).reading().read().orElse(Double.NaN);
            } catch (IOException | NumberFormatException e) {
                // A sensor may vanish with its driver: the engine then sees none, and says so in its uncertainty.
                values[i] = Double.NaN;
            }
        }
        return values;
    }

    private void add(CovariateConfig covariate, Path file, Reading reading) {
        try {
            reading.read();
            sensors.add(new Sensor(covariate, "/" + root.relativize(file), reading));
        } catch (IOException | NumberFormatException e) {
            // Shown but not readable, as in many containers: as good as not there.
            return;
        }
    }

    // --- Temperature ---

    private void findTemperature() {
        List<Path> candidates = new ArrayList<>();
        for (Path device : entries("sys/class/hwmon", "hwmon*")) {
            Path file = device.resolve("temp1_input");
            if (PROCESSOR_DRIVERS.contains(text(device.resolve("name")).orElse(""))) {
                candidates.add(0, file);
            } else {
                candidates.add(file);
            }
        }
        for (Path zone : entries("sys/class/thermal", "thermal_zone*")) {
            candidates.add(zone.resolve("temp"));
        }
        for (Path file : candidates) {
            if (sensors.isEmpty() && text(file).isPresent()) {
                add(CovariateConfig.TEMPERATURE, file, () -> temperature(file));
            }
        }
    }

    private static OptionalDouble temperature(Path file) throws IOException {
        double celsius = Long.parseLong(Files.readString(file).strip()) * 1e-3;
        return celsius > COLDEST && celsius < HOTTEST ? OptionalDouble.of(celsius) : OptionalDouble.empty();
    }

    // --- Processors ---

    private void findUsage() {
        Path file = root.resolve("proc/stat");
        add(CovariateConfig.CPU_USAGE, file, () -> usage(file));
    }

    /** Share of the time since the last reading that the processors were busy. */
    private OptionalDouble usage(Path file) throws IOException {
        String[] fields =
                Files.readString(file).lines().findFirst().orElse("").strip().split("\\s+", -1);
        if (fields.length <= TIMES || !fields[0].equals("cpu")) {
            throw new IOException(file + " is of another form");
        }
        long total = 0;
        for (int i = 0; i < TIMES; i++) {
            total += Long.parseLong(fields[1 + i]);
        }
        long busy = total - Long.parseLong(fields[1 + IDLE]) - Long.parseLong(fields[1 + IO_WAIT]);
        double share = (busy - busyBefore) / (double) (total - totalBefore);
        boolean known = totalBefore > 0 && total > totalBefore && share >= 0 && share <= 1;
        busyBefore = busy;
        totalBefore = total;
        return known ? OptionalDouble.of(share) : OptionalDouble.empty();
    }

    private void findFrequency() {
        List<Path> files = entries("sys/devices/system/cpu", "cpu[0-9]*").stream()
                .map(cpu -> cpu.resolve("cpufreq/scaling_cur_freq"))
                .filter(file -> text(file).isPresent())
                .toList();
        if (!files.isEmpty()) {
            add(CovariateConfig.CPU_FREQUENCY, files.get(0), () -> frequency(files));
        }
    }

    private static OptionalDouble frequency(List<Path> files) throws IOException {
        double sum = 0;
        for (Path file : files) {
            sum += Long.parseLong(Files.readString(file).strip()) * 1e-6;
        }
        return OptionalDouble.of(sum / files.size());
    }

    // --- Files ---

    /** What a directory holds by such a name, in order; nothing where there is no such directory. */
    private List<Path> entries(String directory, String glob) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(root.resolve(directory), glob)) {
            stream.forEach(entries::add);
        } catch (IOException e) {
            return List.of();
        }
        entries.sort(null);
        return entries;
    }

    private static Optional<String> text(Path file) {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
