// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.client.PageLayout;
import io.chronotick.daemon.config.ValueTypes.Address;
import io.chronotick.daemon.config.ValueTypes.Anything;
import io.chronotick.daemon.config.ValueTypes.Choice;
import io.chronotick.daemon.config.ValueTypes.CpuList;
import io.chronotick.daemon.config.ValueTypes.FilePath;
import io.chronotick.daemon.config.ValueTypes.Flag;
import io.chronotick.daemon.config.ValueTypes.Real;
import io.chronotick.daemon.config.ValueTypes.RealOrAuto;
import io.chronotick.daemon.config.ValueTypes.Text;
import io.chronotick.daemon.config.ValueTypes.TextList;
import io.chronotick.daemon.config.ValueTypes.Whole;
import io.chronotick.engine.external.HistoryCorrection;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.slf4j.event.Level;

/**
 * Every key of the configuration. Reading, checking, showing, the sample and the schema all follow from this list; there
 * is no second one. A key that moves from {@code unused} to {@code key} has to reach {@link DaemonConfig}.
 */
final class ConfigKeys {
    // Long because: a table, one entry for each key, with its text.

    static final KeySet ALL = new KeySet();

    private static final double DAY = 86_400;
    private static final double HOUR = 3_600;

    /** The clock model, which needs no file. */
    static final String BUILT_IN = "built_in";

    /** The clock model and the learned filter that comes with it. */
    static final String LEARNED = "learned";

    /** A model from an ONNX file. */
    static final String ONNX = "onnx";

    private static final String MODELLESS =
            "only a model from an ONNX file (model_name: onnx) beside a forecaster that is enabled"
                    + " needs it; the built-in clock model has neither file nor device, keeps its own history and smooths it";

