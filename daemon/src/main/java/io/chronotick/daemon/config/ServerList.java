// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.config;

import io.chronotick.client.PageLayout;
import io.chronotick.daemon.nts.KeyExchange;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The list of servers: each a host, {@code host:port}, or a map; or auto, which is the empty list.
 *
 * @param mostServers longest list allowed
 */
record ServerList(int mostServers) implements ValueType<List<ServerConfig>> {
    /** The host's own: {@link HostServers}. Of the value it is the empty list. */
    private static final String AUTO = "auto";

    private static final KeySet KEYS = new KeySet();
    private static final String PHC = "phc";
    private static final String SYSTEM = "system";
    private static final ConfigKey<String> KIND = KEYS.key(
            "kind",
            ValueTypes.Choice.of("ntp", PHC, SYSTEM),
            "ntp",
            "ntp: a server on the network; phc: a PTP hardware clock of this host, or the one that its hypervisor offers; system: the system"
                    + " clock, where another program steers it and nothing else can be asked, alone.");
    private static final ConfigKey<String> DEVICE = KEYS.key(
            "device",
            new ValueTypes.Text(),
            LocalClockConfig.AUTO,
            "Of kind phc: its device, as /dev/ptp0. auto: the clock of an ENA network card (Amazon EC2), of Hyper-V or of KVM, the first"
                    + " that there is.");
    private static final ConfigKey<Double> MAX_ERROR = KEYS.key(
            "max_error",
            new ValueTypes.Real(1e-9, 1, "s"),
            "",
            "Of kind phc or system: what the clock may be off from UTC by, s. Needed unless its driver states that (ENA does), or what"
                    + " steers the system clock (systemd-timesyncd does not); the larger of both counts.");
    private static final ConfigKey<LocalClockConfig.Timescale> TIMESCALE = KEYS.key(
            "timescale",
            new ValueTypes.Choice<>(ConfigKeys.words(LocalClockConfig.Timescale.values())),
            "",
            "Of kind phc: whether the clock counts utc or tai. The clocks of ENA, Hyper-V and KVM count utc; of all others it has to be said.");
    private static final ConfigKey<String> HOST = KEYS.key("host", new Host(), "", "Host name or address.");
    private static final ConfigKey<Integer> PORT = KEYS.key(
            "port", new ValueTypes.Whole(1, 65_535, "UDP"), String.valueOf(ServerConfig.DEFAULT_PORT), "UDP port.");
    private static final ConfigKey<Boolean> NTS = KEYS.key(
            "nts",
            new ValueTypes.Flag(),
            "false",
            "Authenticate the server by NTS (RFC 8915): nothing that it does not prove is ever believed. Certificates are judged by"
                    + " ChronoTick's own time where it is known, at the start by the system clock.");
    private static final ConfigKey<Integer> NTS_PORT = KEYS.key(
            "nts_port",
            new ValueTypes.Whole(1, 65_535, "TCP"),
            String.valueOf(KeyExchange.DEFAULT_PORT),
            "TCP port of its key exchange; what it says there of the NTP server counts more than port.");
    private static final ConfigKey<Optional<Path>> NTS_CA = KEYS.key(
            "nts_ca",
            new ValueTypes.FilePath(),
            "\"\"",
            "Certificates in PEM that this server's has to be signed by, instead of the public authorities that Java trusts.");
    private static final ConfigKey<Integer> MINPOLL = KEYS.key(
            "minpoll",
            new ValueTypes.Whole(0, 17, "log2 of seconds"),
            "",
            "log2 of the shortest poll of this server, s, where the poll adapts; where normal_operation.measurement_interval is given, of"
                    + " the poll instead.");
    private static final ConfigKey<Integer> MAXPOLL = KEYS.key(
            "maxpoll",
            new ValueTypes.Whole(0, 17, "log2 of seconds"),
            "",
            "log2 of the longest poll of this server, s, whatever the measurement interval; the same as minpoll: a fixed poll.");
    private static final ConfigKey<Boolean> ALLOW_FAST_POLLING = KEYS.key(
            "allow_fast_polling",
            new ValueTypes.Flag(),
            "false",
            "A server outside the loopback and private ranges is asked every 64 s at most, and at most every 2 s in a burst, unless this is"
                    + " true: only for a server whose operator agrees.");

    private static final ConfigKey<Double> ASYMMETRY = KEYS.key(
            "asymmetry",
            new ValueTypes.Real(0, 1, ""),
            "",
            "What the two ways to this server may differ in, instead of clock_measurement.ntp.asymmetry; 0 where they are"
                    + " known to be equal.");

    private static final ConfigKey<Integer> POOL = KEYS.key(
            "pool",
            new ValueTypes.Whole(1, PageLayout.MAX_SOURCES, "servers"),
            "1",
            "How many servers of this name are asked, each at an address of its own. One that is silent, refuses, is not synchronized"
                    + " or is a falseticker is replaced by another of the name's addresses.");

    private static final Pattern BRACKETED = Pattern.compile("\\[(.*)](?::(.*))?");
    private static final Pattern HOST_AND_PORT = Pattern.compile("([^:]*):([^:]*)");

