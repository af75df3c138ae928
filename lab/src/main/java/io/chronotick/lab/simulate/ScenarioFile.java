// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.simulate;

import io.chronotick.engine.ntp.LeapIndicator;
import io.chronotick.lab.LabException;
import io.chronotick.lab.simulate.ServerSpec.Change;
import io.chronotick.lab.simulate.ServerSpec.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Reads scenarios; docs/lab.md describes their format. */
public final class ScenarioFile {
    private static final double YEAR = 366 * 86_400.0;
    /** A server may live in another age, but not in another era of the timestamps. */
    private static final double LARGEST_LIE = 60 * YEAR;

    private static final double FASTEST_CLOCK = 1e-3;
    private static final double LONGEST_DELAY = 100;
    private static final double SMALLEST_COEFFICIENT = 1e-12;

    private ScenarioFile() {}

    /** Reads a file; the scenario is named after it. */
    public static Scenario read(Path file) {
        try {
            return parse(
                    Files.readString(file),
                    file.toString(),
                    nameOf(file.getFileName().toString()));
        } catch (IOException e) {
            throw new LabException(file + " cannot be read as text: name a scenario file, or one of the library");
        }
    }

    static String nameOf(String fileName) {
        return fileName.replaceFirst("\\.ya?ml$", "");
    }

    /**
     * Reads a text.
     *
     * @param file what errors call it
     */
    static Scenario parse(String text, String file, String name) {
        YamlMap root = YamlMap.parse(text, file);
        double duration = root.required("for", Quantity.TIME, 1, YEAR);
        List<ServerSpec> servers = servers(root, duration);
        Scenario scenario = new Scenario(
                name,
                root.text("about").orElse(name),
                duration,
                (int) root.number("runs", Quantity.NUMBER, 1, 1000, 1),
                clock(root.map("clock"), duration),
                servers,
                outages(root, duration),
                stalls(root, duration),
                root.map("leap").map(map -> leap(map, duration)),
                root.number("max-uncertainty", Quantity.TIME, 1e-6, 100, Scenario.MAX_UNCERTAINTY),
                root.number("max-drift", Quantity.FREQUENCY, 1e-9, 1e-4, Scenario.MAX_DRIFT),
                limits(root.map("limits"), servers, duration));
        root.end();
        return scenario;
    }

    // --- The clock ---

    private static ClockSpec clock(Optional<YamlMap> given, double duration) {
        if (given.isEmpty()) {
            return new ClockSpec(
                    0, Double.POSITIVE_INFINITY, 0, 0, 0, List.of(), List.of(), List.of(), List.of(), Optional.empty());
        }
        YamlMap map = given.get();
        double most = FASTEST_CLOCK;
        List<ClockSpec.Cycle> cycles = new ArrayList<>();
        for (YamlMap cycle : map.maps("cycles")) {
            cycles.add(new ClockSpec.Cycle(
                    cycle.required("amplitude", Quantity.FREQUENCY, 0, most),
                    cycle.required("period", Quantity.TIME, 1, YEAR),
                    cycle.number("phase", Quantity.NUMBER, 0, 1, 0)));
            cycle.end();
        }
        List<ClockSpec.Step> steps = new ArrayList<>();
        for (YamlMap step : map.maps("steps")) {
            steps.add(new ClockSpec.Step(
                    step.required("at", Quantity.TIME, 0, duration),
                    step.required("by", Quantity.FREQUENCY, -most, most),
                    step.number("settle", Quantity.TIME, 0, YEAR, 0)));
            step.end();
        }
        List<ClockSpec.Jump> jumps = new ArrayList<>();
        for (YamlMap jump : map.maps("jumps")) {
            jumps.add(new ClockSpec.Jump(
                    jump.required("at", Quantity.TIME, 1, duration),
                    jump.required("by", Quantity.TIME, -YEAR, YEAR),
                    jump.flag("noticed", false)));
            jump.end();
        }
        List<ClockSpec.Stop> stops = new ArrayList<>();
        for (YamlMap stop : map.maps("stops")) {
            stops.add(new ClockSpec.Stop(
                    stop.required("at", Quantity.TIME, 1, duration),
                    stop.required("for", Quantity.TIME, 0, duration),
                    stop.flag("noticed", true)));
            stop.end();
        }
        Optional<ClockSpec.Sensor> sensor = map.map("sensor").map(described -> sensor(described, duration));
        ClockSpec clock = new ClockSpec(
                map.number("frequency", Quantity.FREQUENCY, -most, most, 0),
                map.number("spread", Quantity.FREQUENCY, 0, most, Double.POSITIVE_INFINITY),
                map.number("wander", Quantity.FREQUENCY, 0, most, 0),
                map.number("noise", Quantity.FREQUENCY, 0, most, 0),
                map.number("ageing", Quantity.FREQUENCY, -most, most, 0),
                List.copyOf(cycles),
                List.copyOf(steps),
                List.copyOf(jumps),
                List.copyOf(stops),
                sensor);
        map.end();
        return clock;
    }

