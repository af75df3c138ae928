// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import io.chronotick.engine.nts.AesSiv;
import io.chronotick.engine.nts.NtsClient;
import io.chronotick.engine.nts.NtsKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NTS keys and cookies between two runs of the daemon. The file is there only while none runs: it is taken, and with that gone, at
 * the start, and written at an orderly end, so no cookie is ever used twice (RFC 8915, section 5.7). It holds secrets: mode 0600, and
 * one that others may read or write is not believed. For one thread.
 */
public final class CookieFile {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    private static final String FIRST_LINE = "chronotick nts cookies 1";

    /** Sixteen servers with eight of the longest cookies need a quarter of it. */
    private static final long LONGEST = 1 << 20;

    private static final int FIELDS_BEFORE_COOKIES = 5;

    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    /**
     * What is kept of one server.
     *
     * @param servers where the keys are good
     */
    public record Kept(NtsKeys keys, List<InetSocketAddress> servers) {
        public Kept {
            servers = List.copyOf(servers);
        }
    }

    private final Map<String, Kept> entries = new LinkedHashMap<>();

    private CookieFile() {}

    public static CookieFile empty() {
        return new CookieFile();
    }

    /** What a server's entry is found by: where and by whose word its keys were had. */
    public static String key(KeyExchange exchange) {
        return exchange.host() + ":" + exchange.port() + ":"
                + exchange.authorities().map(Path::toString).orElse("").replaceAll("\\s", "_");
    }

    /** Reads the file and removes it; one that is not there, or cannot be believed, holds nothing. */
    public static CookieFile take(Path file) {
        CookieFile result = new CookieFile();
        try {
            if (!isPrivate(file)) {
                LOG.warn(
                        "{}: is no file of ours that nobody else may read or write, so its cookies are not used; remove it",
                        file);
                return result;
            }
            if (Files.size(file) > LONGEST) {
                LOG.warn("{}: too large to hold NTS cookies of ours; remove it", file);
                return result;
            }
            List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
            if (lines.isEmpty() || !lines.getFirst().equals(FIRST_LINE)) {
                LOG.warn("{}: holds no NTS cookies of ours; name another file, or remove it", file);
                return result;
            }
            // Not used before it is gone: a cookie in two hands would tell that they are one.
            Files.delete(file);
            lines.stream().skip(1).forEach(result::parse);
        } catch (NoSuchFileException e) {
            LOG.debug("{}: no NTS cookies of an earlier run", file);
        } catch (IOException e) {
            LOG.warn("{}: NTS cookies cannot be taken from it ({}); keys are exchanged anew", file, e.toString());
        }
        return result;
    }

    private static boolean isPrivate(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new NoSuchFileException(file.toString());
            }
            return false;
        }
        if (!Files.getFileStore(file).supportsFileAttributeView("posix")) {
            return true;
        }
        // Whose files are ours a new one tells, on every system.
        Path probe = createPrivate(draft(file));
        try {
            return OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS))
                    && Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(probe));
        } finally {
            Files.delete(probe);
        }
    }

    private static Path draft(Path file) {
        Path whole = file.toAbsolutePath();
        return whole.resolveSibling(whole.getFileName() + ".new");
    }

    private void parse(String line) {
        String[] fields = line.split(" ", -1);
        try {
            HexFormat hex = HexFormat.of();
            InetSocketAddress server =
                    new InetSocketAddress(InetAddress.ofLiteral(fields[1]), Integer.parseInt(fields[2]));
            byte[] toServer = hex.parseHex(fields[3]);
            byte[] toClient = hex.parseHex(fields[4]);
            List<byte[]> cookies = new ArrayList<>();
            for (int i = FIELDS_BEFORE_COOKIES; i < fields.length; i++) {
                cookies.add(hex.parseHex(fields[i]));
            }
            if (toServer.length == AesSiv.KEY_BYTES
                    && toClient.length == AesSiv.KEY_BYTES
                    && cookies.stream().allMatch(each -> each.length > 0 && each.length <= NtsClient.MAX_COOKIE_BYTES)
                    && !cookies.isEmpty()) {
                entries.put(fields[0], new Kept(new NtsKeys(toServer, toClient, cookies), List.of(server)));
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            LOG.warn("a line of kept NTS cookies is none; those keys are exchanged anew");
        }
    }

    /** What is kept under a {@link #key}. */
    public Optional<Kept> of(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    public void put(String key, Kept kept) {
        entries.put(key, kept);
    }

    /** Writes the file, readable for its owner alone from its first byte on; where there is nothing to keep, none. */
    public void save(Path file) {
        if (entries.isEmpty()) {
            return;
        }
        List<String> lines = new ArrayList<>(List.of(FIRST_LINE));
        entries.forEach((key, kept) -> lines.add(line(key, kept)));
        try {
            Path draft = createPrivate(draft(file));
            Files.write(draft, lines, StandardCharsets.US_ASCII, StandardOpenOption.TRUNCATE_EXISTING);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.warn("{}: NTS cookies cannot be kept there ({}); the next run exchanges keys anew", file, e.toString());
        }
    }

    private static Path createPrivate(Path file) throws IOException {
        Files.deleteIfExists(file);
        return Files.getFileStore(file.getParent()).supportsFileAttributeView("posix")
                ? Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY))
                : Files.createFile(file);
    }

    private static String line(String key, Kept kept) {
        HexFormat hex = HexFormat.of();
        InetSocketAddress server = kept.servers().getFirst();
        List<String> fields = new ArrayList<>(List.of(
                key,
                server.getAddress().getHostAddress(),
                String.valueOf(server.getPort()),
                hex.formatHex(kept.keys().clientToServer()),
                hex.formatHex(kept.keys().serverToClient())));
        kept.keys().cookies().forEach(cookie -> fields.add(hex.formatHex(cookie)));
        return String.join(" ", fields);
    }
}
