// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.chronotick.engine.external.ExternalForecasterConfig;
import io.chronotick.engine.external.HistoryCorrection;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

/** Files written for the ChronoTick that came before load as they are. */
final class ExistingFileTest {

    @Test
    void shouldLoadAFileThatHoldsEverySection() throws ConfigException {
        String yaml = """
                # A site's own file, everything in it
                short_term:
                  model_name: chronos
                  device: cpu
                  enabled: yes            # YAML 1.1
                  inference_interval: 1
                  prediction_horizon: 20
                  context_length: 400
                  max_uncertainty: 0.08
                  model_params:
                    prediction_length: 20
                    repo: "some/model"
                    multivariate: true
                long_term:
                  model_name: timesfm
                  device: cuda
                  enabled: false
                  inference_interval: 45.0
                  prediction_horizon: 90
                  context_length: 900
                  max_uncertainty: 0.12
                fusion:
                  enabled: true
                  method: inverse_variance
                  uncertainty_threshold: 0.05
                  fallback_weights:
                    short_term: 1.0
                    long_term: 0.0
                preprocessing:
                  outlier_removal:
                    enabled: true
                    method: iqr
                    threshold: 1.8
                  missing_value_handling:
                    enabled: true
                    method: interpolate
                  normalization:
                    enabled: false
                    method: zscore
                covariates:
                  enabled: false
                  variables:
                  - cpu_usage
                  - temperature
                  future_variables: []
                performance:
                  max_memory_mb: 1536
                  model_timeout: 7.5
                  cache_size: 12
                  batch_size: 2
                logging:
                  level: WARNING
                  log_predictions: true
                  log_uncertainty: true
                  log_fusion_weights: false
                clock:
                  frequency_type: second
                  frequency_code: 9
                clock_measurement:
                  ntp:
                    servers:
                      - "time.example.org"
                      - 192.0.2.7:8123   # through a proxy
                    timeout_seconds: 1.5
                    max_acceptable_uncertainty: 0.100
                    min_stratum: 1
                    max_stratum: 16
                    measurement_mode: advanced
                    outlier_window_size: 30
                    outlier_sigma_threshold: 4.0
                    parallel_queries: true
                    max_workers: 4
                    enable_fallback: true
                    max_retries: 2
                    retry_delay: 4.0
                  timing:
                    warm_up:
                      duration_seconds: 90
                      measurement_interval: 2
                    normal_operation:
                      measurement_interval: 150
                prediction_scheduling:
                  dataset:
                    prediction_cache_size: 50
                    max_history_size: 500
                  cpu_model:
                    prediction_interval: 4
                    prediction_horizon: 20
                    prediction_lead_time: 3
                    max_inference_time: 1.5
                  gpu_model:
                    prediction_interval: 40
                    prediction_horizon: 200
                    prediction_lead_time: 9
                    max_inference_time: 4.0
                  ntp_correction:
                    enabled: true
                    method: backtracking
                    offset_uncertainty: 0.002
                    drift_uncertainty: 0.0002
                  sanity_check:
                    enabled: false
                    absolute_min_bound: 0.0
                """;
        LoadedConfig loaded = load(yaml);

        DaemonConfig config = loaded.config();
        assertThat(config.servers())
                .containsExactly(ServerConfig.of("time.example.org", 123), ServerConfig.of("192.0.2.7", 8123));
        assertThat(config.timeoutSeconds()).isEqualTo(1.5);
        assertThat(config.maxAcceptableUncertaintySeconds()).isEqualTo(0.1);
        assertThat(config.minStratum()).isEqualTo(1);
        assertThat(config.maxStratum()).isEqualTo(15);
        assertThat(config.warmupLimitSeconds()).isEqualTo(90);
        assertThat(config.warmupIntervalSeconds()).isEqualTo(2);
        assertThat(config.measurementIntervalSeconds()).hasValue(150);
        assertThat(config.speaker()).isEqualTo(Correction.Source.SHORT_TERM);
        assertThat(config.models()).isEmpty();
        assertThat(config.shortTermHorizonSeconds()).isEqualTo(20);
        assertThat(config.logLevel()).isEqualTo(Level.WARN);
        for (EffectiveValue row : loaded.effective()) {
            long mentions = loaded.warnings().stream()
                    .filter(line -> line.contains(" " + row.key() + " (line "))
                    .count();
            assertThat(mentions).as(row.key()).isEqualTo(row.hasEffect() ? 0 : 1);
        }
        assertThat(loaded.warnings())
                .hasSizeBetween(1, 20)
                .allMatch(line -> line.startsWith("existing.yaml: no effect here: ") && !line.contains("\n"))
                .anyMatch(line -> line.contains("fusion.fallback_weights.short_term (line 27)")
                        && line.endsWith("the weights follow by themselves from how well each forecaster has forecast"))
                .anyMatch(line -> line.startsWith(
                        "existing.yaml: no effect here: short_term.model_name (line 3): \"chronos\" runs here only from an"
                                + " exported ONNX file: export it, then set model_name: onnx and model_params: {path:"
                                + " FILE.onnx, "))
                .anyMatch(line -> line.contains("long_term.model_name (line 15): \"timesfm\" runs here only from"))
                .anyMatch(line -> line.contains("prediction_scheduling.ntp_correction.method (line ")
                        && line.contains("keeps its own history and smooths it"));
    }