    private static ClockSpec.Sensor sensor(YamlMap map, double duration) {
        ClockSpec.Sensor sensor = new ClockSpec.Sensor(
                map.required("coefficient", Quantity.FREQUENCY, SMALLEST_COEFFICIENT, FASTEST_CLOCK),
                map.number("lag", Quantity.TIME, 0, YEAR, 0),
                map.number("noise", Quantity.NUMBER, 0, 100, 0),
                map.number("wander", Quantity.NUMBER, 0, 100, 0),
                map.number("step", Quantity.NUMBER, 0, 100, 0),
                map.number("stuck-at", Quantity.TIME, 0, duration, duration));
        map.end();
        return sensor;
    }

    // --- Servers and paths ---

    private static List<ServerSpec> servers(YamlMap root, double duration) {
        List<ServerSpec> servers = new ArrayList<>();
        for (YamlMap map : root.maps("servers")) {
            int count = (int) map.number("count", Quantity.NUMBER, 1, 16, 1);
            String name = map.text("name").orElse("server" + (servers.size() + 1));
            double poll = map.number("poll", Quantity.TIME, 0.1, YEAR, 16);
            double burst = map.number("burst", Quantity.TIME, 0.1, YEAR, 2);
            boolean isClock = map.text("kind").map(kind -> isClock(map, kind)).orElse(false);
            State initial = state(map, State.DEFAULT);
            List<Change> changes = new ArrayList<>();
            State last = initial;
            double lastAt = 0;
            for (YamlMap change : map.maps("changes")) {
                double at = change.required("at", Quantity.TIME, 0, duration);
                if (at < lastAt) {
                    throw change.problem("at", "changes have to be in ascending order");
                }
                boolean moved = change.flag("moved", false);
                last = state(change, last);
                lastAt = at;
                change.end();
                changes.add(new Change(at, last, moved));
            }
            map.end();
            for (int i = 1; i <= count; i++) {
                String own = count == 1 ? name : name + "-" + i;
                servers.add(new ServerSpec(own, poll, burst, isClock, initial, List.copyOf(changes)));
            }
        }
        if (servers.isEmpty()) {
            throw root.problem("servers", "is missing; a scenario needs at least one");
        }
        return List.copyOf(servers);
    }

    private static boolean isClock(YamlMap map, String kind) {
        return switch (kind) {
            case "ntp" -> false;
            case "phc" -> true;
            default -> throw map.problem("kind", "'" + kind + "' is neither ntp nor phc");
        };
    }

    /** What is not given stays as it was. */
    private static State state(YamlMap map, State before) {
        DirectionSpec forward = before.forward();
        DirectionSpec back = before.back();
        Optional<YamlMap> path = map.map("path");
        if (path.isPresent()) {
            forward = direction(path.get(), forward);
            back = direction(path.get(), back);
            path.get().end();
        }
        Optional<YamlMap> there = map.map("forward");
        if (there.isPresent()) {
            forward = direction(there.get(), forward);
            there.get().end();
        }
        Optional<YamlMap> andBack = map.map("back");
        if (andBack.isPresent()) {
            back = direction(andBack.get(), back);
            andBack.get().end();
        }
        return new State(
                forward,
                back,
                map.number("duplicates", Quantity.SHARE, 0, 1, before.duplicates()),
                map.number("offset", Quantity.TIME, -LARGEST_LIE, LARGEST_LIE, before.offset()),
                map.number("drift", Quantity.FREQUENCY, -1, 1, before.drift()),
                map.flag("down", before.down()),
                (int) map.number("stratum", Quantity.NUMBER, 1, 16, before.stratum()),
                map.number("root-delay", Quantity.TIME, 0, LONGEST_DELAY, before.rootDelay()),
                map.number("root-dispersion", Quantity.TIME, 0, LONGEST_DELAY, before.rootDispersion()),
                map.number("precision", Quantity.TIME, State.FINEST, 1, before.precision()),
                map.number("turnaround", Quantity.TIME, 0, LONGEST_DELAY, before.turnaround()),
                conduct(map, before.conduct()));
    }

