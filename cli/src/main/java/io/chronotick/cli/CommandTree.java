// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.lab.LabCommand;
import io.chronotick.cli.lab.LabDatasetCommand;
import io.chronotick.cli.lab.LabReplayCommand;
import io.chronotick.cli.lab.LabReportCommand;
import io.chronotick.cli.lab.LabSimulateCommand;
import io.chronotick.cli.lab.LabTraceCommand;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.Text;
import io.chronotick.daemon.config.Spelling;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** All commands, as picocli knows them. */
final class CommandTree {
    /** In the order in which the help lists them. */
    private static final Map<String, Function<Shell, Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("demo", DemoCommand::new);
        COMMANDS.put("daemon", DaemonCommand::new);
        COMMANDS.put("read", ReadCommand::new);
        COMMANDS.put("now", NowCommand::new);
        COMMANDS.put("json", JsonCommand::new);
        COMMANDS.put("status", StatusCommand::new);
        COMMANDS.put("sources", SourcesCommand::new);
        COMMANDS.put("monitor", MonitorCommand::new);
        COMMANDS.put("top", TopCommand::new);
        COMMANDS.put("page", PageCommand::new);
        COMMANDS.put("doctor", DoctorCommand::new);
        COMMANDS.put("benchmark", BenchmarkCommand::new);
        COMMANDS.put("cleanup", CleanupCommand::new);
        COMMANDS.put("query", QueryCommand::new);
        COMMANDS.put("mcp", McpCommand::new);
        COMMANDS.put("config", ConfigCommand::new);
        COMMANDS.put("lab", CommandTree::lab);
        COMMANDS.put("completion", CompletionCommand::new);
    }

    /** Longer lines are hard to read. */
    private static final int WIDEST_HELP = 100;

    /** Less picocli refuses. */
    private static final int NARROWEST_HELP = 55;

    private static final String VERSION = "--version";

    private CommandTree() {}

    static int execute(Shell shell, String... arguments) {
        if (arguments.length == 0) {
            commandLine(shell).usage(shell.out());
            return ExitCode.USAGE;
        }
        String[] meant = withoutHelpCommand(arguments);
        return commandLine(shell, meant).execute(meant);
    }

    /** {@code help} and {@code help read} are what other programs have for {@code --help} and {@code read --help}. */
    private static String[] withoutHelpCommand(String... arguments) {
        if (arguments.length == 0 || arguments.length > 2 || !arguments[0].equals("help")) {
            return arguments;
        }
        if (arguments.length == 1) {
            return new String[] {"--help"};
        }
        return COMMANDS.containsKey(arguments[1])
                ? new String[] {arguments[1], "--help"}
                : new String[] {arguments[1]}; // which is a mistake
    }

    /**
     * The commands needed for these arguments: the one that is called, or all of them for the help, for a mistake and for
     * the completion. Reflecting a command takes picocli some milliseconds.
     */
    static CommandLine commandLine(Shell shell, String... arguments) {
        CommandLine root = new CommandLine(new Root());
        String called = arguments.length > 0 ? arguments[0] : "";
        COMMANDS.forEach((name, command) -> {
            if (!COMMANDS.containsKey(called) || called.equals("completion") || called.equals(name)) {
                root.addSubcommand(name, command.apply(shell));
            }
        });
        int width = Math.clamp(shell.width(), NARROWEST_HELP, WIDEST_HELP);
        complete(root.getCommandSpec(), width);
        return root.setOut(writer(shell.out()))
                .setErr(writer(shell.err()))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        shell.colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(width)
                .setParameterExceptionHandler((e, args) -> mistake(shell, e))
                .setExecutionExceptionHandler((e, commandLine, parsed) -> Main.guard(shell, () -> {
                    throw e;
                }));
    }

    /** What every command has: -V, and texts that can be broken where the screen ends. */
    private static void complete(CommandSpec command, int width) {
        command.versionProvider(new Version());
        if (!command.optionsMap().containsKey(VERSION)) {
            command.addOption(OptionSpec.builder("-V", VERSION)
                    .versionHelp(true)
                    .description("Show the version and exit.")
                    .build());
        }
        // By ourselves: picocli would go on with the examples' second column below the first.
        command.usageMessage()
                .footer(Arrays.stream(Text.paragraphs(command.usageMessage().footer()))
                        .flatMap(line -> Text.wrap(line, width).stream())
                        .toArray(String[]::new));
        command.subcommands().values().forEach(sub -> complete(sub.getCommandSpec(), width));
    }

    private static CommandLine lab(Shell shell) {
        return new CommandLine(new LabCommand())
                .addSubcommand("replay", new LabReplayCommand(shell))
                .addSubcommand("trace", new LabTraceCommand(shell))
                .addSubcommand("simulate", new LabSimulateCommand(shell))
                .addSubcommand("record", new LabRecordCommand(shell))
                .addSubcommand("dataset", new LabDatasetCommand(shell))
                .addSubcommand("report", new LabReportCommand(shell));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, StandardCharsets.UTF_8);
    }

    /** One line that says what is wrong, what may have been meant, and where to read on. */
    private static int mistake(Shell shell, ParameterException e) {
        CommandLine commandLine = e.getCommandLine();
        String message = String.valueOf(e.getMessage());
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> unknown = unmatched.getUnmatched();
            String argument = unknown.isEmpty() ? "" : unknown.get(0);
            String kind = unmatched.isUnknownOption()
                    ? "option"
                    : commandLine.getSubcommands().isEmpty() ? "argument" : "command";
            message = "unknown " + kind + " '" + argument + "'"
                    + Spelling.nearest(argument, words(commandLine.getCommandSpec()))
                            .map(word -> "; did you mean " + word + "?")
                            .orElse("");
        } else if (message.equals("Missing required subcommand")) {
            message = "no command given" + (commandLine.getParent() == null ? "; to see it work: chronotick demo" : "");
        } else if (e instanceof MissingParameterException missing
                && !missing.getMissing().isEmpty()) {
            ArgSpec argument = missing.getMissing().get(0);
            message = argument instanceof OptionSpec option
                    ? "option " + option.longestName() + " needs a value: " + argument.paramLabel()
                    : "no " + argument.paramLabel() + " given";
        } else {
            // Nobody has to know Java's names of the kinds of numbers.
            message = message.replace("is not a double", "is not a number")
                    .replaceFirst("is not an? (long|int)$", "is not a whole number");
        }
        shell.error(
                firstLine(message) + " (see: " + commandLine.getCommandSpec().qualifiedName() + " --help)");
        return ExitCode.USAGE;
    }

    /** What may be written after a command: its commands and options. */
    private static List<String> words(CommandSpec command) {
        List<String> words = new ArrayList<>(command.subcommands().keySet());
        words.addAll(command.optionsMap().keySet());
        return words;
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    /** Version of the program and of what runs it. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {text()};
        }

        static String text() {
            return "chronotick " + program() + " (Java " + Runtime.version() + ")";
        }

        /** From the archive's manifest; there is none when classes are run as the compiler left them. */
        static String program() {
            String version = Main.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }

    @Command(
            name = "chronotick",
            synopsisSubcommandLabel = "COMMAND",
            description = "Corrected time with honest bounds, in shared memory.",
            footer = {
                "",
                "Examples:",
                "  chronotick demo                     see it work, without network or privileges",
                "  chronotick read                     what time is it, and how sure is that",
                "  chronotick read --help              what a command does, with examples",
                "",
                "Environment:",
                "  CHRONOTICK_SHM        segment to use where --shm is not given",
                "  CHRONOTICK_TRUST_UID  uid of a user whose daemon is trusted, beside root's and your own",
                "  CHRONOTICK_DEBUG      1: internal errors show their stack trace",
                "  NO_COLOR              set: no colours",
                "",
                "Exit codes: 0 success, 1 the condition asked about does not hold, 2 wrong usage or configuration,",
                "3 no daemon, 4 the record is expired, 70 internal error, 74 the output cannot be written."
            })
    static final class Root {
        @Option(
                names = {"-h", "--help"},
                usageHelp = true,
                description = "Show this help and exit.")
        boolean help;
    }
}