    @Test
    void shouldLoadAFileThatNeverSpeaksOfMeasurement() throws ConfigException {
        String yaml = """
                short_term:
                  model_name: "ttm"
                  enabled: true
                  use_covariates: true
                long_term:
                  enabled: false
                backup_models:
                  short_term_backup: {model_name: ttm, device: cpu, enabled: true}
                monitoring:
                  alert_thresholds: {inference_time: 5.0}
                performance:
                  cpu_affinity:
                    short_term: [0]
                """;
        LoadedConfig loaded = load(yaml);
        assertThat(loaded.config())
                .isEqualTo(load("long_term: {enabled: false}").config())
                .isNotEqualTo(load("").config());
        assertThat(loaded.warnings())
                .anyMatch(line -> line.contains("backup_models (line 7)") && line.contains("monitoring (line 9)"))
                .anyMatch(line -> line.contains("performance.cpu_affinity (line 12)")
                        && line.endsWith("daemon.cpu_affinity pins the writer"));
    }

    /** The same file for a model that was exported. */
    @Test
    void shouldLoadAModelFromAnOnnxFile() throws ConfigException {
        LoadedConfig loaded = load("""
                short_term:
                  model_name: ONNX
                  device: cpu
                  enabled: true
                  inference_interval: 1.0
                  prediction_horizon: 10
                  context_length: 128
                  max_uncertainty: 0.05
                  model_params:
                    path: models/short.onnx
                    input: context
                    output: quantiles
                    quantiles: [0.1, 0.5, 0.9]
                    horizon: 8
                long_term: {enabled: false}
                preprocessing: {outlier_removal: {enabled: true, threshold: 3}}
                performance: {model_timeout: 0.5}
                prediction_scheduling:
                  cpu_model: {max_inference_time: 1.5}
                  ntp_correction: {enabled: true, method: Drift_Aware}
                """);
        assertThat(loaded.warnings()).isEmpty();
        assertThat(loaded.config().shortTermHorizonSeconds()).isEqualTo(10);
        assertThat(loaded.config().models())
                .containsExactly(new ModelConfig(
                        "onnx",
                        new ExternalForecasterConfig(
                                Forecast.Forecaster.SHORT_TERM,
                                1,
                                128,
                                8,
                                List.of(0.1, 0.5, 0.9),
                                0.5,
                                0.05,
                                HistoryCorrection.DRIFT_AWARE,
                                0.001,
                                0.0001,
                                3),
                        Path.of("models/short.onnx"),
                        Optional.of("context"),
                        Optional.of("quantiles"),
                        false));
    }

