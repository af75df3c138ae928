// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.event.Level;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What has to hold for every key, and for what is generated from the table of keys. */
final class ConfigKeysTest {
    /** For every key that has an effect, a value other than its default. */
    private static final Map<String, String> OTHER = new LinkedHashMap<>();

    static {
        OTHER.put("clock_measurement.ntp.servers", "[127.0.0.1:11123]");
        OTHER.put("clock_measurement.ntp.timeout_seconds", "0.5");
        OTHER.put("clock_measurement.ntp.max_acceptable_uncertainty", "0.1");
        OTHER.put("clock_measurement.ntp.min_stratum", "2");
        OTHER.put("clock_measurement.ntp.max_stratum", "4");
        OTHER.put("clock_measurement.timing.warm_up.duration_seconds", "60");
        OTHER.put("clock_measurement.timing.warm_up.measurement_interval", "5");
        OTHER.put("clock_measurement.timing.normal_operation.measurement_interval", "120");
        OTHER.put("short_term.enabled", "false");
        OTHER.put("short_term.prediction_horizon", "30");
        OTHER.put("logging.level", "DEBUG");
        OTHER.put("daemon.frequency", "1000");
        OTHER.put("daemon.cpu_affinity", "[1]");
        OTHER.put("daemon.shm", "other");
    }

    static Stream<ConfigKey<?>> keys() {
        return ConfigKeys.ALL.keys().stream();
    }

