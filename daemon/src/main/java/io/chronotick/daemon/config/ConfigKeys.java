// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.client.PageLayout;
import io.chronotick.daemon.config.ValueTypes.Anything;
import io.chronotick.daemon.config.ValueTypes.Choice;
import io.chronotick.daemon.config.ValueTypes.CpuList;
import io.chronotick.daemon.config.ValueTypes.Flag;
import io.chronotick.daemon.config.ValueTypes.Real;
import io.chronotick.daemon.config.ValueTypes.Text;
import io.chronotick.daemon.config.ValueTypes.TextList;
import io.chronotick.daemon.config.ValueTypes.Whole;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.event.Level;

/**
 * Every key of the configuration. Reading, checking, showing, the sample and the schema all follow from this list; there
 * is no second one. A key that moves from {@code unused} to {@code key} has to reach {@link DaemonConfig}.
 */
final class ConfigKeys {
    static final KeySet ALL = new KeySet();

    private static final double DAY = 86_400;
    private static final double HOUR = 3_600;

    static final ConfigKey<List<ServerConfig>> SERVERS = ALL.key(
            "clock_measurement.ntp.servers",
            new ServerList(PageLayout.MAX_SOURCES),
            "[0.pool.ntp.org, 1.pool.ntp.org, 2.pool.ntp.org, 3.pool.ntp.org]",
            "The NTP servers to measure against. Three or more outvote one that lies.",
            "CHRONOTICK_SERVERS");
    static final ConfigKey<Double> TIMEOUT = ALL.key(
            "clock_measurement.ntp.timeout_seconds",
            new Real(0.01, 60, "s"),
            "2.0",
            "How long a reply is waited for, s.");
    static final ConfigKey<Double> MAX_ACCEPTABLE_UNCERTAINTY = ALL.key(
            "clock_measurement.ntp.max_acceptable_uncertainty",
            new Real(0.000_001, 10, "s"),
            "0.010",
            "A correction whose stated standard deviation is above this is not valid, s.");
    static final ConfigKey<Integer> MIN_STRATUM = ALL.key(
            "clock_measurement.ntp.min_stratum",
            new Whole(1, 15, ""),
            "1",
            "Servers of a lower stratum are not believed.");
    static final ConfigKey<Integer> MAX_STRATUM = ALL.key(
            "clock_measurement.ntp.max_stratum",
            new Whole(1, 16, ""),
            "15",
            "Servers of a higher stratum are not believed. 16 says the same as 15: a server of stratum 16 is not"
                    + " synchronized (RFC 5905, figure 11) and never believed.");
    static final ConfigKey<Double> WARMUP_LIMIT = ALL.key(
            "clock_measurement.timing.warm_up.duration_seconds",
            new Real(1, DAY, "s"),
            "180",
            "Longest a warm-up may take, s. It ends as soon as 8 exchanges are accepted and the stated interval is"
                    + " honest.");
    static final ConfigKey<Double> WARMUP_INTERVAL = ALL.key(
            "clock_measurement.timing.warm_up.measurement_interval",
            new Real(0.05, HOUR, "s"),
            "1.0",
            "Between two exchanges with one server during warm-up, s; not below 1 for a public server.");
    static final ConfigKey<Double> MEASUREMENT_INTERVAL = ALL.key(
            "clock_measurement.timing.normal_operation.measurement_interval",
            new Real(1, 131_072, "s"),
            "10.0",
            "Between two exchanges with one server in normal operation, s; not below 16 for a public server unless its"
                    + " allow_fast_polling is true.");
    static final ConfigKey<Boolean> SHORT_TERM_ENABLED = ALL.key(
            "short_term.enabled",
            new Flag(),
            "true",
            "Whether the short-term forecaster may speak. Without it a correction is a bare measurement.");
    static final ConfigKey<Double> SHORT_TERM_HORIZON = ALL.key(
            "short_term.prediction_horizon",
            new Real(1, HOUR, "s"),
            "5",
            "Longest a published correction may be followed without being refreshed, s.");
    static final ConfigKey<Level> LOG_LEVEL = ALL.key(
            "logging.level",
            new Choice<>(logLevels()),
            "INFO",
            "Least severe messages that are logged.",
            "CHRONOTICK_LOG_LEVEL",
            "--log-level");
    static final ConfigKey<Integer> FREQUENCY = ALL.key(
            "daemon.frequency",
            new Whole(1, 1000, "Hz"),
            "100",
            "Records published a second, Hz.",
            "CHRONOTICK_FREQ",
            "--freq");
    static final ConfigKey<List<Integer>> CPU_AFFINITY = ALL.key(
            "daemon.cpu_affinity",
            new CpuList(),
            "[]",
            "CPUs the writer is pinned to; an empty list leaves it to the system.",
            "CHRONOTICK_CPU_AFFINITY",
            "--cpu-affinity");
    static final ConfigKey<String> SHM = ALL.key(
            "daemon.shm",
            new Text(),
            "chronotick_shm",
            "Name or path of the shared-memory segment.",
            "CHRONOTICK_SHM",
            "--shm");