    @Test
    void shouldSayWhatIsWrongWithAModelFromAnOnnxFile() {
        assertThat(catchThrowableOfType(ConfigException.class, () -> load("""
                        short_term: {model_name: onnx, model_params: {pth: a.onnx, quantiles: [0.9, 0.1]}}
                        long_term:
                          model_name: onnx
                        """)).problems())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith(
                                        "existing.yaml:1:47: short_term.model_params.pth: unknown key; did you mean path?"),
                        line -> assertThat(line)
                                .startsWith(
                                        "existing.yaml:1:71: short_term.model_params.quantiles: found a list, allowed: a list"
                                                + " of ascending numbers between 0 and 1"),
                        line -> assertThat(line)
                                .startsWith(
                                        "existing.yaml:3:15: long_term.model_params: found no path, allowed with model_name:"
                                                + " onnx: a map with path"));
    }

    @Test
    void shouldTakeOwnWeightsForTheLearnedFilter() throws ConfigException {
        LoadedConfig own = load("short_term: {model_name: learned, model_params: {path: mine.safetensors}}");
        assertThat(own.warnings()).isEmpty();
        assertThat(own.config().learnedFilter()).isTrue();
        assertThat(own.config().learnedWeights()).contains(Path.of("mine.safetensors"));
        assertThat(own.config().models()).isEmpty();
        LoadedConfig shipped = load("short_term: {model_name: learned}");
        assertThat(shipped.config().learnedFilter()).isTrue();
        assertThat(shipped.config().learnedWeights()).isEmpty();
        LoadedConfig alone = load("short_term: {model_params: {path: mine.safetensors}}");
        assertThat(alone.config().learnedFilter()).isFalse();
        assertThat(alone.warnings()).singleElement().asString().contains("short_term.model_params (line 1)");
    }

    @Test
    void shouldSayWhatTheLearnedFilterHasNot() {
        assertThat(catchThrowableOfType(
                                ConfigException.class,
                                () -> load("short_term: {model_name: learned, model_params: {input: x, pth: y}}"))
                        .problems())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .contains("short_term.model_params.pth: unknown key; did you mean path?"),
                        line -> assertThat(line)
                                .contains(
                                        "short_term.model_params: found input, allowed with model_name: learned: a map with"
                                                + " path"));
    }

    @Test
    void shouldSayThatAModelOfAForecasterThatIsSwitchedOffIsNotUsed() throws ConfigException {
        LoadedConfig loaded = load("long_term: {enabled: false, model_name: onnx, model_params: {path: a.onnx}}");
        assertThat(loaded.config().models()).isEmpty();
        assertThat(loaded.warnings())
                .singleElement()
                .asString()
                .contains("long_term.model_params (line 1)", "beside a forecaster that is enabled");
    }

    @Test
    void shouldSayWhichFusionItUsesInsteadOfAnUnknownOne() throws ConfigException {
        assertThat(load("fusion: {method: kalman}").warnings())
                .containsExactly("existing.yaml: no effect here: fusion.method (line 1): \"kalman\" is not known here,"
                        + " inverse_variance and none are; inverse_variance is used");
    }

    @Test
    void shouldStillFindMistakesInSectionsWithoutEffect() {
        String yaml = """
                fusion:
                  fallback_weights: {short_trem: 0.8, long_term: 1.5}
                prediction_scheduling:
                  ntp_correction: {method: magic}
                  dataset: {a: 1, a: 2}
                """;
        assertThat(catchThrowableOfType(ConfigException.class, () -> load(yaml)).problems())
                .satisfiesExactly(
                        line -> assertThat(line).contains("existing.yaml:2:22", "did you mean short_term?"),
                        line -> assertThat(line).contains("existing.yaml:2:50", "found 1.5", "from 0 to 1"),
                        line -> assertThat(line).contains("existing.yaml:4:28", "magic", "drift_aware"),
                        line -> assertThat(line).contains("existing.yaml:5:19", "found a second time"));
    }

    private static LoadedConfig load(String yaml) throws ConfigException {
        return ConfigLoader.parse(yaml, "existing.yaml", Map.of(), ConfigOverrides.NONE, 2);
    }
}