    @Override
    public Optional<List<ServerConfig>> parse(Node node, String key, Mistakes mistakes) {
        if (isAuto(Nodes.text(node)) && Nodes.isText(node)) {
            return Optional.of(List.of());
        }
        if (!(node instanceof SequenceNode sequence)
                || sequence.getValue().isEmpty()
                || sequence.getValue().size() > mostServers) {
            mistakes.reject(node, key, allowed());
            return Optional.empty();
        }
        List<ServerConfig> servers = new ArrayList<>();
        int place = 0;
        for (Node item : sequence.getValue()) {
            String itemKey = key + "[" + place + "]";
            place++;
            if (item instanceof MappingNode mapping) {
                servers.addAll(parseMap(mapping, itemKey, mistakes));
            } else {
                parseText(item, itemKey, mistakes).ifPresent(servers::add);
            }
        }
        if (servers.size() > mostServers) {
            mistakes.report(
                    node,
                    key,
                    "found " + servers.size() + " servers with those of the pools, allowed: at most " + mostServers);
            return Optional.empty();
        }
        return Optional.of(servers);
    }

    private static boolean isAuto(String text) {
        return text.strip().equalsIgnoreCase(AUTO);
    }

    private Optional<ServerConfig> parseText(Node item, String key, Mistakes mistakes) {
        String text = Nodes.text(item);
        String host = text;
        String port = String.valueOf(ServerConfig.DEFAULT_PORT);
        Matcher bracketed = BRACKETED.matcher(text);
        Matcher hostAndPort = HOST_AND_PORT.matcher(text);
        if (bracketed.matches()) {
            host = bracketed.group(1).indexOf(':') < 0 ? "" : bracketed.group(1);
            port = bracketed.group(2) == null ? port : bracketed.group(2);
        } else if (hostAndPort.matches()) {
            host = hostAndPort.group(1);
            port = hostAndPort.group(2);
        }
        if (!Nodes.isText(item) || !Host.isHost(host) || !isPort(port)) {
            mistakes.reject(
                    item,
                    key,
                    "a host, host:port or [address]:port with a port from 1 to 65535, or a map with " + KEYS.names(""));
            return Optional.empty();
        }
        return Optional.of(ServerConfig.of(host, Integer.parseInt(port)));
    }

    private static boolean isPort(String text) {
        return text.matches("[0-9]{1,5}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= 65_535;
    }

    /** As many as are asked of a pool; none if there is a mistake. */
    private static List<ServerConfig> parseMap(MappingNode map, String key, Mistakes mistakes) {
        Settings settings = new Settings();
        int before = mistakes.lines().size();
        KEYS.read(map, "", key, mistakes, settings);
        Optional<Integer> minpoll = settings.given(MINPOLL);
        Optional<Integer> maxpoll = settings.given(MAXPOLL);
        if (minpoll.isPresent() && maxpoll.isPresent() && minpoll.get() > maxpoll.get()) {
            mistakes.report(
                    settings.find(MINPOLL).orElseThrow().node(),
                    key + ".minpoll",
                    "found " + minpoll.get() + ", allowed: at most maxpoll, which is " + maxpoll.get());
        }
        if (settings.given(NTS).orElse(false) && settings.given(POOL).orElse(1) > 1) {
            mistakes.report(
                    settings.find(POOL).orElseThrow().node(),
                    key + ".pool",
                    "found " + settings.given(POOL).orElseThrow()
                            + " beside nts: true, allowed: 1, since keys are good for one server; name each by itself");
        }
        String kind = settings.given(KIND).orElse("");
        if (kind.equals(SYSTEM)) {
            reject(List.of(DEVICE, TIMESCALE), key, settings, mistakes);
        }
        if (kind.equals(PHC) || kind.equals(SYSTEM)) {
            reject(
                    List.of(HOST, PORT, NTS, NTS_PORT, NTS_CA, ALLOW_FAST_POLLING, ASYMMETRY, POOL),
                    key,
                    settings,
                    mistakes);
            return List.of(ServerConfig.of(clock(settings), optionalInt(minpoll), optionalInt(maxpoll)));
        }
        reject(List.of(DEVICE, MAX_ERROR, TIMESCALE), key, settings, mistakes);
        Optional<String> host = settings.given(HOST);
        if (host.isEmpty() && mistakes.lines().size() == before) {
            mistakes.report(map, key, "found a map without host, allowed: a map with " + KEYS.names(""));
        }
        Optional<ServerConfig> server = host.map(name -> new ServerConfig(
                name,
                settings.given(PORT).orElse(ServerConfig.DEFAULT_PORT),
                optionalInt(minpoll),
                optionalInt(maxpoll),
                settings.given(ALLOW_FAST_POLLING).orElse(false),
                settings.given(ASYMMETRY).map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                keyExchange(name, settings)));
        return server.map(one -> Collections.nCopies(settings.given(POOL).orElse(1), one))
                .orElse(List.of());
    }

    /** These say something of another kind of source. */
    private static void reject(List<ConfigKey<?>> keys, String key, Settings settings, Mistakes mistakes) {
        String kind = settings.given(KIND).orElse("ntp");
        for (ConfigKey<?> other : keys) {
            settings.find(other)
                    .ifPresent(setting -> mistakes.report(
                            setting.node(),
                            key + "." + other.path(),
                            "found with kind: " + kind + ", allowed: without"));
        }
    }

    private static LocalClockConfig clock(Settings settings) {
        boolean isSystem = settings.given(KIND).orElse("").equals(SYSTEM);
        return new LocalClockConfig(
                isSystem ? LocalClockConfig.Kind.SYSTEM : LocalClockConfig.Kind.PHC,
                isSystem ? "" : settings.given(DEVICE).orElse(LocalClockConfig.AUTO),
                settings.given(MAX_ERROR).map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                settings.given(TIMESCALE));
    }

    private static Optional<KeyExchange> keyExchange(String host, Settings settings) {
        if (!settings.given(NTS).orElse(false)) {
            return Optional.empty();
        }
        return Optional.of(new KeyExchange(
                host,
                settings.given(NTS_PORT).orElse(KeyExchange.DEFAULT_PORT),
                settings.given(NTS_CA).orElse(Optional.empty()),
                settings.given(PORT).orElse(ServerConfig.DEFAULT_PORT)));
    }

    private static OptionalInt optionalInt(Optional<Integer> value) {
        return value.isPresent() ? OptionalInt.of(value.get()) : OptionalInt.empty();
    }

    @Override
    public String allowed() {
        return AUTO + ", or a list of 1 to " + mostServers + " servers, each host, host:port or a map with "
                + KEYS.names("");
    }

    @Override
    public Object plain(List<ServerConfig> value) {
        if (value.isEmpty()) {
            return AUTO;
        }
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < value.size(); ) {
            ServerConfig server = value.get(i);
            int end = i + 1;
            while (end < value.size() && value.get(end).equals(server)) {
                end++;
            }
            items.add(plain(server, end - i));
            i = end;
        }
        return items;
    }