    private static ServerSpec.Conduct conduct(YamlMap map, ServerSpec.Conduct before) {
        Optional<String> kiss = map.text("kiss").map(code -> kiss(map, code)).orElse(before.kiss());
        return new ServerSpec.Conduct(
                map.flag("honest", before.honest()),
                map.number("alternate", Quantity.TIME, -LARGEST_LIE, LARGEST_LIE, before.alternate()),
                map.number("scatter", Quantity.TIME, 0, LARGEST_LIE, before.scatter()),
                map.number("aim", Quantity.NUMBER, -100, 100, before.aim()),
                map.number("hide", Quantity.SHARE, 0, 1, before.hide()),
                map.text("leap").map(kind -> leapKind(map, "leap", kind)).or(before::leap),
                kiss,
                map.number("unreachable", Quantity.SHARE, 0, 1, before.unreachable()),
                map.number("forged", Quantity.SHARE, 0, 1, before.forged()));
    }

    /** A code of four letters, or none. */
    private static Optional<String> kiss(YamlMap map, String code) {
        if (code.equals("none")) {
            return Optional.empty();
        }
        if (!code.matches("[A-Z]{4}")) {
            throw map.problem("kiss", "'" + code + "' is neither a code of four capital letters nor none");
        }
        return Optional.of(code);
    }

    private static DirectionSpec direction(YamlMap map, DirectionSpec before) {
        Optional<YamlMap> bursts = map.map("bursts");
        Optional<YamlMap> late = map.map("late");
        DirectionSpec direction = new DirectionSpec(
                map.number("base", Quantity.TIME, 0, LONGEST_DELAY, before.base()),
                map.number("drift", Quantity.FREQUENCY, -1, 1, before.drift()),
                map.has("queue") ? queue(map) : before.queue(),
                bursts.isPresent() ? bursts.map(ScenarioFile::bursts) : before.bursts(),
                map.number("loss", Quantity.SHARE, 0, 1, before.loss()),
                late.isPresent() ? late.get().required("share", Quantity.SHARE, 0, 1) : before.lateShare(),
                late.isPresent() ? late.get().required("by", Quantity.TIME, 0, LONGEST_DELAY) : before.lateBy());
        late.ifPresent(YamlMap::end);
        return direction;
    }

    private static DirectionSpec.Bursts bursts(YamlMap map) {
        DirectionSpec.Bursts bursts = new DirectionSpec.Bursts(
                map.required("every", Quantity.TIME, 0.001, YEAR),
                map.required("last", Quantity.TIME, 0.001, YEAR),
                queue(map));
        map.end();
        return bursts;
    }

    private static DelayLaw queue(YamlMap parent) {
        List<Double> shares = new ArrayList<>();
        List<DelayLaw> laws = new ArrayList<>();
        double sum = 0;
        List<YamlMap> given = parent.maps("queue");
        for (YamlMap map : given) {
            double share = given.size() == 1 ? 1 : map.required("share", Quantity.SHARE, 0, 1);
            shares.add(share);
            sum += share;
            laws.add(law(map));
            map.end();
        }
        if (Math.abs(sum - 1) > 1e-9) {
            throw parent.problem("queue", "the shares add up to " + Quantity.SHARE.format(sum) + ", not 100 %");
        }
        return laws.size() == 1 ? laws.get(0) : new DelayLaw.Mixture(List.copyOf(shares), List.copyOf(laws));
    }