    // What existing files hold beside that. Each is a key of its own, so that a misspelt one is still found.
    static {
        Flag flag = new Flag();
        Text text = new Text();
        Anything anything = new Anything();
        Real seconds = new Real(0, DAY, "s");
        Real weight = new Real(0, 1, "");
        Real factor = new Real(0, 1e6, "");
        Whole count = new Whole(0, Integer.MAX_VALUE, "");
        Whole samples = new Whole(1, 1_000_000, "samples");

        Section ntp = unused(
                "clock_measurement.ntp",
                "each exchange is weighed by its own delay and the servers outvote one that lies, without settings");
        ntp.key("outlier_window_size", samples, "20");
        ntp.key("outlier_sigma_threshold", factor, "5.0");
        unused(
                        "clock_measurement.ntp",
                        "each exchange is a measurement; for more of them lower"
                                + " clock_measurement.timing.normal_operation.measurement_interval")
                .key("measurement_mode", Choice.of("simple", "advanced"), "simple");
        Section asking = unused(
                "clock_measurement.ntp",
                "all servers are asked independently of each other, and after a lost exchange comes the next one");
        asking.key("parallel_queries", flag, "true");
        asking.key("max_workers", count, "5");
        asking.key("enable_fallback", flag, "true");
        asking.key("max_retries", count, "3");
        asking.key("retry_delay", seconds, "5.0");

        String builtIn = "the built-in clock model needs no model file, device, history length or pace";
        String bound = "clock_measurement.ntp.max_acceptable_uncertainty decides what is valid";
        Section shortTerm = unused("short_term", builtIn);
        shortTerm.key("model_name", text, "chronos");
        shortTerm.key("device", Choice.of("cpu", "gpu", "cuda", "auto"), "cpu");
        shortTerm.key("inference_interval", seconds, "1.0");
        shortTerm.key("context_length", samples, "100");
        shortTerm.key("model_params", anything, "{}");
        shortTerm.key("use_covariates", flag, "false");
        shortTerm.key("quantile_levels", anything, "[]");
        unused("short_term", bound).key("max_uncertainty", seconds, "0.1");

        Section longTerm = unused("long_term", "this version forecasts with the short-term model alone");
        longTerm.key("enabled", flag, "true");
        longTerm.key("prediction_horizon", seconds, "60");
        longTerm.key("model_name", text, "timesfm");
        longTerm.key("device", Choice.of("cpu", "gpu", "cuda", "auto"), "cpu");
        longTerm.key("inference_interval", seconds, "30.0");
        longTerm.key("context_length", samples, "300");
        longTerm.key("model_params", anything, "{}");
        longTerm.key("use_covariates", flag, "false");
        longTerm.key("quantile_levels", anything, "[]");
        longTerm.key("max_uncertainty", seconds, "0.15");

        Section fusion = unused("fusion", "with one forecaster there is nothing to fuse");
        fusion.key("enabled", flag, "true");
        fusion.key("method", text, "inverse_variance");
        fusion.key("uncertainty_threshold", seconds, "0.05");
        fusion.key("fallback_weights.short_term", weight, "0.8");
        fusion.key("fallback_weights.long_term", weight, "0.2");
        fusion.key("temporal_decay", weight, "0.9");
        fusion.key("adaptive_weighting", flag, "false");
        fusion.key("confidence_threshold", weight, "0.85");

        Section preprocessing = unused(
                "preprocessing",
                "the clock model takes each exchange as it is, at its own time, with its own uncertainty");
        preprocessing.key("outlier_removal.enabled", flag, "true");
        preprocessing.key("outlier_removal.method", text, "iqr");
        preprocessing.key("outlier_removal.threshold", factor, "2.0");
        preprocessing.key("missing_value_handling", anything, "{enabled: true, method: interpolate}");
        preprocessing.key("normalization", anything, "{enabled: false, method: zscore}");
        preprocessing.key("seasonal_decomposition", anything, "{}");

        Section covariates = unused("covariates", "this version learns from the exchanges with the servers alone");
        covariates.key("enabled", flag, "true");
        covariates.key("variables", new TextList(), "[cpu_usage, temperature, memory_usage]");
        covariates.key("future_variables", new TextList(), "[]");
        covariates.key("lag_features", anything, "{}");
        covariates.key("rolling_features", anything, "{}");

        Section scheduling = unused(
                "prediction_scheduling",
                "forecasts are made when they are due, and past measurements are smoothed by the clock model itself");
        scheduling.key("dataset", anything, "{}");
        for (String model : List.of("cpu_model.", "gpu_model.")) {
            boolean cpu = model.startsWith("cpu");
            scheduling.key(model + "prediction_interval", seconds, cpu ? "1.0" : "30.0");
            scheduling.key(model + "prediction_horizon", seconds, cpu ? "5" : "60");
            scheduling.key(model + "prediction_lead_time", seconds, cpu ? "5" : "10");
            scheduling.key(model + "max_inference_time", seconds, cpu ? "2.0" : "5.0");
        }
        scheduling.key("ntp_correction.enabled", flag, "true");
        scheduling.key(
                "ntp_correction.method",
                Choice.of("none", "linear", "drift_aware", "advanced", "advance_absolute", "backtracking"),
                "none");
        scheduling.key("ntp_correction.offset_uncertainty", seconds, "0.001");
        scheduling.key("ntp_correction.drift_uncertainty", factor, "0.0001");
        for (String experiment : List.of(
                "baseline_smoothing",
                "drift_calculation",
                "adaptive_capping",
                "sanity_check",
                "confidence_capping",
                "fusion",
                "error_bounds")) {
            scheduling.key(experiment, anything, "{}");
        }

        Section performance = unused("performance", "memory and computing time are bounded by construction");
        performance.key("max_memory_mb", count, "2048");
        performance.key("model_timeout", seconds, "10.0");
        performance.key("cache_size", count, "5");
        performance.key("batch_size", count, "1");
        performance.key("prefetch_predictions", flag, "false");
        performance.key("parallel_inference", flag, "false");
        performance.key("max_concurrent_models", count, "1");
        unused("performance", "daemon.cpu_affinity pins the writer").key("cpu_affinity", anything, "{}");

        Section logging = unused("logging", "`chronotick status` and `chronotick sources` show this live");
        logging.key("log_predictions", flag, "false");
        logging.key("log_uncertainty", flag, "false");
        logging.key("log_fusion_weights", flag, "false");
        logging.key("log_performance_metrics", flag, "false");
        logging.key("log_model_health", flag, "false");
        logging.key("performance_metrics", flag, "false");

        Section clock = unused("clock", "measurements carry their own times, so no sampling rate is assumed");
        clock.key("frequency_type", text, "second");
        clock.key("frequency_code", count, "9");
        clock.key("drift_estimation_window", seconds, "600");
        clock.key("offset_estimation_window", seconds, "60");

        Section whole = unused("", "there is no model file to load, watch or fail over from");
        whole.key("models", anything, "{}");
        whole.key("backup_models", anything, "{}");
        whole.key("monitoring", anything, "{}");
        whole.key("high_availability", anything, "{}");
    }

    private ConfigKeys() {}

    /** Declares keys that lie in one section and have no effect for one reason. */
    private interface Section {
        void key(String name, ValueType<?> type, String defaultYaml);
    }

    private static Section unused(String section, String replacement) {
        String prefix = section.isEmpty() ? "" : section + ".";
        return (name, type, defaultYaml) -> ALL.unused(prefix + name, type, defaultYaml, replacement);
    }

    /** The level names of existing files, and those of the logging library. */
    private static Map<String, Level> logLevels() {
        Map<String, Level> levels = new LinkedHashMap<>();
        levels.put("TRACE", Level.TRACE);
        levels.put("DEBUG", Level.DEBUG);
        levels.put("INFO", Level.INFO);
        levels.put("WARN", Level.WARN);
        levels.put("WARNING", Level.WARN);
        levels.put("ERROR", Level.ERROR);
        levels.put("CRITICAL", Level.ERROR);
        return levels;
    }
}
