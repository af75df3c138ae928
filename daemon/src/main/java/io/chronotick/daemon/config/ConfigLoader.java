// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.daemon.config.Settings.Setting;
import io.chronotick.engine.external.ExternalForecasterConfig;
import io.chronotick.engine.external.HistoryCorrection;
import io.chronotick.engine.forecast.Correction;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.oscillator.CovariateConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Brings the sources of configuration together: an option counts more than the environment, that more than the file,
 * and that more than the default. All of them are checked even where another overrides them. Stateless and thread-safe.
 */
public final class ConfigLoader {
    /** Environment variable that names the file when no option does. */
    public static final String FILE_VARIABLE = "CHRONOTICK_CONFIG";

    private static final long BYTES_PER_MB = 1_000_000;

    private static final String VARIABLE_PREFIX = "CHRONOTICK_";

    private ConfigLoader() {}

    /**
     * Loads the configuration.
     *
     * @param file the file named by an option; without it the one that {@link #FILE_VARIABLE} names; else no file
     * @param environment the environment variables of the process; blank ones count as not set
     * @param options what the command line overrides
     * @param cpus number of CPUs of this host, 1..; an affinity may name 0..cpus-1
     * @throws ConfigException if anything is wrong, with all that is wrong
     * @throws IllegalArgumentException if {@code options} holds an option that overrides no key
     */
    public static LoadedConfig load(
            Optional<Path> file, Map<String, String> environment, ConfigOverrides options, int cpus)
            throws ConfigException {
        List<String> problems = new ArrayList<>();
        Optional<Path> path = file.or(() -> variable(environment, FILE_VARIABLE).map(Path::of));
        Optional<String> text = path.flatMap(present -> YamlText.read(present, problems));
        if (file.isEmpty()) {
            problems.replaceAll(problem -> "environment variable " + FILE_VARIABLE + ": " + problem);
        }
        String name = path.map(Path::toString).orElse("");
        return assemble(text.orElse(""), name, environment, options, cpus, problems);
    }

    /**
     * Loads the configuration from text.
     *
     * @param yaml what would be in the file
     * @param name what messages call it
     */
    public static LoadedConfig parse(
            String yaml, String name, Map<String, String> environment, ConfigOverrides options, int cpus)
            throws ConfigException {
        return assemble(yaml, name, environment, options, cpus, new ArrayList<>());
    }

    private static LoadedConfig assemble(
            String yaml,
            String name,
            Map<String, String> environment,
            ConfigOverrides options,
            int cpus,
            List<String> problems)
            throws ConfigException {
        Settings given = new Settings();
        Mistakes inFile = new Mistakes(name, cpus, problems);
        YamlText.parse(yaml, name, problems).ifPresent(root -> readRoot(root, inFile, given));
        Set<String> unknownOptions = new HashSet<>(options.options().keySet());
        for (ConfigKey<?> key : ConfigKeys.ALL.keys()) {
            key.variable()
                    .ifPresent(variable -> variable(environment, variable)
                            .ifPresent(text ->
                                    readText(key, text, "environment variable " + variable, cpus, problems, given)));
            key.option().ifPresent(option -> {
                unknownOptions.remove(option);
                String text = options.options().get(option);
                if (text != null) {
                    readText(key, text, "option " + option, cpus, problems, given);
                }
            });
        }
        if (!unknownOptions.isEmpty()) {
            throw new IllegalArgumentException("no key is overridden by " + unknownOptions);
        }
        checkStrata(given, inFile);
        ServerRules.check(given, inFile, cpus);
        List<ModelConfig> models = models(given, inFile, cpus);
        Optional<Path> weights = weights(given, inFile);
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        List<String> warnings = new ArrayList<>(unusedKeys(given, inFile));
        warnings.addAll(unmeasured(given, inFile));
        warnings.addAll(misspeltVariables(environment));
        List<EffectiveValue> effective = new ArrayList<>();
        for (ConfigKey<?> key : ConfigKeys.ALL.keys()) {
            boolean isGiven = given.find(key).isPresent();
            if (!isGiven) {
                given.putDefault(key, cpus);
            }
            if (key.whyIdle(given).isEmpty() || isGiven) {
                effective.add(row(key, given));
            }
        }
        return new LoadedConfig(config(given, models, weights), warnings, effective);
    }

    private static void readRoot(Node root, Mistakes mistakes, Settings settings) {
        if (root instanceof MappingNode map) {
            ConfigKeys.ALL.read(map, "", "", mistakes, settings);
        } else if (!Nodes.isNull(root)) {
            mistakes.reject(root, "the file", "a map with " + ConfigKeys.ALL.names(""));
        }
    }