    @Test
    void shouldRunWithoutAnyConfiguration() throws ConfigException {
        LoadedConfig loaded = ConfigLoader.load(Optional.empty(), Map.of(), ConfigOverrides.NONE, 2);
        DaemonConfig config = loaded.config();
        assertThat(loaded.warnings()).isEmpty();
        assertThat(config.servers())
                .extracting(ServerConfig::name)
                .contains("0.pool.ntp.org")
                .hasSize(4);
        assertThat(config.timeoutSeconds()).isEqualTo(2);
        assertThat(config.maxAcceptableUncertaintySeconds()).isEqualTo(0.010);
        assertThat(config.minStratum()).isEqualTo(1);
        assertThat(config.maxStratum()).isEqualTo(15);
        assertThat(config.warmupLimitSeconds()).isEqualTo(180);
        assertThat(config.warmupIntervalSeconds()).isEqualTo(1);
        assertThat(config.measurementIntervalSeconds()).isEqualTo(10);
        assertThat(config.shortTermEnabled()).isTrue();
        assertThat(config.shortTermHorizonSeconds()).isEqualTo(5);
        assertThat(config.logLevel()).isEqualTo(Level.INFO);
        assertThat(config.frequencyHz()).isEqualTo(100);
        assertThat(config.cpuAffinity()).isEmpty();
        assertThat(config.shm()).isEqualTo("chronotick_shm");
        assertThat(loaded.effective()).allMatch(row -> row.origin().equals("default"));
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldLoadTheDefaultOfEveryKey(ConfigKey<?> key) throws ConfigException {
        LoadedConfig loaded = load(key.path(), key.defaultYaml());
        assertThat(loaded.config()).isEqualTo(defaults());
        assertThat(loaded.effective()).anySatisfy(row -> {
            assertThat(row.key()).isEqualTo(key.path());
            assertThat(row.origin()).startsWith("test.yaml:");
            assertThat(row.hasEffect()).isEqualTo(key.hasEffect());
        });
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldHaveExactlyTheEffectThatIsSaid(ConfigKey<?> key) throws ConfigException {
        if (key.hasEffect()) {
            LoadedConfig loaded = load(key.path(), OTHER.getOrDefault(key.path(), "no value to test with"));
            assertThat(loaded.config()).isNotEqualTo(defaults());
            assertThat(loaded.warnings()).isEmpty();
        } else {
            LoadedConfig loaded = load(key.path(), key.defaultYaml());
            assertThat(loaded.warnings())
                    .singleElement()
                    .asString()
                    .contains(key.path() + " (line ", key.replacement().orElseThrow());
        }
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldRefuseAMapAndNothingForEveryKeyThatIsTyped(ConfigKey<?> key) {
        if (key.type() instanceof ValueTypes.Anything) {
            return;
        }
        for (String wrong : List.of("{ }", "")) {
            assertThatThrownBy(() -> load(key.path(), wrong))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContainingAll("test.yaml:", key.path(), "found ", ", allowed: ");
        }
    }

    @Test
    void shouldSampleEveryKeyAndLoadItsOwnSampleToTheDefaults() throws ConfigException {
        String sample = ConfigSample.yaml();
        LoadedConfig loaded = ConfigLoader.parse(sample, "sample.yaml", Map.of(), ConfigOverrides.NONE, 2);
        assertThat(loaded.config()).isEqualTo(defaults());
        assertThat(loaded.warnings()).isEmpty();
        assertThat(loaded.effective()).allMatch(row -> row.origin().startsWith("sample.yaml:"));
        keys().forEach(key -> assertThat(sample).contains(key.name() + ": " + key.defaultYaml()));
        assertThat(sample.lines()).allMatch(line -> line.length() <= 100 || !line.contains("# "));
    }

    @Test
    void shouldLoadTheSampleWithItsCommentedKeysSwitchedOn() throws ConfigException {
        List<String> lines = new ArrayList<>();
        for (String line : ConfigSample.yaml().lines().toList()) {
            boolean isKey = line.matches(" *# [a-z_]+:( [^ ].*)?") && !line.contains("Allowed");
            lines.add(isKey ? line.replaceFirst("# ", "") : line);
        }
        LoadedConfig loaded =
                ConfigLoader.parse(String.join("\n", lines), "sample.yaml", Map.of(), ConfigOverrides.NONE, 2);
        assertThat(loaded.effective())
                .extracting(EffectiveValue::key)
                .containsExactlyElementsOf(keys().map(ConfigKey::path).toList());
        assertThat(loaded.config()).isEqualTo(defaults());
    }

    @Test
    void shouldDescribeEveryKeyInASchemaThatIsJson() {
        assertThat(schema().get("$schema")).isEqualTo("https://json-schema.org/draft/2020-12/schema");
        keys().forEach(key -> {
            Map<?, ?> node = schema();
            for (String name : key.path().split("\\.", -1)) {
                assertThat(node.get("additionalProperties")).isEqualTo(false);
                node = child(child(node, "properties"), name);
            }
            assertThat(node.get("description")).asString().isNotBlank();
            assertThat(node.containsKey("deprecated")).isEqualTo(!key.hasEffect());
            assertThat(node.containsKey("default")).isEqualTo(!(key.type() instanceof ValueTypes.Anything));
        });
    }

    @Test
    void shouldDescribeTheMapOfAServerInTheSchema() {
        Map<?, ?> node = schema();
        for (String name : List.of("clock_measurement", "ntp", "servers")) {
            node = child(child(node, "properties"), name);
        }
        assertThat(child(node, "items").get("oneOf"))
                .asString()
                .contains("host=", "port=", "nts=", "minpoll=", "maxpoll=", "allow_fast_polling=", "required=[host]");
    }

    private static Map<?, ?> schema() {
        // JSON is YAML; this reader also refuses duplicate names.
        Object schema = new Load(LoadSettings.builder().build()).loadFromString(ConfigSchema.json());
        return (Map<?, ?>) Objects.requireNonNull(schema);
    }

    private static Map<?, ?> child(Map<?, ?> map, String name) {
        return (Map<?, ?>) Objects.requireNonNull(map.get(name), name);
    }

    private static DaemonConfig defaults() throws ConfigException {
        return ConfigLoader.load(Optional.empty(), Map.of(), ConfigOverrides.NONE, 2)
                .config();
    }

    /** Loads a file that holds one key. */
    private static LoadedConfig load(String path, String value) throws ConfigException {
        StringBuilder yaml = new StringBuilder();
        String indent = "";
        for (String name : Arrays.asList(path.split("\\.", -1))) {
            yaml.append(yaml.isEmpty() ? "" : "\n").append(indent).append(name).append(':');
            indent += "  ";
        }
        yaml.append(' ').append(value).append('\n');
        return ConfigLoader.parse(yaml.toString(), "test.yaml", Map.of(), ConfigOverrides.NONE, 2);
    }
}
