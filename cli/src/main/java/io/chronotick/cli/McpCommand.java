// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static java.util.stream.Collectors.joining;

import io.chronotick.agent.ChronoTickTools;
import io.chronotick.agent.mcp.HttpMcpServer;
import io.chronotick.agent.mcp.MissingTokenException;
import io.chronotick.agent.mcp.StdioMcpServer;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Json;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.client.ChronoTickReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "mcp",
        description = "Serve the corrected time to AI agents over the Model Context Protocol.",
        footer = {
            "",
            "Hosts start it themselves, once they know the command: --print-config prints what they want to be told. Where no",
            "daemon runs, it measures by itself, one process for all of a user's agents, with the configuration that",
            "CHRONOTICK_CONFIG names; until a server has answered, it gives the system clock's time and says so. Over HTTP it",
            "listens on this machine only, unless told otherwise, at the path /mcp. Agents may have to show a token, which is in a",
            "file or in CHRONOTICK_MCP_TOKEN; they have to where --host lets other machines in.",
            "",
            "Tools: get_time (also as get_current_time), convert_time, get_daemon_status, get_time_with_future_uncertainty,",
            "wait_until, compare_timestamps.",
            "Resources: chronotick://record, chronotick://status.",
            "",
            "Examples:",
            "  chronotick mcp --print-config",
            "  chronotick mcp                                          # on stdin and stdout, for a host to start",
            "  chronotick mcp --transport http --port 8765",
            "  chronotick mcp --transport http --host 0.0.0.0 --allow-host time.example.net --token-file token"
        })
final class McpCommand extends SegmentCommand {
    static final String TOKEN_VARIABLE = "CHRONOTICK_MCP_TOKEN";

    /** Set by the launcher: its own absolute path. */
    private static final String LAUNCHER_PROPERTY = "chronotick.launcher";

    /** Set by a launcher that is started with arguments of its own, as by npx: these, without spaces in one. */
    private static final String LAUNCHER_ARGUMENTS_PROPERTY = "chronotick.launcher.arguments";

    private static final String DEFAULT_HOST = "127.0.0.1";

    /** How people read and write it on the command line. */
    @SuppressWarnings("ImmutableEnumChecker")
    enum Transport {
        stdio,
        http
    }