    private static <T> void readText(
            ConfigKey<T> key, String text, String origin, int cpus, List<String> problems, Settings settings) {
        Node node = key.type().fromText(text);
        key.type()
                .parse(node, key.path(), new Mistakes(origin, cpus, problems))
                .ifPresent(value -> settings.put(key, value, node, 0, origin));
    }

    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
    }

    private static void checkStrata(Settings given, Mistakes inFile) {
        Optional<Integer> lowest = given.given(ConfigKeys.MIN_STRATUM);
        Optional<Integer> highest = given.given(ConfigKeys.MAX_STRATUM);
        if (lowest.isPresent() && highest.isPresent() && lowest.get() > highest.get()) {
            inFile.report(
                    given.find(ConfigKeys.MAX_STRATUM).orElseThrow().node(),
                    ConfigKeys.MAX_STRATUM.path(),
                    "found " + highest.get() + ", allowed: at least min_stratum, which is " + lowest.get());
        }
    }

    /** One line for all keys that have no effect for the same reason. */
    private static List<String> unusedKeys(Settings given, Mistakes inFile) {
        Map<String, List<ConfigKey<?>>> byReplacement = new LinkedHashMap<>();
        for (ConfigKey<?> key : ConfigKeys.ALL.keys()) {
            if (given.find(key).isPresent()) {
                key.whyIdle(given)
                        .ifPresent(replacement -> byReplacement
                                .computeIfAbsent(replacement, same -> new ArrayList<>())
                                .add(key));
            }
        }
        List<String> warnings = new ArrayList<>();
        byReplacement.forEach((replacement, keys) -> {
            List<String> names = keys.stream()
                    .map(key -> key.path() + " (line "
                            + given.find(key).orElseThrow().line() + ")")
                    .toList();
            warnings.add(inFile.source() + ": no effect here: " + String.join(", ", names) + ": " + replacement);
        });
        return warnings;
    }

    /** Covariates that existing files name and nobody measures here. */
    private static List<String> unmeasured(Settings given, Mistakes inFile) {
        List<String> others = new ArrayList<>(given.given(ConfigKeys.COVARIATES).orElse(List.of()));
        List<String> measured =
                CovariateConfig.ALL.stream().map(CovariateConfig::name).toList();
        others.removeAll(measured);
        return others.isEmpty() || ConfigKeys.COVARIATES.whyIdle(given).isPresent()
                ? List.of()
                : List.of(inFile.source() + ": covariates.variables (line "
                        + given.find(ConfigKeys.COVARIATES).orElseThrow().line() + "): "
                        + String.join(", ", others) + ": not followed here; there are " + String.join(", ", measured));
    }

    /** A variable that nobody reads is only reported if it nearly is one that somebody does. */
    private static List<String> misspeltVariables(Map<String, String> environment) {
        Set<String> known = new HashSet<>(Set.of(FILE_VARIABLE));
        ConfigKeys.ALL.keys().forEach(key -> key.variable().ifPresent(known::add));
        List<String> warnings = new ArrayList<>();
        environment.keySet().stream()
                .filter(name -> name.startsWith(VARIABLE_PREFIX) && !known.contains(name))
                .sorted()
                .forEach(name -> Spelling.nearest(name.substring(VARIABLE_PREFIX.length()), suffixes(known))
                        .ifPresent(meant -> warnings.add("environment variable " + name + ": not read; did you mean "
                                + VARIABLE_PREFIX + meant + "?")));
        return warnings;
    }

    private static List<String> suffixes(Set<String> variables) {
        return variables.stream()
                .map(name -> name.substring(VARIABLE_PREFIX.length()))
                .toList();
    }

    private static <T> EffectiveValue row(ConfigKey<T> key, Settings all) {
        String value = flow(key.type().plain(all.get(key)));
        String origin = all.find(key).map(Setting::origin).orElseThrow();
        return new EffectiveValue(key.path(), value, origin, key.whyIdle(all).isEmpty());
    }

    /** A plain value as a file would hold it on one line. */
    static String flow(Object plain) {
        if (plain instanceof List<?> list) {
            return "[" + String.join(", ", list.stream().map(ConfigLoader::flow).toList()) + "]";
        }
        if (plain instanceof Map<?, ?> map) {
            List<String> entries = map.entrySet().stream()
                    .map(entry -> entry.getKey() + ": " + flow(entry.getValue()))
                    .toList();
            return "{" + String.join(", ", entries) + "}";
        }
        return plain.toString();
    }

    /** The models from files; what is wrong with them has been reported. */
    private static List<ModelConfig> models(Settings given, Mistakes inFile, int cpus) {
        List<ModelConfig> models = new ArrayList<>();
        for (ConfigKeys.Term term : List.of(ConfigKeys.SHORT_TERM, ConfigKeys.LONG_TERM)) {
            Optional<Setting> named = given.find(term.modelName);
            if (named.isEmpty() || term.device.whyIdle(given).isPresent()) {
                continue;
            }
            Node params = given.find(term.params).orElse(named.get()).node();
            ModelParams.onnx(params, term.params.path(), inFile)
                    .ifPresent(onnx -> models.add(model(term, onnx, given, cpus)));
        }
        return models;
    }

    /** Own weights for the learned filter; what is wrong with them has been reported. */
    private static Optional<Path> weights(Settings given, Mistakes inFile) {
        return isLearned(given)
                ? given.find(ConfigKeys.SHORT_TERM.params)
                        .flatMap(params ->
                                ModelParams.weights(params.node(), ConfigKeys.SHORT_TERM.params.path(), inFile))
                : Optional.empty();
    }

    private static ModelConfig model(ConfigKeys.Term term, ModelParams.Onnx onnx, Settings given, int cpus) {
        boolean corrected = given(ConfigKeys.CORRECTION_ENABLED, given, cpus);
        boolean cleaned = given(ConfigKeys.OUTLIER_REMOVAL, given, cpus);
        String device = given(term.device, given, cpus);
        ExternalForecasterConfig slot = new ExternalForecasterConfig(
                term.equals(ConfigKeys.SHORT_TERM) ? Forecast.Forecaster.SHORT_TERM : Forecast.Forecaster.LONG_TERM,
                given(term.interval, given, cpus),
                onnx.context().orElseGet(() -> given(term.context, given, cpus)),
                onnx.horizon().orElseGet(() -> given(term.horizon, given, cpus)),
                onnx.quantiles(),
                Math.min(given(term.maxInferenceTime, given, cpus), given(ConfigKeys.MODEL_TIMEOUT, given, cpus)),
                given(term.maxUncertainty, given, cpus),
                corrected ? given(ConfigKeys.CORRECTION_METHOD, given, cpus) : HistoryCorrection.NONE,
                given(ConfigKeys.CORRECTION_OFFSET_SD, given, cpus),
                given(ConfigKeys.CORRECTION_DRIFT_SD, given, cpus),
                cleaned ? given(ConfigKeys.OUTLIER_THRESHOLD, given, cpus) : Double.POSITIVE_INFINITY);
        boolean gpu = device.equals("gpu") || device.equals("cuda");
        return new ModelConfig(ConfigKeys.ONNX, slot, onnx.file(), onnx.input(), onnx.output(), gpu);
    }

    static <T> T given(ConfigKey<T> key, Settings given, int cpus) {
        return given.given(key).orElseGet(() -> key.defaultValue(cpus));
    }

    /** Who speaks. */
    private static Correction.Source speaker(Settings all) {
        boolean shortTerm = all.get(ConfigKeys.SHORT_TERM_ENABLED);
        boolean longTerm = all.get(ConfigKeys.LONG_TERM_ENABLED);
        boolean together = all.get(ConfigKeys.FUSION_ENABLED)
                && !all.get(ConfigKeys.FUSION_METHOD).equalsIgnoreCase("none");
        if (shortTerm && longTerm && together) {
            return Correction.Source.FUSION;
        }
        if (shortTerm) {
            return Correction.Source.SHORT_TERM;
        }
        return longTerm ? Correction.Source.LONG_TERM : Correction.Source.NTP;
    }

    private static boolean isLearned(Settings all) {
        return ConfigKeys.isLearned(all, ConfigKeys.SHORT_TERM.name());
    }

    private static DaemonConfig config(Settings all, List<ModelConfig> models, Optional<Path> weights) {
        return new DaemonConfig(
                all.get(ConfigKeys.SERVERS),
                all.get(ConfigKeys.NTS_COOKIE_FILE),
                all.get(ConfigKeys.MIN_SERVERS),
                all.get(ConfigKeys.LEAP_SMEAR),
                all.get(ConfigKeys.LEAP_SECONDS_LIST),
                all.get(ConfigKeys.VMCLOCK),
                all.get(ConfigKeys.TIMEOUT),
                all.get(ConfigKeys.MAX_ACCEPTABLE_UNCERTAINTY),
                all.get(ConfigKeys.MAX_DRIFT) * 1e-6,
                all.get(ConfigKeys.MAX_STEP),
                all.get(ConfigKeys.ASYMMETRY),
                all.get(ConfigKeys.MIN_STRATUM),
                Math.min(15, all.get(ConfigKeys.MAX_STRATUM)),
                all.get(ConfigKeys.WARMUP_LIMIT),
                all.get(ConfigKeys.WARMUP_INTERVAL),
                all.get(ConfigKeys.MEASUREMENT_INTERVAL),
                speaker(all),
                all.get(ConfigKeys.SHORT_TERM_HORIZON),
                isLearned(all),
                weights,
                models,
                all.get(ConfigKeys.COVARIATES_ENABLED) ? all.get(ConfigKeys.COVARIATES) : List.of(),
                all.get(ConfigKeys.LOG_LEVEL),
                all.get(ConfigKeys.EXCHANGE_LOG),
                all.get(ConfigKeys.EXCHANGE_LOG_MB) * BYTES_PER_MB,
                all.get(ConfigKeys.FREQUENCY),
                all.get(ConfigKeys.CPU_AFFINITY),
                all.get(ConfigKeys.SHM),
                all.get(ConfigKeys.HTTP_PORT),
                all.get(ConfigKeys.HTTP_ADDRESS),
                all.get(ConfigKeys.HTTP_TOKEN_FILE),
                OutputsConfig.of(all));
    }
}