    /** So many servers of a name, as a file would hold them on one line. */
    static String text(ServerConfig server, int count) {
        return ConfigLoader.flow(plain(server, count));
    }

    private static Object plain(ServerConfig server, int count) {
        if (server.clock().isPresent()) {
            return plain(server, server.clock().get());
        }
        if (count == 1 && server.equals(ServerConfig.of(server.host(), server.port()))) {
            return server.name();
        }
        Map<String, Object> map = ValueTypes.ordered(HOST.path(), server.host(), PORT.path(), server.port());
        server.minpoll().ifPresent(poll -> map.put(MINPOLL.path(), poll));
        server.maxpoll().ifPresent(poll -> map.put(MAXPOLL.path(), poll));
        if (server.allowFastPolling()) {
            map.put(ALLOW_FAST_POLLING.path(), true);
        }
        server.asymmetry().ifPresent(share -> map.put(ASYMMETRY.path(), share));
        server.keyExchange().ifPresent(exchange -> {
            map.put(NTS.path(), true);
            if (exchange.port() != KeyExchange.DEFAULT_PORT) {
                map.put(NTS_PORT.path(), exchange.port());
            }
            exchange.authorities().ifPresent(file -> map.put(NTS_CA.path(), file.toString()));
        });
        if (count > 1) {
            map.put(POOL.path(), count);
        }
        return map;
    }

    private static Object plain(ServerConfig server, LocalClockConfig clock) {
        Map<String, Object> map = clock.kind() == LocalClockConfig.Kind.SYSTEM
                ? ValueTypes.ordered(KIND.path(), SYSTEM)
                : ValueTypes.ordered(KIND.path(), PHC, DEVICE.path(), clock.device());
        clock.maxErrorSeconds().ifPresent(error -> map.put(MAX_ERROR.path(), error));
        clock.timescale()
                .ifPresent(scale -> map.put(TIMESCALE.path(), scale.name().toLowerCase(Locale.ROOT)));
        server.minpoll().ifPresent(poll -> map.put(MINPOLL.path(), poll));
        server.maxpoll().ifPresent(poll -> map.put(MAXPOLL.path(), poll));
        return map;
    }

    @Override
    public Map<String, Object> schema() {
        Map<String, Object> map = ConfigSchema.object(KEYS, "");
        map.put(
                "anyOf",
                List.of(
                        ValueTypes.ordered("required", List.of(HOST.path())),
                        ValueTypes.ordered("required", List.of(KIND.path()))));
        Map<String, Object> text = ValueTypes.ordered("type", "string", "minLength", 1);
        Map<String, Object> list = ValueTypes.ordered(
                "type",
                "array",
                "minItems",
                1,
                "maxItems",
                mostServers,
                "items",
                ValueTypes.ordered("oneOf", List.of(text, map)));
        return ValueTypes.ordered("oneOf", List.of(ValueTypes.ordered("type", "string", "enum", List.of(AUTO)), list));
    }

    @Override
    public KeySet parts() {
        return KEYS;
    }

    @Override
    public Node fromText(String text) {
        return isAuto(text) ? Nodes.plainScalar(AUTO) : Nodes.plainList(text);
    }
}
