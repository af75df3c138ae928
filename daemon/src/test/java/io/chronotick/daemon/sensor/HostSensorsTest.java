// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.chronotick.engine.oscillator.CovariateConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostSensorsTest {
    private static final List<String> ALL =
            CovariateConfig.ALL.stream().map(CovariateConfig::name).toList();

    @TempDir
    Path root;

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    @Test
    void shouldFindNothingWhereThereIsNothing() {
        HostSensors sensors = HostSensors.find(root, ALL);
        assertThat(sensors.covariates()).isEmpty();
        assertThat(sensors.describe()).isEmpty();
        assertThat(sensors.read()).isEmpty();
    }

    @Test
    void shouldPreferTheProcessorsTemperature() throws IOException {
        write("sys/class/thermal/thermal_zone0/temp", "27800\n");
        write("sys/class/hwmon/hwmon0/name", "nvme\n");
        write("sys/class/hwmon/hwmon0/temp1_input", "38850\n");
        write("sys/class/hwmon/hwmon1/name", "coretemp\n");
        write("sys/class/hwmon/hwmon1/temp1_input", "52000\n");
        HostSensors sensors = HostSensors.find(root, ALL);
        assertThat(sensors.covariates()).containsExactly(CovariateConfig.TEMPERATURE);
        assertThat(sensors.describe()).isEqualTo("temperature (/sys/class/hwmon/hwmon1/temp1_input)");
        assertThat(sensors.read()).containsExactly(52);
    }

    @Test
    void shouldTakeAThermalZoneWhereThereIsNoMonitor() throws IOException {
        write("sys/class/hwmon/hwmon0/name", "coretemp\n");
        write("sys/class/thermal/thermal_zone0/temp", "27800\n");
        HostSensors sensors = HostSensors.find(root, List.of("temperature"));
        assertThat(sensors.read()).containsExactly(27.8);
    }

    @Test
    void shouldTellTheShareOfTimeThatProcessorsWereBusy() throws IOException {
        write("proc/stat", "cpu  1000 0 500 8000 100 0 50 0 300 0\ncpu0 1 2 3\n");
        HostSensors sensors = HostSensors.find(root, ALL);
        assertThat(sensors.covariates()).containsExactly(CovariateConfig.CPU_USAGE);
        // 60 busy of 200; guest time, which is part of user time, does not count twice.
        write("proc/stat", "cpu  1050 0 510 8120 120 0 50 0 340 0\n");
        assertThat(sensors.read()[0]).isCloseTo(0.3, within(1e-12));
    }

    @Test
    void shouldAverageTheProcessorsFrequencies() throws IOException {
        write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1200000\n");
        write("sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3600000\n");
        HostSensors sensors = HostSensors.find(root, ALL);
        assertThat(sensors.covariates()).containsExactly(CovariateConfig.CPU_FREQUENCY);
        assertThat(sensors.read()[0]).isCloseTo(2.4, within(1e-12));
    }

    @Test
    void shouldMeasureOnlyWhatIsWanted() throws IOException {
        write("sys/class/thermal/thermal_zone0/temp", "27800\n");
        write("proc/stat", "cpu  1000 0 500 8000 100 0 50 0 300 0\n");
        assertThat(HostSensors.find(root, List.of("memory_usage", "cpu_usage")).covariates())
                .containsExactly(CovariateConfig.CPU_USAGE);
        assertThat(HostSensors.find(root, List.of()).covariates()).isEmpty();
    }

    @Test
    void shouldSayNothingWhenASensorMakesNoSenseOrVanishes() throws IOException {
        write("sys/class/thermal/thermal_zone0/temp", "27800\n");
        write("proc/stat", "cpu  1000 0 500 8000 100 0 50 0 300 0\n");
        HostSensors sensors = HostSensors.find(root, ALL);
        write("sys/class/thermal/thermal_zone0/temp", "-274000\n");
        write("proc/stat", "cpu  900 0 500 8000 100 0 50 0 300 0\n");
        assertThat(sensors.read()).containsExactly(Double.NaN, Double.NaN);
        write("sys/class/thermal/thermal_zone0/temp", "hot\n");
        Files.delete(root.resolve("proc/stat"));
        assertThat(sensors.read()).containsExactly(Double.NaN, Double.NaN);
        write("sys/class/thermal/thermal_zone0/temp", "28000\n");
        assertThat(sensors.read()[0]).isEqualTo(28);
    }

    @Test
    void shouldPassOverASensorThatCannotBeRead() throws IOException {
        write("sys/class/thermal/thermal_zone0/temp", "n/a\n");
        write("sys/class/thermal/thermal_zone1/temp", "31000\n");
        write("proc/stat", "intr 5 6\n");
        HostSensors sensors = HostSensors.find(root, ALL);
        assertThat(sensors.describe()).isEqualTo("temperature (/sys/class/thermal/thermal_zone1/temp)");
    }
}
