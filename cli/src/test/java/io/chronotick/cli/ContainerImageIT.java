// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.chronotick.cli.text.ExitCode;
import io.chronotick.daemon.reference.ReferenceServer;
import io.chronotick.daemon.reference.ReferenceServerConfig;
import io.chronotick.daemon.reference.Truth;
import io.chronotick.daemon.time.HostClocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The container image, unpacked and run as an engine would: its root alone, not to be written to, without capabilities. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ContainerImageIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HostClocks CLOCKS = HostClocks.system();

    /** The user that the image names. */
    private static final String IMAGE_USER = "65532";

    @TempDir
    static Path directory = Path.of("");

    private Packages packages;
    private Path layout = Path.of("");
    private Path root = Path.of("");
    private JsonNode config;
    private final List<Process> processes = new ArrayList<>();

    @BeforeAll
    void unpack() throws Exception {
        Programs.requireRoot();
        packages = Packages.all();
        layout = Files.createDirectory(directory.resolve("layout"));
        Programs.run(
                        layout,
                        Map.of(),
                        List.of("tar", "-xf", packages.made(".*\\.oci\\.tar").toString()))
                .check();
        assertThat(JSON.readTree(layout.resolve("oci-layout").toFile())
                        .get("imageLayoutVersion")
                        .asText())
                .isEqualTo("1.0.0");
        JsonNode index = JSON.readTree(layout.resolve("index.json").toFile());
        JsonNode manifest = JSON.readTree(blob(index.at("/manifests/0")).toFile());
        config = JSON.readTree(blob(manifest.get("config")).toFile());
        assertThat(manifest.get("layers")).hasSize(1);
        root = Files.createDirectory(directory.resolve("root"));
        Programs.run(
                        root,
                        Map.of(),
                        List.of("tar", "-xzf", blob(manifest.at("/layers/0")).toString()))
                .check();
    }

    @AfterEach
    void stop() throws InterruptedException {
        Programs.kill(processes);
    }

    /** Of a descriptor, whose digest and size it has to have. */
    private Path blob(JsonNode descriptor) throws Exception {
        String digest = descriptor.get("digest").asText();
        Path file = layout.resolve("blobs").resolve(digest.replace(':', '/'));
        assertThat(file).hasSize(descriptor.get("size").asLong());
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        assertThat("sha256:" + HexFormat.of().formatHex(hash)).isEqualTo(digest);
        return file;
    }

    /** In the image, by this user, with a directory at /run/chronotick, a /dev/shm, and nothing else to be written to. */
    private List<String> inImage(String user, Path shared, List<String> environment, String... arguments) {
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$0\" \"$0\" && mount --bind \"$1\" \"$0/run/chronotick\" && mount -t proc proc \"$0/proc\""
                        + " && mount -t tmpfs tmpfs \"$0/dev\" && install -d -m 1777 \"$0/dev/shm\""
                        + " && mount -o remount,bind,ro \"$0\" && shift && exec \"$@\"",
                root.toString(),
                shared.toString(),
                "setpriv",
                "--no-new-privs",
                "--inh-caps=-all",
                // Those that chroot itself takes.
                "--bounding-set=-all,+sys_chroot,+setuid,+setgid",
                "env",
                "-i"));
        config.at("/config/Env").forEach(variable -> words.add(variable.asText()));
        words.addAll(environment);
        words.add("CHRONOTICK_SHM=/run/chronotick/shm");
        // With a path, since env -i has taken the host's away.
        words.addAll(List.of("/usr/sbin/chroot", "--userspec=" + user + ":" + user, root.toString()));
        config.at("/config/Entrypoint").forEach(word -> words.add(word.asText()));
        words.addAll(List.of(arguments));
        return words;
    }

    private static ReferenceServer server() throws IOException {
        return ReferenceServer.start(
                ReferenceServerConfig.builder(Truth.startingNow(CLOCKS, 23_100_000, 12))
                        .build(),
                CLOCKS);
    }

    private static List<String> servers(ReferenceServer server) {
        return List.of("CHRONOTICK_SERVERS=127.0.0.1:" + server.address().getPort());
    }

    private Process start(Path log, List<String> command) throws IOException {
        Process process =
                new ProcessBuilder(command).redirectError(log.toFile()).start();
        processes.add(process);
        return process;
    }

    private Path shared(String name, String owner) throws IOException, InterruptedException {
        Path shared = Files.createDirectory(directory.resolve(name));
        Files.setAttribute(shared, "unix:uid", Integer.parseInt(owner));
        Programs.run(directory, Map.of(), List.of("chmod", "755", shared.toString()));
        return shared;
    }

    private void serve(String name, String daemonUser, String readerUser) throws Exception {
        Path shared = shared(name, daemonUser);
        try (ReferenceServer server = server()) {
            Path log = directory.resolve(name + ".log");
            Process daemon = start(log, inImage(daemonUser, shared, servers(server), "daemon"));
            List<String> read = inImage(readerUser, shared, List.of(), "read");
            Programs.Result result = Programs.run(directory, Map.of(), read);
            while (result.exitCode() != ExitCode.OK) {
                assertThat(daemon.isAlive()).as(Files.readString(log)).isTrue();
                assertThat(result.exitCode()).as(result::toString).isIn(ExitCode.NOT_MET, ExitCode.NO_DAEMON);
                LockSupport.parkNanos(100_000_000); // the class has a time limit
                result = Programs.run(directory, Map.of(), read);
            }
            assertThat(result.out()).contains("Corrected Time");
            daemon.destroy();
            assertThat(daemon.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(daemon.exitValue()).isZero();
            assertThat(shared).isEmptyDirectory();
            assertThat(Programs.run(directory, Map.of(), read).exitCode()).isEqualTo(ExitCode.NO_DAEMON);
        }
    }

    @Test
    void shouldSayWhatItIs() throws IOException {
        assertThat(config.get("os").asText()).isEqualTo("linux");
        assertThat(config.at("/config/User").asText()).isEqualTo(IMAGE_USER + ":" + IMAGE_USER);
        // By this the MCP registry knows that entry and image belong together.
        JsonNode entry = JSON.readTree(packages.file("server.json").toFile());
        assertThat(config.at("/config/Labels").get("io.modelcontextprotocol.server.name"))
                .isEqualTo(entry.get("name"));
        JsonNode older = JSON.readTree(layout.resolve("manifest.json").toFile());
        assertThat(older.at("/0/RepoTags/0")).isEqualTo(entry.at("/packages/1/identifier"));
        assertThat(layout.resolve(older.at("/0/Layers/0").asText())).isNotEmptyFile();
        assertThat(layout.resolve(older.at("/0/Config").asText())).isNotEmptyFile();
    }

    /** As compose.yaml has it: both by the image's user. */
    @Test
    void shouldServeItsOwnUser() throws Exception {
        serve("as-own", IMAGE_USER, IMAGE_USER);
    }

    /** As the DaemonSet has it: root without capabilities in root's directory, read by anybody. */
    @Test
    void shouldServeOthersAsRootWithoutCapabilities() throws Exception {
        serve("as-root", "0", IMAGE_USER);
    }

    /** As the registry's entry has it. */
    @Test
    void shouldTellAgentsTheTime() throws Exception {
        try (ReferenceServer server = server()) {
            Path log = directory.resolve("mcp.log");
            Process process = start(log, inImage(IMAGE_USER, shared("mcp", IMAGE_USER), servers(server), "mcp"));
            EmptyHome.initialize(process);
            JsonNode time = EmptyHome.getTime(process).get("structuredContent");
            assertThat(time.at("/corrected_time").asDouble()).isGreaterThan(1e9);
            EmptyHome.end(process);
            assertThat(log).content().isEmpty();
        }
    }

    @Test
    void shouldBuildTheSameBytesAgain() throws Exception {
        Path again = Files.createDirectory(directory.resolve("again"));
        Packages second = Packages.build(again, Map.of(), "runtime", "oci/build");
        String image = ".*\\.oci\\.tar";
        assertThat(Files.mismatch(packages.made(image), second.made(image))).isEqualTo(-1);
    }
}