    @Option(
            names = "--transport",
            paramLabel = "stdio|http",
            defaultValue = "stdio",
            description = "How agents reach it. Default: ${DEFAULT-VALUE}.")
    Transport transport = Transport.stdio;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8765",
            description = "Port to listen at, 0 for a free one. Default: ${DEFAULT-VALUE}.")
    int port;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = DEFAULT_HOST,
            description = "Name or address to listen at. Default: ${DEFAULT-VALUE}.")
    String host = DEFAULT_HOST;

    @Option(
            names = "--allow-host",
            paramLabel = "NAME",
            description = "A name under which agents may address it, beside localhost and --host; may be repeated.")
    List<String> allowedHosts = List.of();

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File that holds the bearer token which agents have to send. Default: $" + TOKEN_VARIABLE
                    + ", else none, on this machine only.")
    @Nullable
    String tokenFile;

    @Option(
            names = "--no-embedded",
            description = "Tell only the time of a daemon: without one, measure nothing and answer with an error.")
    boolean noEmbedded;

    @Option(names = "--print-config", description = "Print what MCP hosts want to be told, and exit.")
    boolean printConfig;

    McpCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (port < 0 || port > 65_535) {
            throw new UserException(ExitCode.USAGE, "--port " + port + " is out of range: give 0 to 65535");
        }
        if (printConfig) {
            printConfig();
            return ExitCode.OK;
        }
        HttpMcpServer.Options options = new HttpMcpServer.Options(host, port, token(), allowedHosts);
        quietLibraries(shell);
        Optional<OwnDaemon> own = noEmbedded ? Optional.empty() : Optional.of(measure());
        // Told to end, it has done well, as the daemon.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            own.ifPresent(OwnDaemon::close);
                            Runtime.getRuntime().halt(ExitCode.OK);
                        },
                        "stop"));
        try (ChronoTickTools tools = noEmbedded
                ? new ChronoTickTools(segment())
                : ChronoTickTools.orSystemClock(List.of(segment(), OwnSegment.of(shell.environment())))) {
            if (transport == Transport.http) {
                serveHttp(tools, options);
            } else {
                serveStdio(tools);
            }
        } finally {
            own.ifPresent(OwnDaemon::close);
        }
        return ExitCode.OK;
    }

    /** Ten records a second do for agents, and cost a tenth. */
    private OwnDaemon measure() {
        Path own = OwnSegment.of(shell.environment());
        Configuration configuration = new Configuration();
        configuration.frequency = "10";
        configuration.shm = own.toString();
        return OwnDaemon.start(segment(), own, () -> configuration.load(shell).config(), problem -> {
            shell.error(problem);
            shell.error("not measuring here: there is a mistake in the configuration");
        });
    }

    /**
     * What the libraries log is told to the caller as well, and a logger takes a tenth of the start: so only for whoever
     * looks for an error.
     */
    static void quietLibraries(Shell shell) {
        if ("1".equals(shell.environment().get(Main.DEBUG_VARIABLE))) {
            Logging.toStderr(Level.INFO);
        } else {
            System.setProperty("slf4j.internal.verbosity", "WARN");
            System.setProperty("slf4j.provider", "org.slf4j.helpers.NOP_FallbackServiceProvider");
        }
    }

    private static void serveStdio(ChronoTickTools tools) throws InterruptedException {
        FileOutputStream protocol = new FileOutputStream(FileDescriptor.out);
        System.setOut(System.err); // whatever a library prints
        StdioMcpServer.serve(tools, CommandTree.Version.program(), new FileInputStream(FileDescriptor.in), protocol);
    }

    private void serveHttp(ChronoTickTools tools, HttpMcpServer.Options options) throws InterruptedException {
        HttpMcpServer server;
        try {
            server = HttpMcpServer.start(tools, CommandTree.Version.program(), options);
        } catch (MissingTokenException e) {
            throw new UserException(
                    ExitCode.USAGE,
                    "--host " + e.getMessage() + ": write one into a file for --token-file, or set " + TOKEN_VARIABLE);
        } catch (UnknownHostException e) {
            throw new UserException(
                    ExitCode.USAGE, "--host " + host + " is unknown: give a name or address of this machine");
        } catch (IOException e) {
            throw new UserException(
                    ExitCode.USAGE,
                    "cannot listen at " + host + " port " + port + " (" + e.getMessage()
                            + "): give another --port, or end what listens there");
        }
        try (server) {
            shell.error("MCP server at " + server.uri() + " (Ctrl-C ends it)");
            server.join();
        }
    }

    private Optional<String> token() {
        if (tokenFile == null) {
            return Optional.ofNullable(shell.environment().get(TOKEN_VARIABLE))
                    .filter(token -> !token.isBlank())
                    .map(token -> checked(token, TOKEN_VARIABLE));
        }
        try {
            return Optional.of(checked(Files.readString(Path.of(tokenFile)), tokenFile));
        } catch (IOException | InvalidPathException e) {
            throw new UserException(
                    ExitCode.USAGE,
                    "cannot read the token from " + tokenFile + " (" + e.getMessage()
                            + "): write it there, on one line");
        }
    }

    private static String checked(String text, String place) {
        String token = text.strip();
        if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
            throw new UserException(
                    ExitCode.USAGE, place + " holds no token: write one word of printable ASCII characters into it");
        }
        return token;
    }

    private void printConfig() {
        String launcher = System.getProperty(LAUNCHER_PROPERTY, "chronotick");
        List<String> arguments = arguments();
        String commandLine = Stream.concat(Stream.of(launcher), arguments.stream())
                .map(McpCommand::quoted)
                .collect(joining(" "));
        if (transport == Transport.http) {
            String url = url();
            boolean secret = tokenFile != null || token().isPresent();
            shell.line("The server, to be started before the hosts:");
            shell.line("");
            shell.line("  " + commandLine);
            shell.line("");
            shell.line("Claude Code:");
            shell.line("");
            shell.line("  claude mcp add --transport http chronotick " + url + (secret ? header() : ""));
            printForOtherHosts(
                    "\"type\": \"http\"",
                    "\"url\": " + Json.quoted(url),
                    secret ? "\"headers\": {\"Authorization\": \"Bearer ${" + TOKEN_VARIABLE + "}\"}" : "");
            if (secret) {
                shell.line("");
                shell.line("Where a host does not know ${...}, write the token in its place.");
            }
        } else {
            shell.line("Claude Code:");
            shell.line("");
            shell.line("  claude mcp add chronotick -- " + commandLine);
            printForOtherHosts(
                    "\"command\": " + Json.quoted(launcher),
                    "\"args\": [" + arguments.stream().map(Json::quoted).collect(joining(", ")) + "]");
        }
    }

    /** What the launcher is to be given so that the server is the one that these options describe. */
    private List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        Stream.of(System.getProperty(LAUNCHER_ARGUMENTS_PROPERTY, "").split(" "))
                .filter(argument -> !argument.isEmpty())
                .forEach(arguments::add);
        arguments.add("mcp");
        // Hosts do not pass on the environment that this was asked in.
        if (!segment().equals(ChronoTickReader.resolve(ChronoTickReader.DEFAULT_NAME))) {
            arguments.addAll(List.of("--shm", segment().toAbsolutePath().toString()));
        }
        if (noEmbedded) {
            arguments.add("--no-embedded");
        }
        if (transport == Transport.http) {
            arguments.addAll(List.of("--transport", "http", "--port", String.valueOf(port)));
            if (!host.equals(DEFAULT_HOST)) {
                arguments.addAll(List.of("--host", host));
            }
            allowedHosts.forEach(name -> arguments.addAll(List.of("--allow-host", name)));
            if (tokenFile != null) {
                arguments.addAll(List.of(
                        "--token-file", Path.of(tokenFile).toAbsolutePath().toString()));
            }
        }
        return arguments;
    }

    /** Where agents find the server: under the name that other machines are let in by, if there is one. */
    private String url() {
        if (port == 0) {
            throw new UserException(
                    ExitCode.USAGE, "--port 0 takes another port each time: give one that agents can be told");
        }
        boolean everywhere = host.equals("0.0.0.0") || host.equals("::");
        String name = !allowedHosts.isEmpty() ? allowedHosts.get(0) : everywhere ? DEFAULT_HOST : host;
        return "http://" + (name.contains(":") ? "[" + name + "]" : name) + ":" + port + "/mcp";
    }

    /** The token itself stays where it is. */
    private String header() {
        String token = tokenFile == null
                ? "$" + TOKEN_VARIABLE
                : "$(cat " + quoted(Path.of(tokenFile).toAbsolutePath().toString()) + ")";
        return " --header \"Authorization: Bearer " + token + "\"";
    }

    private void printForOtherHosts(String... entries) {
        shell.line("");
        shell.line("Claude Desktop, Cursor and most other hosts (mcpServers in their configuration file):");
        shell.line("");
        shell.line("{");
        shell.line("  \"mcpServers\": {");
        shell.line("    \"chronotick\": {");
        shell.line(
                "      " + Stream.of(entries).filter(entry -> !entry.isEmpty()).collect(joining(",\n      ")));
        shell.line("    }");
        shell.line("  }");
        shell.line("}");
    }

    /** For a shell, if it needs that. */
    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_./+:@%-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
