// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.chronotick.engine.forecast.Correction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
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
        OTHER.put("clock_measurement.ntp.max_drift", "50");
        OTHER.put("clock_measurement.ntp.max_step", "5");
        OTHER.put("clock_measurement.ntp.asymmetry", "0.02");
        OTHER.put("clock_measurement.ntp.min_stratum", "2");
        OTHER.put("clock_measurement.ntp.max_stratum", "4");
        OTHER.put("clock_measurement.timing.warm_up.duration_seconds", "60");
        OTHER.put("clock_measurement.timing.warm_up.measurement_interval", "5");
        OTHER.put("clock_measurement.timing.normal_operation.measurement_interval", "120");
        OTHER.put("short_term.enabled", "false");
        OTHER.put("short_term.prediction_horizon", "30");
        OTHER.put("long_term.enabled", "false");
        OTHER.put("long_term.prediction_horizon", "90");
        OTHER.put("fusion.enabled", "false");
        OTHER.put("fusion.method", "none");
        for (String term : List.of("short_term", "long_term")) {
            OTHER.put(term + ".model_name", "onnx");
            OTHER.put(term + ".model_params", "{path: other.onnx}");
            OTHER.put(term + ".device", "gpu");
            OTHER.put(term + ".inference_interval", "2.5");
            OTHER.put(term + ".context_length", "64");
            OTHER.put(term + ".max_uncertainty", "0.001");
        }
        OTHER.put("prediction_scheduling.cpu_model.max_inference_time", "0.5");
        OTHER.put("prediction_scheduling.gpu_model.max_inference_time", "0.5");
        OTHER.put("performance.model_timeout", "0.25");
        OTHER.put("preprocessing.outlier_removal.enabled", "false");
        OTHER.put("preprocessing.outlier_removal.threshold", "1.5");
        OTHER.put("prediction_scheduling.ntp_correction.enabled", "false");
        OTHER.put("prediction_scheduling.ntp_correction.method", "backtracking");
        OTHER.put("prediction_scheduling.ntp_correction.offset_uncertainty", "0.002");
        OTHER.put("prediction_scheduling.ntp_correction.drift_uncertainty", "0.0002");
        OTHER.put("covariates.enabled", "false");
        OTHER.put("covariates.variables", "[temperature]");
        OTHER.put("clock_measurement.ntp.nts_cookie_file", "cookies");
        OTHER.put("clock_measurement.ntp.min_servers", "2");
        OTHER.put("clock_measurement.ntp.leap_smear", "follow");
        OTHER.put("clock_measurement.ntp.leap_seconds_list", "none");
        OTHER.put("logging.level", "DEBUG");
        OTHER.put("logging.exchanges", "exchanges.csv");
        OTHER.put("logging.exchanges_max_mb", "1");
        OTHER.put("daemon.frequency", "1000");
        OTHER.put("daemon.cpu_affinity", "[1]");
        OTHER.put("daemon.shm", "other");
        OTHER.put("clock_measurement.vmclock", "none");
        OTHER.put("outputs.clockbound", "/run/clockbound/shm0");
        OTHER.put("outputs.chrony_sock", "/run/chrony.sock");
        OTHER.put("outputs.ntp_shm", "2");
        OTHER.put("outputs.ntp_server.port", "123");
        OTHER.put("outputs.ntp_server.address", "\"::\"");
        OTHER.put("daemon.http_port", "9464");
        OTHER.put("daemon.http_address", "0.0.0.0");
        OTHER.put("daemon.http_token_file", "token");
    }

    static Stream<ConfigKey<?>> keys() {
        return ConfigKeys.ALL.keys().stream();
    }

    @Test
    void shouldRunWithoutAnyConfiguration() throws ConfigException {
        LoadedConfig loaded = ConfigLoader.load(Optional.empty(), Map.of(), ConfigOverrides.NONE, 2);
        DaemonConfig config = loaded.config();
        assertThat(loaded.warnings()).isEmpty();
        assertThat(config.servers()).as("auto").isEmpty();
        assertThat(config.timeoutSeconds()).isEqualTo(2);
        assertThat(config.maxAcceptableUncertaintySeconds()).isEqualTo(0.010);
        assertThat(config.minStratum()).isEqualTo(1);
        assertThat(config.maxStratum()).isEqualTo(15);
        assertThat(config.warmupLimitSeconds()).isEqualTo(180);
        assertThat(config.warmupIntervalSeconds()).isEqualTo(1);
        assertThat(config.measurementIntervalSeconds()).isEmpty();
        assertThat(config.speaker()).isEqualTo(Correction.Source.FUSION);
        assertThat(config.models()).isEmpty();
        assertThat(config.covariates()).containsExactly("temperature", "cpu_usage", "cpu_frequency");
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
            assertThat(row.hasEffect()).isEqualTo(key.hasEffectByDefault());
        });
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldHaveExactlyTheEffectThatIsSaid(ConfigKey<?> key) throws ConfigException {
        if (key.equals(ConfigKeys.REQUIRE_AUTHENTICATION)) {
            // It says what may be configured, and nothing of what is done.
            assertThatThrownBy(() -> load(key.path(), "true"))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("servers: auto, which may name servers without NTS");
        } else if (key.hasEffect()) {
            Map<String, String> base = key.hasEffectByDefault() ? Map.of() : othersBeside(key);
            Map<String, String> changed = new TreeMap<>(base);
            if (key.name().equals("model_name")) {
                changed.put(key.path().replace("model_name", "model_params"), "{path: model.onnx}");
            }
            changed.put(key.path(), OTHER.getOrDefault(key.path(), "no value to test with"));
            LoadedConfig loaded = load(changed);
            assertThat(loaded.config()).isNotEqualTo(load(base).config());
            assertThat(loaded.warnings()).isEmpty();
        }
        if (!key.hasEffectByDefault()) {
            LoadedConfig loaded = load(key.path(), key.defaultYaml());
            assertThat(loaded.warnings())
                    .singleElement()
                    .asString()
                    .contains(
                            key.path() + " (line ", key.whyIdle(new Settings()).orElseThrow());
        }
    }

    /** What it takes for a key about models from files, or about the page, to have an effect; a method has to be there to be switched off. */
    private static Map<String, String> othersBeside(ConfigKey<?> key) {
        Map<String, String> models = new TreeMap<>();
        if (key.path().startsWith("daemon.http_")) {
            return Map.of("daemon.http_port", "9464");
        }
        for (String term : List.of("short_term", "long_term")) {
            models.put(term + ".model_name", "onnx");
            models.put(term + ".model_params", "{path: model.onnx}");
        }
        if (key.path().endsWith("ntp_correction.enabled")) {
            models.put("prediction_scheduling.ntp_correction.method", "linear");
        }
        return models;
    }

    @ParameterizedTest
    @MethodSource("keys")
    void shouldRefuseAMapAndNothingForEveryKeyThatIsTyped(ConfigKey<?> key) {
        if (takesAnything(key)) {
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
            assertThat(node.containsKey("default")).isEqualTo(!takesAnything(key));
        });
    }

    @Test
    void shouldDescribeTheMapOfAServerInTheSchema() {
        Map<?, ?> node = schema();
        for (String name : List.of("clock_measurement", "ntp", "servers")) {
            node = child(child(node, "properties"), name);
        }
        assertThat(node.get("oneOf"))
                .asString()
                .contains(
                        "enum=[auto]",
                        "host=",
                        "port=",
                        "pool=",
                        "nts=",
                        "minpoll=",
                        "maxpoll=",
                        "allow_fast_polling=",
                        "required=[host]");
    }

    private static boolean takesAnything(ConfigKey<?> key) {
        return key.type().schema().isEmpty();
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

    /** Loads a file that holds some keys. */
    private static LoadedConfig load(Map<String, String> values) throws ConfigException {
        return ConfigLoader.parse(flow(values), "test.yaml", Map.of(), ConfigOverrides.NONE, 2);
    }

    private static String flow(Map<String, String> values) {
        Map<String, Map<String, String>> sections = new TreeMap<>();
        List<String> entries = new ArrayList<>();
        values.forEach((path, value) -> {
            int dot = path.indexOf('.');
            if (dot < 0) {
                entries.add(path + ": " + value);
            } else {
                sections.computeIfAbsent(path.substring(0, dot), name -> new TreeMap<>())
                        .put(path.substring(dot + 1), value);
            }
        });
        sections.forEach((name, section) -> entries.add(name + ": " + flow(section)));
        return "{" + String.join(", ", entries) + "}";
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