    static final ConfigKey<List<ServerConfig>> SERVERS = ALL.key(
            "clock_measurement.ntp.servers",
            new ServerList(PageLayout.MAX_SOURCES),
            "auto",
            "The NTP servers to measure against. Three or more outvote one that lies. auto: those that this host's other NTP programs"
                    + " are told to ask (chrony, systemd-timesyncd, ntpd), else that of its cloud (Amazon EC2, Google Compute Engine), else"
                    + " four of 2.pool.ntp.org.",
            "CHRONOTICK_SERVERS");
    static final ConfigKey<Boolean> REQUIRE_AUTHENTICATION = ALL.key(
            "clock_measurement.ntp.require_authentication",
            new Flag(),
            "false",
            "Refuse to start unless every server has nts: true, so that nothing unauthenticated is ever believed.");
    static final ConfigKey<Optional<Path>> NTS_COOKIE_FILE = ALL.key(
            "clock_measurement.ntp.nts_cookie_file",
            new FilePath(),
            "\"\"",
            "Keep the keys and cookies of servers with nts: true in this file, readable by the daemon's user alone, while the daemon is"
                    + " not running: a restart then needs no key exchange. Empty: not.");
    static final ConfigKey<Integer> MIN_SERVERS = ALL.key(
            "clock_measurement.ntp.min_servers",
            new Whole(1, PageLayout.MAX_SOURCES, "servers"),
            "1",
            "No time is valid unless so many servers agree on it, beside the majority that it always needs.");
    static final ConfigKey<LeapSmear> LEAP_SMEAR = ALL.key(
            "clock_measurement.ntp.leap_smear",
            new Choice<>(words(LeapSmear.values())),
            "auto",
            "Servers that smear leap seconds are off UTC by up to a second for a day. To refuse is to leave them out, to follow is to take"
                    + " their time instead of UTC, for which all servers have to smear in the same way; auto follows where all of them are"
                    + " known to smear (Google, Amazon, Meta) and refuses elsewhere.");
    static final ConfigKey<Optional<Path>> LEAP_SECONDS_LIST = ALL.key(
            "clock_measurement.ntp.leap_seconds_list",
            new FilePath("none"),
            "/usr/share/zoneinfo/leap-seconds.list",
            "The list of leap seconds of the IERS, as tzdata has it: until it expires it decides whether there is a leap second, whatever"
                    + " servers announce. Where there is none, or none: the majority of the servers decides.");
    static final ConfigKey<String> VMCLOCK = ALL.key(
            "clock_measurement.vmclock",
            new Text(),
            "auto",
            "The device in which a hypervisor says that this virtual machine was moved, restored or stopped: the time is void then until"
                    + " servers have answered again. auto is /dev/vmclock0 where there is one, none ignores it.");
    static final ConfigKey<Double> TIMEOUT = ALL.key(
            "clock_measurement.ntp.timeout_seconds",
            new Real(0.01, 60, "s"),
            "2.0",
            "How long a reply is waited for, s.");
    static final ConfigKey<Double> MAX_ACCEPTABLE_UNCERTAINTY = ALL.key(
            "clock_measurement.ntp.max_acceptable_uncertainty",
            new Real(0.000_001, 10, "s"),
            "0.010",
            "A correction whose statistical standard deviation is above this is not valid, s: a long path alone makes none invalid.");
    static final ConfigKey<Double> MAX_DRIFT = ALL.key(
            "clock_measurement.ntp.max_drift",
            new Real(0.01, 100, "ppm"),
            "15",
            "The hard bound's one assumption about the oscillator: its average frequencies over any two stretches of an hour"
                    + " differ by at most this, ppm. 15 is RFC 5905's PHI; 1 for an oscillator that is known to be good, 50 for one"
                    + " in the heat.");
    static final ConfigKey<Double> MAX_STEP = ALL.key(
            "clock_measurement.ntp.max_step",
            new Real(0.001, 1e9, "s"),
            "1",
            "Once the time is known, the servers are followed when they move together by at most this, s, and keep to it for two"
                    + " minutes. Beyond it the time is withdrawn until the daemon is restarted.");
    static final ConfigKey<Double> ASYMMETRY = ALL.key(
            "clock_measurement.ntp.asymmetry",
            new Real(0, 1, ""),
            "0.1",
            "The systematic uncertainty of one server: what the ways to it and back may differ in, which no exchange shows, as a share"
                    + " of the delay one way (standard deviation). Several servers' disagreement corrects it. 0 where all paths are"
                    + " known to be symmetric.");
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
            "Between two requests to one server during warm-up, s; not below 2 for a public server unless its"
                    + " allow_fast_polling is true.");
    static final ConfigKey<OptionalDouble> MEASUREMENT_INTERVAL = ALL.key(
            "clock_measurement.timing.normal_operation.measurement_interval",
            new RealOrAuto(new Real(1, 131_072, "s")),
            "auto",
            "Between two exchanges with one server in normal operation, s; not below 64 for a public server unless its"
                    + " allow_fast_polling is true. auto: as long as waiting costs no more than the path does, from 64 to 1024 s, on"
                    + " the loopback and private networks from 16 to 64 s; a server's minpoll and maxpoll are other limits.");
    static final ConfigKey<Boolean> SHORT_TERM_ENABLED = ALL.key(
            "short_term.enabled",
            new Flag(),
            "true",
            "Whether the short-term forecaster, seconds ahead, may speak. Alone its corrections say CPU_MODEL. Without both"
                    + " forecasters a correction is a bare measurement and says NTP.");
    static final ConfigKey<Double> SHORT_TERM_HORIZON = ALL.key(
            "short_term.prediction_horizon",
            new Real(1, HOUR, "s"),
            "5",
            "Longest a published correction may be followed without being refreshed, s; and how far ahead a model from an ONNX"
                    + " file forecasts.");
    static final ConfigKey<Boolean> LONG_TERM_ENABLED = ALL.key(
            "long_term.enabled",
            new Flag(),
            "true",
            "Whether the long-term forecaster, minutes ahead, may speak. Alone its corrections say GPU_MODEL.");
    static final ConfigKey<Boolean> FUSION_ENABLED = ALL.key(
            "fusion.enabled",
            new Flag(),
            "true",
            "Whether the two forecasters are fused (FUSION). If not, the short-term one is used alone where it is"
                    + " enabled.");
    static final ConfigKey<String> FUSION_METHOD = ALL.conditional(
            "fusion.method",
            new Text(),
            "inverse_variance",
            "inverse_variance weighs each by its precision and its share of the recent predictive likelihood, corrected for what both"
                    + " have in common; none is the same as fusion.enabled false.",
            ConfigKeys::unknownMethod);
    static final Term SHORT_TERM =
            new Term("short_term", SHORT_TERM_ENABLED, SHORT_TERM_HORIZON, "1.0", "100", "0.1", "cpu_model", "2.0");
    static final Term LONG_TERM = new Term(
            "long_term",
            LONG_TERM_ENABLED,
            ALL.conditional(
                    "long_term.prediction_horizon",
                    new Real(1, DAY, "s"),
                    "60",
                    "How far ahead a model from an ONNX file forecasts, s.",
                    settings -> modelless(settings, "long_term")),
            "30.0",
            "300",
            "0.15",
            "gpu_model",
            "5.0");
    static final ConfigKey<Boolean> OUTLIER_REMOVAL = ALL.conditional(
            "preprocessing.outlier_removal.enabled",
            new Flag(),
            "true",
            "Whether outliers in the context of a model from an ONNX file are replaced by what lies between their neighbours.",
            ConfigKeys::modelless);
    static final ConfigKey<Double> OUTLIER_THRESHOLD = ALL.conditional(
            "preprocessing.outlier_removal.threshold",
            new Real(0, 1e6, ""),
            "2.0",
            "How far outside the middle half of the values one has to lie to be an outlier, in widths of that half (Tukey's"
                    + " fences: 1.5).",
            ConfigKeys::modelless);
    static final ConfigKey<Boolean> CORRECTION_ENABLED = ALL.conditional(
            "prediction_scheduling.ntp_correction.enabled",
            new Flag(),
            "true",
            "Whether a measurement corrects the predictions before it in the context of a model from an ONNX file.",
            ConfigKeys::modelless);
    static final ConfigKey<HistoryCorrection> CORRECTION_METHOD = ALL.conditional(
            "prediction_scheduling.ntp_correction.method",
            new Choice<>(words(HistoryCorrection.values())),
            "none",
            "What the error found by a measurement does to the predictions since the one before. Nothing (none); it is laid on"
                    + " them as a ramp (linear), shared out between offset and drift by their uncertainties (drift_aware) or by the"
                    + " variances of the predictions (advanced); or they go part of the way to the line between both measurements"
                    + " (advance_absolute) or all of it (backtracking).",
            ConfigKeys::modelless);
    static final ConfigKey<Double> CORRECTION_OFFSET_SD = ALL.conditional(
            "prediction_scheduling.ntp_correction.offset_uncertainty",
            new Real(0, DAY, "s"),
            "0.001",
            "Uncertainty of a predicted offset, for these methods, s.",
            ConfigKeys::modelless);
    static final ConfigKey<Double> CORRECTION_DRIFT_SD = ALL.conditional(
            "prediction_scheduling.ntp_correction.drift_uncertainty",
            new Real(0, 1e6, "s/s"),
            "0.0001",
            "Uncertainty of a predicted drift, for these methods, s/s.",
            ConfigKeys::modelless);
    static final ConfigKey<Boolean> COVARIATES_ENABLED = ALL.key(
            "covariates.enabled",
            new Flag(),
            "true",
            "Whether the clock model may follow what this machine measures beside the time, where it forecasts better by that.");
    static final ConfigKey<List<String>> COVARIATES = ALL.conditional(
            "covariates.variables",
            new TextList(),
            "[temperature, cpu_usage, cpu_frequency]",
            "What it may follow, as far as this machine has it: temperature (that of the processor if there is a sensor, else of"
                    + " any), cpu_usage (of all processors), cpu_frequency (their mean).",
            settings -> settings.given(COVARIATES_ENABLED).orElse(true)
                    ? Optional.empty()
                    : Optional.of("covariates.enabled is false"));
    static final ConfigKey<Double> MODEL_TIMEOUT = ALL.conditional(
            "performance.model_timeout",
            new Real(0.001, DAY, "s"),
            "10.0",
            "Longest time any model from an ONNX file may take for a forecast, s; max_inference_time may be less.",
            ConfigKeys::modelless);
    static final ConfigKey<Level> LOG_LEVEL = ALL.key(
            "logging.level",
            new Choice<>(logLevels()),
            "INFO",
            "Least severe messages that are logged.",
            "CHRONOTICK_LOG_LEVEL",
            "--log-level");
    static final ConfigKey<Optional<Path>> EXCHANGE_LOG = ALL.key(
            "logging.exchanges",
            new FilePath(),
            "\"\"",
            "File that every exchange with a server is kept in, a line of CSV each; none without. It is what the learned"
                    + " filter can be trained on for the network at hand (training/README.md).");
    static final ConfigKey<Integer> EXCHANGE_LOG_MB = ALL.key(
            "logging.exchanges_max_mb",
            new Whole(1, 100_000, "MB"),
            "64",
            "Size at which that file becomes FILE.1, in the place of an older one, and a new one is begun. 64 MB are four"
                    + " servers every 16 s for three weeks.");
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
    static final ConfigKey<Integer> HTTP_PORT = ALL.key(
            "daemon.http_port",
            new Whole(0, 65_535, "TCP"),
            "0",
            "Port that serves a page of the daemon at work, and metrics for Prometheus at /metrics; 0 for none.");
    static final ConfigKey<InetAddress> HTTP_ADDRESS = ALL.conditional(
            "daemon.http_address",
            new Address(),
            "127.0.0.1",
            "Address that is listened at; 0.0.0.0 or :: lets other machines in.",
            ConfigKeys::httpless);
    static final ConfigKey<Optional<Path>> HTTP_TOKEN_FILE = ALL.conditional(
            "daemon.http_token_file",
            new FilePath(),
            "\"\"",
            "File with what callers have to present, as a bearer token or as the password of any user; nothing without.",
            ConfigKeys::httpless);

    static final ConfigKey<Optional<Path>> CLOCKBOUND = ALL.key(
            "outputs.clockbound",
            new FilePath(),
            "\"\"",
            "ClockBound's segment for programs that are linked with its client: /var/run/clockbound/shm0 is where they look. It bounds the"
                    + " system clock. Empty: none.");
    static final ConfigKey<Optional<Path>> CHRONY_SOCK = ALL.key(
            "outputs.chrony_sock",
            new FilePath(),
            "\"\"",
            "The socket of a chronyd that steers the system clock by ChronoTick (refclock SOCK in its configuration). Empty: none.");
    static final ConfigKey<Integer> NTP_SHM = ALL.key(
            "outputs.ntp_shm",
            new Whole(-1, 255, ""),
            "-1",
            "Unit of the shared memory of an ntpd or chronyd that steers the system clock by ChronoTick (driver 28, refclock SHM); 0 and"
                    + " 1 are for root. -1: none.");
    static final ConfigKey<Integer> NTP_SERVER_PORT = ALL.key(
            "outputs.ntp_server.port",
            new Whole(0, 65_535, "UDP"),
            "0",
            "Port of an NTP server for other hosts, usually 123, which takes a privilege (CAP_NET_BIND_SERVICE); 0 for none.");
    static final ConfigKey<InetAddress> NTP_SERVER_ADDRESS = ALL.key(
            "outputs.ntp_server.address",
            new Address(),
            "127.0.0.1",
            "Address of this host on which that server listens.");

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

        for (Term term : List.of(SHORT_TERM, LONG_TERM)) {
            unused(term.name(), "both forecasters follow what covariates.variables names where that helps them")
                    .key("use_covariates", flag, "false");
            unused(term.name(), "the quantiles of a model from an ONNX file are named in model_params.quantiles")
                    .key("quantile_levels", anything, "[]");
        }

        Section fusion =
                unused("fusion", "the weights follow by themselves from how well each forecaster has forecast");
        fusion.key("uncertainty_threshold", seconds, "0.05");
        fusion.key("fallback_weights.short_term", weight, "0.8");
        fusion.key("fallback_weights.long_term", weight, "0.2");
        fusion.key("temporal_decay", weight, "0.9");
        fusion.key("adaptive_weighting", flag, "false");
        fusion.key("confidence_threshold", weight, "0.85");

        unused("preprocessing", "the method is iqr").key("outlier_removal.method", text, "iqr");
        Section preprocessing = unused(
                "preprocessing",
                "the clock model takes each exchange as it is, at its own time; a model from an ONNX file sees a context without"
                        + " gaps, in seconds, less a straight line, and brings what else it needs in its graph");
        preprocessing.key("missing_value_handling", anything, "{enabled: true, method: interpolate}");
        preprocessing.key("normalization", anything, "{enabled: false, method: zscore}");
        preprocessing.key("seasonal_decomposition", anything, "{}");

        Section covariates = unused(
                "covariates",
                "what they will be nobody knows here; each is followed as it comes and as a body that takes minutes to warm up does");
        covariates.key("future_variables", new TextList(), "[]");
        covariates.key("lag_features", anything, "{}");
        covariates.key("rolling_features", anything, "{}");

        Section scheduling = unused(
                "prediction_scheduling",
                "forecasts are made when they are due: inference_interval and prediction_horizon of short_term and long_term"
                        + " decide for a model from an ONNX file");
        scheduling.key("dataset", anything, "{}");
        for (Term term : List.of(SHORT_TERM, LONG_TERM)) {
            boolean cpu = term.equals(SHORT_TERM);
            String model = cpu ? "cpu_model." : "gpu_model.";
            scheduling.key(model + "prediction_interval", seconds, cpu ? "1.0" : "30.0");
            scheduling.key(model + "prediction_horizon", seconds, cpu ? "5" : "60");
            scheduling.key(model + "prediction_lead_time", seconds, cpu ? "5" : "10");
        }
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

        Section whole =
                unused("", "a model that fails, is late or loses is quarantined, and the built-in clock model goes on");
        whole.key("models", anything, "{}");
        whole.key("backup_models", anything, "{}");
        whole.key("monitoring", anything, "{}");
        whole.key("high_availability", anything, "{}");
    }

    private ConfigKeys() {}

    /** The keys of one forecaster that have an effect, and those elsewhere that are about it alone. */
    static final class Term {
        private final String name;
        final ConfigKey<Boolean> enabled;
        final ConfigKey<Double> horizon;
        final ConfigKey<String> modelName;
        final ConfigKey<String> device;
        final ConfigKey<Double> interval;
        final ConfigKey<Integer> context;
        final ConfigKey<Double> maxUncertainty;
        final ConfigKey<String> params;
        final ConfigKey<Double> maxInferenceTime;

        private Term(
                String name,
                ConfigKey<Boolean> enabled,
                ConfigKey<Double> horizon,
                String interval,
                String context,
                String maxUncertainty,
                String scheduling,
                String maxInferenceTime) {
            this.name = name;
            this.enabled = enabled;
            this.horizon = horizon;
            Function<Settings, Optional<String>> modelless = settings -> modelless(settings, name);
            modelName = ALL.conditional(
                    name + ".model_name",
                    new Text(),
                    BUILT_IN,
                    "The clock model alone (built_in), beside it the filter that learned from simulated clocks (learned;"
                            + " short_term only, fused with both), or a model from an ONNX file, which is judged and, once it has"
                            + " proven itself, heard (onnx). Models that the earlier ChronoTick named (chronos, timesfm, ttm, toto,"
                            + " time_moe) have to be exported to such a file.",
                    settings -> unknownModel(settings, name));
            device = ALL.conditional(
                    name + ".device",
                    Choice.of("cpu", "gpu", "cuda", "auto"),
                    "cpu",
                    "Where a model from an ONNX file runs: cpu, auto (the same); gpu, cuda.",
                    modelless);
            this.interval = ALL.conditional(
                    name + ".inference_interval",
                    new Real(0.1, DAY, "s"),
                    interval,
                    "Between two samples of the context of a model from an ONNX file, and between two of its forecasts, s.",
                    modelless);
            this.context = ALL.conditional(
                    name + ".context_length",
                    new Whole(2, 1_000_000, "samples"),
                    context,
                    "Samples that a model from an ONNX file is shown.",
                    modelless);
            this.maxUncertainty = ALL.conditional(
                    name + ".max_uncertainty",
                    new Real(0, DAY, "s"),
                    maxUncertainty,
                    "A forecast of a model from an ONNX file whose standard deviation is above this is not heard, s. (What is"
                            + " valid clock_measurement.ntp.max_acceptable_uncertainty decides.)",
                    modelless);
            params = ALL.conditional(
                    name + ".model_params",
                    new ModelParams(),
                    "{}",
                    "The model from an ONNX file; with model_name: learned, own weights for the learned filter.",
                    settings -> isLearned(settings, name) ? Optional.empty() : modelless(settings, name));
            this.maxInferenceTime = ALL.conditional(
                    "prediction_scheduling." + scheduling + ".max_inference_time",
                    new Real(0.001, DAY, "s"),
                    maxInferenceTime,
                    "Longest the " + name + " model from an ONNX file may take for a forecast, s. One that is late is"
                            + " quarantined; nothing waits for it.",
                    modelless);
        }

        String name() {
            return name;
        }
    }

    /** Why what is about a model from a file has no effect for a forecaster: it has none, or may not speak. */
    private static Optional<String> modelless(Settings settings, String term) {
        boolean enabled =
                setting(settings, term + ".enabled").map("true"::equals).orElse(true);
        String model = setting(settings, term + ".model_name").orElse(BUILT_IN);
        return enabled && model.equals(ONNX) ? Optional.empty() : Optional.of(MODELLESS);
    }

    /** Whether the learned filter may speak, beside the short-term forecaster alone. */
    static boolean isLearned(Settings settings, String term) {
        boolean enabled =
                setting(settings, term + ".enabled").map("true"::equals).orElse(true);
        return enabled
                && term.equals("short_term")
                && setting(settings, term + ".model_name").orElse(BUILT_IN).equals(LEARNED);
    }

    /** Why what is about the HTTP server has no effect. */
    private static Optional<String> httpless(Settings settings) {
        return setting(settings, "daemon.http_port")
                        .filter(port -> !port.equals("0"))
                        .isPresent()
                ? Optional.empty()
                : Optional.of("daemon.http_port is 0");
    }

    /** Why what is about any model from a file has no effect. */
    private static Optional<String> modelless(Settings settings) {
        return modelless(settings, "short_term").flatMap(why -> modelless(settings, "long_term"));
    }

    private static Optional<String> unknownModel(Settings settings, String term) {
        return setting(settings, term + ".model_name")
                .filter(name -> !name.equals(BUILT_IN)
                        && !name.equals(ONNX)
                        && !(name.equals(LEARNED) && term.equals("short_term")))
                .map(name -> Nodes.quote(name)
                        + " runs here only from an exported ONNX file: export it, then set model_name: onnx"
                        + " and model_params: {path: FILE.onnx, input: NAME, output: NAME, quantiles: [...]} with context_length and"
                        + " prediction_horizon as exported; until then the built-in clock model forecasts");
    }

    private static Optional<String> unknownMethod(Settings settings) {
        return setting(settings, "fusion.method")
                .filter(method -> !method.equals("inverse_variance") && !method.equals("none"))
                .map(method -> Nodes.quote(method)
                        + " is not known here, inverse_variance and none are; inverse_variance is used");
    }

    private static Optional<String> setting(Settings settings, String path) {
        return ALL.find(path)
                .flatMap(settings::find)
                .map(setting -> setting.value().toString().toLowerCase(Locale.ROOT));
    }

    static <T extends Enum<T>> Map<String, T> words(T[] values) {
        Map<String, T> words = new LinkedHashMap<>();
        for (T value : values) {
            words.put(value.name().toLowerCase(Locale.ROOT), value);
        }
        return words;
    }

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
