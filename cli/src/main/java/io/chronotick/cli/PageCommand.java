// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.DaemonConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "page",
        description = "Open the daemon's live page, or print where it is.",
        footer = {
            "",
            "The daemon serves it where daemon.http_port is set. Opens a browser where there is a screen, and prints the address.",
            "",
            "Examples:",
            "  chronotick page --config /etc/chronotick/config.yaml",
            "  chronotick demo --page    to see it without a daemon"
        })
final class PageCommand implements Callable<Integer> {
    private static final int PATIENCE_MILLIS = 2_000;

    private final Shell shell;

    /** The other options of a daemon have no part in where its page is. */
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The daemon's configuration file (YAML). Default: $CHRONOTICK_CONFIG, else none.")
    @Nullable
    Path file;

    @Option(names = "--print", description = "Print the address and open nothing.")
    boolean print;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    PageCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() {
        DaemonConfig config;
        try {
            Configuration configuration = new Configuration();
            configuration.file = file;
            config = configuration.load(shell).config();
        } catch (ConfigException e) {
            return Configuration.report(shell, e);
        }
        if (config.httpPort() == 0) {
            throw new UserException(
                    ExitCode.NOT_MET,
                    "the daemon serves no page: set daemon.http_port in its configuration (see --config), and restart it");
        }
        InetAddress address =
                config.httpAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : config.httpAddress();
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, config.httpPort()), PATIENCE_MILLIS);
        } catch (IOException e) {
            throw new UserException(
                    ExitCode.NO_DAEMON,
                    "nobody answers at " + address.getHostAddress() + " port " + config.httpPort()
                            + "; is the daemon running with this configuration?");
        }
        String host = address.getHostAddress();
        String url = "http://" + (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + config.httpPort() + '/';
        shell.line(url);
        if (!print && shell.terminal()) {
            open(url);
        }
        return ExitCode.OK;
    }

    /** Where there is a screen. */
    private void open(String url) {
        boolean hasScreen = shell.environment().containsKey("DISPLAY")
                || shell.environment().containsKey("WAYLAND_DISPLAY");
        boolean isMac = System.getProperty("os.name", "").startsWith("Mac");
        if (!hasScreen && !isMac) {
            return;
        }
        try {
            new ProcessBuilder(isMac ? "open" : "xdg-open", url)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            shell.error("no browser could be opened; give it the address above");
        }
    }
}
