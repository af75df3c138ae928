// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.local;

import io.chronotick.daemon.config.LocalClockConfig;
import io.chronotick.daemon.config.LocalClockConfig.Timescale;
import io.chronotick.daemon.config.ServerConfig;
import io.chronotick.daemon.time.HostClocks;
import io.chronotick.engine.LeapSecondList;
import io.chronotick.engine.math.Nanos;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clocks that this host has: finds those of the configuration, says what they lack, and opens them. Thread-safe.
 *
 * <p>To add a kind of clock, implement {@link LocalClock}, open it in {@link #open(LocalClockConfig)}, and give {@code ServerList} the
 * keys that it needs.
 */
public final class LocalClocks {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** What the names of hypervisors' clocks begin with, the more accurate first; all of them count UTC. */
    private static final List<String> HYPERVISORS = List.of("ena-ptp", "hyperv", "ptp_kvm", "KVM virtual PTP");

    /** A driver that states more than this, ns, states nothing. */
    private static final long LARGEST_STATED_NANOS = 1_000_000_000L;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Path classes;
    private final Path devices;
    private final PtpDevice.Opener opener;
    private final KernelClock kernel;
    private final Path timesyncd;
    private final HostClocks clocks;
    private volatile LeapSecondList leapSeconds = LeapSecondList.NOTHING;

    /** Those of this host. */
    public LocalClocks(HostClocks clocks) {
        this(
                Path.of("/sys/class/ptp"),
                Path.of("/dev"),
                LinuxPtpDevice::open,
                KernelClock::ofThisSystem,
                Path.of("/run/systemd/timesync/synchronized"),
                clocks);
    }

    /**
     * With other directories and other calls.
     *
     * @param timesyncd what systemd-timesyncd touches when it has set the system clock
     */
    public LocalClocks(
            Path classes,
            Path devices,
            PtpDevice.Opener opener,
            KernelClock kernel,
            Path timesyncd,
            HostClocks clocks) {
        this.classes = classes;
        this.devices = devices;
        this.opener = opener;
        this.kernel = kernel;
        this.timesyncd = timesyncd;
        this.clocks = clocks;
    }

    /** There is another list of leap seconds, which clocks that count TAI go by. */
    public void onLeapSecondList(LeapSecondList list) {
        leapSeconds = list;
    }

    // --- What the configuration names ---

    /**
     * The same servers with the devices of clocks that are to be found, which the log is told of.
     *
     * @throws IOException if a clock is not there, is one of the others, or lacks what its time cannot be judged without; one line
     */
    public List<ServerConfig> find(List<ServerConfig> servers) throws IOException {
        List<ServerConfig> found = new ArrayList<>();
        Set<Path> taken = new HashSet<>();
        for (ServerConfig server : servers) {
            if (server.clock().isEmpty()) {
                found.add(server);
                continue;
            }
            LocalClockConfig clock = server.clock().get();
            if (clock.kind() == LocalClockConfig.Kind.SYSTEM) {
                found.add(server);
                continue;
            }
            if (clock.isToBeFound()) {
                clock = clock.at(hypervisors());
                LOG.info(
                        "device: auto is {} ({})",
                        clock.device(),
                        clockName(clock).orElse(""));
            }
            if (!taken.add(real(clock))) {
                throw new IOException(clock.device() + " is named twice: one clock has one vote");
            }
            check(clock);
            found.add(server.with(clock));
        }
        return found;
    }

    private String hypervisors() throws IOException {
        try (Stream<Path> all = Files.list(classes)) {
            List<Path> sorted = all.sorted().toList();
            for (String prefix : HYPERVISORS) {
                for (Path one : sorted) {
                    if (text(one.resolve("clock_name"))
                            .filter(name -> name.startsWith(prefix))
                            .isPresent()) {
                        return devices.resolve(one.getFileName()).toString();
                    }
                }
            }
        } catch (NoSuchFileException e) {
            LOG.debug("no {}", classes);
        }
        throw new IOException("no PTP hardware clock of ENA, Hyper-V or KVM on this host (" + classes
                + "/*/clock_name): name a device, or load the module ptp_kvm");
    }

    /** What is known before it is read; a device that is not there yet may come. */
    private void check(LocalClockConfig clock) throws IOException {
        Optional<String> name = clockName(clock);
        if (name.isEmpty()) {
            return;
        }
        if (clock.timescale().isEmpty() && !isHypervisors(name.get())) {
            throw new IOException(
                    clock.device() + " (" + name.get()
                            + ") may count TAI or UTC, 37 s apart: give its timescale, tai or utc (what ptp4l steers counts tai)");
        }
        if (clock.maxErrorSeconds().isEmpty() && !Files.exists(statedBound(clock))) {
            throw new IOException(clock.device() + " (" + name.get()
                    + ") does not state what it may be off by, and the hard bound needs that: give its max_error, s");
        }
    }

    private static boolean isHypervisors(String name) {
        return HYPERVISORS.stream().anyMatch(name::startsWith);
    }

    // --- The clocks ---

    /** Opens a clock, which is not touched before it is read. */
    public LocalClock open(LocalClockConfig clock) {
        return switch (clock.kind()) {
            case PHC -> hardware(clock);
            case SYSTEM -> new SystemClock(clocks, kernel, clock.maxErrorSeconds(), timesyncd);
        };
    }

    private LocalClock hardware(LocalClockConfig clock) {
        String name = clockName(clock).orElse("PTP hardware clock");
        return new PtpClock(
                Path.of(clock.device()),
                name + (isTai(clock) ? ", TAI" : ", UTC"),
                opener,
                clocks,
                () -> maxError(clock),
                isTai(clock) ? this::utcOfTai : OptionalLong::of);
    }

    private static boolean isTai(LocalClockConfig clock) {
        return clock.timescale().filter(scale -> scale == Timescale.TAI).isPresent();
    }

    private double maxError(LocalClockConfig clock) throws IOException {
        // Again, for what was not there at the start.
        check(clock);
        Optional<String> stated = text(statedBound(clock));
        if (stated.isEmpty()) {
            if (clock.maxErrorSeconds().isPresent()) {
                return clock.maxErrorSeconds().getAsDouble();
            }
            throw new IOException("it does not state what it may be off by: give its max_error, s");
        }
        if (!stated.get().matches("[0-9]{1,18}")
                || Long.parseLong(stated.get()) == 0
                || Long.parseLong(stated.get()) > LARGEST_STATED_NANOS) {
            throw new IOException("it states that it may be off by '" + stated.get() + "' ns");
        }
        return Math.max(
                Nanos.toSeconds(Long.parseLong(stated.get())),
                clock.maxErrorSeconds().orElse(0));
    }

    /** By the list while that is good, else by what the kernel was told. */
    private OptionalLong utcOfTai(long taiNanos) {
        OptionalLong listed = leapSeconds.utcNanos(taiNanos);
        if (listed.isPresent()) {
            return listed;
        }
        return kernel.state()
                .filter(state -> state.taiSeconds() > 0)
                .map(state -> OptionalLong.of(taiNanos - state.taiSeconds() * NANOS_PER_SECOND))
                .orElse(OptionalLong.empty());
    }

    // --- What the system says of them ---

    private Optional<String> clockName(LocalClockConfig clock) {
        return text(classOf(clock).resolve("clock_name"));
    }

    /** Where ENA states it. */
    private Path statedBound(LocalClockConfig clock) {
        return classOf(clock).resolve("device").resolve("phc_error_bound");
    }

    /** Also of a symbolic link, as udev makes them: /dev/ptp_kvm. */
    private Path classOf(LocalClockConfig clock) {
        Path name = real(clock).getFileName();
        return name == null ? classes : classes.resolve(name.toString());
    }

    private static Path real(LocalClockConfig clock) {
        Path device = Path.of(clock.device());
        try {
            return device.toRealPath();
        } catch (IOException e) {
            return device.toAbsolutePath().normalize(); // not there, or not yet
        }
    }

    private static Optional<String> text(Path file) {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8).strip());
        } catch (IOException e) {
            return Optional.empty(); // not every clock has every file
        }
    }
}