    private static DelayLaw law(YamlMap map) {
        String law = map.text("law").orElse("");
        double most = LONGEST_DELAY;
        return switch (law) {
            case "none" -> new DelayLaw.None();
            case "exponential" -> new DelayLaw.Exponential(map.required("mean", Quantity.TIME, 0, most));
            case "uniform" -> new DelayLaw.Uniform(map.required("max", Quantity.TIME, 0, most));
            case "log-normal" ->
                new DelayLaw.LogNormal(
                        map.required("median", Quantity.TIME, 0, most), map.required("sigma", Quantity.NUMBER, 0, 3));
            case "gamma" ->
                new DelayLaw.Gamma(
                        map.required("mean", Quantity.TIME, 0, most),
                        map.required("shape", Quantity.NUMBER, 0.05, 100));
            case "weibull" ->
                new DelayLaw.Weibull(
                        map.required("scale", Quantity.TIME, 0, most),
                        map.required("shape", Quantity.NUMBER, 0.1, 100));
            case "pareto" ->
                new DelayLaw.Pareto(
                        map.required("mean", Quantity.TIME, 0, most), map.required("shape", Quantity.NUMBER, 1.1, 100));
            default ->
                throw map.problem(
                        "law",
                        "'" + law + "' is not known; there are none, exponential, uniform, log-normal, gamma, weibull,"
                                + " pareto");
        };
    }

    private static List<Scenario.Outage> outages(YamlMap root, double duration) {
        List<Scenario.Outage> outages = new ArrayList<>();
        for (YamlMap map : root.maps("outages")) {
            outages.add(new Scenario.Outage(
                    map.required("from", Quantity.TIME, 0, duration), map.required("to", Quantity.TIME, 0, duration)));
            map.end();
        }
        return List.copyOf(outages);
    }

    private static List<Scenario.Stall> stalls(YamlMap root, double duration) {
        List<Scenario.Stall> stalls = new ArrayList<>();
        for (YamlMap map : root.maps("stalls")) {
            stalls.add(new Scenario.Stall(
                    map.required("at", Quantity.TIME, 0, duration),
                    map.required("for", Quantity.TIME, 0, duration),
                    map.flag("restart", false)));
            map.end();
        }
        return List.copyOf(stalls);
    }

    private static Scenario.Leap leap(YamlMap map, double duration) {
        Scenario.Leap leap = new Scenario.Leap(
                map.required("at", Quantity.TIME, 0, duration),
                map.text("kind").map(kind -> leapKind(map, "kind", kind)).orElse(LeapIndicator.INSERT));
        map.end();
        return leap;
    }

    private static LeapIndicator leapKind(YamlMap map, String key, String kind) {
        return switch (kind) {
            case "none" -> LeapIndicator.NONE;
            case "insert" -> LeapIndicator.INSERT;
            case "delete" -> LeapIndicator.DELETE;
            default -> throw map.problem(key, "'" + kind + "' is not known; there are none, insert, delete");
        };
    }

    // --- Limits ---

    private static Limits limits(Optional<YamlMap> given, List<ServerSpec> servers, double duration) {
        if (given.isEmpty()) {
            return new Limits(OptionalDouble.empty(), List.of(), List.of(), List.of());
        }
        YamlMap map = given.get();
        List<Limits.Window> windows = new ArrayList<>();
        for (YamlMap window : map.maps("windows")) {
            double from = window.number("from", Quantity.TIME, 0, duration, 0);
            double to = window.number("to", Quantity.TIME, from, duration, duration);
            Map<Figure, Limits.Range> ranges = new EnumMap<>(Figure.class);
            for (Figure figure : Figure.values()) {
                window.range(figure.key(), figure.quantity(), figure.smallIsGood())
                        .ifPresent(range -> ranges.put(figure, range));
            }
            window.end();
            windows.add(new Limits.Window(from, to, ranges));
        }
        Limits limits = new Limits(
                map.number("ready", Quantity.TIME, 0, duration),
                known(map, "falsetickers", servers),
                known(map, "selected", servers),
                List.copyOf(windows));
        map.end();
        return limits;
    }

    private static List<String> known(YamlMap map, String key, List<ServerSpec> servers) {
        List<String> names = map.texts(key);
        for (String name : names) {
            if (servers.stream().noneMatch(server -> server.name().equals(name))) {
                throw map.problem(key, "there is no server '" + name + "'");
            }
        }
        return names;
    }
}
