// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Shell;
import io.chronotick.cli.text.UserException;
import io.chronotick.daemon.Daemon;
import io.chronotick.daemon.DaemonException;
import io.chronotick.daemon.Supervisor;
import io.chronotick.daemon.config.ConfigException;
import io.chronotick.daemon.config.LoadedConfig;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import java.util.Optional;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "daemon",
        description = "Measure the clock and publish its correction, until Ctrl-C or SIGTERM.",
        footer = {
            "",
            "Runs in the foreground, needs no privileges, never touches the system clock. Removes its segment when it ends.",
            "SIGHUP has it read its configuration again: servers and log level change, what it has learned stays.",
            "",
            "Examples:",
            "  chronotick daemon",
            "  chronotick daemon --config chronotick.yaml --freq 1000 --cpu-affinity 0 1 --log-level DEBUG",
            "  chronotick daemon --shm lab2 --freq 10"
        })
final class DaemonCommand implements Callable<Integer> {
    /** A daemon that has failed is closed in this time, ms, whatever it is that hangs. */
    private static final long CLOSING_MILLIS = 15_000;

    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private final Shell shell;

    @Mixin
    Configuration configuration = new Configuration();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean help;

    DaemonCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws InterruptedException {
        LoadedConfig loaded;
        try {
            loaded = configuration.load(shell);
        } catch (ConfigException e) {
            return Configuration.report(shell, e);
        }
        for (String warning : loaded.warnings()) {
            shell.error("warning: " + warning);
        }
        Logging.toStderr(loaded.config().logLevel());
        configuration.hostServers().ifPresent(servers -> LOG.info("servers: auto: {}", servers));
        Reload reload = new Reload(() -> configuration.load(shell), loaded);
        onHangup(reload);
        try (Daemon daemon = Daemon.start(loaded.config())) {
            Optional<Supervisor> supervisor = Supervisor.start(shell.environment(), daemon);
            reload.of(daemon, supervisor);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(daemon, supervisor), "stop"));
            if (daemon.await().isPresent()) {
                supervisor.ifPresent(Supervisor::close);
                // The log has said why.
                haltAfter(CLOSING_MILLIS);
                return ExitCode.INTERNAL_ERROR;
            }
            // Otherwise it ends by a signal, and the signal's hook ends the process.
            Thread.currentThread().join();
        } catch (DaemonException e) {
            throw new UserException(ExitCode.USAGE, Objects.requireNonNull(e.getMessage()));
        } finally {
            Logging.end();
        }
        return ExitCode.OK;
    }

    /** A daemon that was told to end and has ended did well: 0, not the JVM's 128 + signal, which supervisors call a failure. */
    private static void stop(Daemon daemon, Optional<Supervisor> supervisor) {
        supervisor.ifPresent(Supervisor::close);
        daemon.close();
        Logging.end();
        Runtime.getRuntime().halt(daemon.failure().isPresent() ? ExitCode.INTERNAL_ERROR : ExitCode.OK);
    }

    /** A time limit and not a wait: where closing hangs, the process has to end all the same, on a thread that shares nothing. */
    private static void haltAfter(long millis) {
        TimerTask halt = new TimerTask() {
            @Override
            public void run() {
                Runtime.getRuntime().halt(ExitCode.INTERNAL_ERROR);
            }
        };
        new Timer("last-resort", true).schedule(halt, millis);
    }

    /**
     * SIGHUP asks daemons to read their configuration again, and its default is to end the process. By reflection: the
     * compiler's warning of sun.misc cannot be switched off, though the module that has it (jdk.unsupported) is there to stay
     * for want of a successor.
     */
    private static void onHangup(Reload reload) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandle onHangup = MethodHandles.lookup()
                    .findVirtual(Reload.class, "onSignal", MethodType.methodType(void.class, Object.class))
                    .bindTo(reload);
            signal.getMethod("handle", signal, handler)
                    .invoke(
                            null,
                            signal.getConstructor(String.class).newInstance("HUP"),
                            MethodHandleProxies.asInterfaceInstance(handler, onHangup));
        } catch (ReflectiveOperationException e) {
            LOG.debug("SIGHUP cannot be handled on this system", e);
        }
    }
}
