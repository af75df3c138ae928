// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.time;

import io.chronotick.engine.LeapSecondList;
import io.chronotick.engine.ntp.LeapIndicator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file leap-seconds.list of the IERS, which tzdata brings along: read when there is a newer one. For one thread.
 *
 * <p>Lines that begin with #$, #@ and #h state the last update, the end of validity and a SHA-1 of all numbers; the others, as far as
 * they are no comment, hold an instant and TAI - UTC from then on. Instants are seconds since 1900.
 */
public final class LeapSecondFile {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** A list is 5 kB long, and grows by a line in years. */
    private static final long LARGEST_FILE = 1 << 16;

    private static final long NANOS = 1_000_000_000L;

    /** Seconds from 1900, which NTP counts from, to 1970. */
    private static final long NTP_TO_UNIX = 2_208_988_800L;

    private static final int HASH_WORDS = 5;

    /** TAI - UTC at the first entry of every list, that of January 1, 1972, s. */
    private static final int FIRST_TAI = 10;

    private static final Pattern STAMP = Pattern.compile("#([$@])\\s*([0-9]{1,12})\\s*");
    private static final Pattern HASH = Pattern.compile("#h((?:\\s+[0-9a-fA-F]{1,8}){5})\\s*");
    private static final Pattern ENTRY = Pattern.compile("\\s*([0-9]{1,12})\\s+([0-9]{1,4})\\s*(?:#.*)?");

    private final Path file;
    private Optional<FileTime> read = Optional.empty();

    /** What was wrong at the last call; empty if nothing was. */
    private String trouble = "";

    public LeapSecondFile(Path file) {
        this.file = file;
    }

    /**
     * The list, if the file is another one than at the last call. What is wrong with one, or that there is none, is logged once; a list that
     * is wrong says nothing.
     *
     * @param utcNow roughly, to tell of a list that has expired
     */
    public Optional<LeapSecondList> ifNew(Instant utcNow) {
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            if (read.filter(modified::equals).isPresent()) {
                return Optional.empty();
            }
            read = Optional.of(modified);
            trouble = "";
            if (Files.size(file) > LARGEST_FILE) {
                throw new BadList("it is too long");
            }
            LeapSecondList list = parse(Files.readString(file, StandardCharsets.ISO_8859_1));
            LocalDate expires = LocalDate.ofInstant(
                    Instant.ofEpochSecond(Math.floorDiv(list.expiresNanos(), NANOS)), ZoneOffset.UTC);
            if (list.expiresNanos() / NANOS <= utcNow.getEpochSecond()) {
                LOG.info("leap seconds: {} has expired on {}; the servers' announcements count", file, expires);
            } else {
                LOG.info("leap seconds: by {}, which is good until {}", file, expires);
            }
            return Optional.of(list);
        } catch (NoSuchFileException e) {
            return unread("there is none at " + file);
        } catch (IOException e) {
            return unread(file + " cannot be read");
        } catch (BadList e) {
            LOG.warn("leap seconds: {}: {}; it is not used, the servers' announcements count", file, e.getMessage());
            return Optional.of(LeapSecondList.NOTHING);
        }
    }

    /** The file is gone, or is not to be read any more: so is what it said. */
    private Optional<LeapSecondList> unread(String why) {
        if (!why.equals(trouble)) {
            LOG.info("leap seconds: {}; the servers' announcements count", why);
            trouble = why;
        }
        boolean wasRead = read.isPresent();
        read = Optional.empty();
        return wasRead ? Optional.of(LeapSecondList.NOTHING) : Optional.empty();
    }

    private static final class BadList extends Exception {
        private static final long serialVersionUID = 1;

        BadList(String message) {
            super(message);
        }
    }

    private static LeapSecondList parse(String text) throws BadList {
        MessageDigest sha1 = sha1();
        Optional<int[]> stated = Optional.empty();
        Optional<Long> expires = Optional.empty();
        Map<Long, LeapIndicator> kinds = new HashMap<>();
        long last = Long.MIN_VALUE;
        int lastTai = 0;
        for (String line : text.split("\r?\n", -1)) {
            Matcher stamp = STAMP.matcher(line);
            Matcher hash = HASH.matcher(line);
            Matcher entry = ENTRY.matcher(line);
            if (stamp.matches()) {
                sha1.update(stamp.group(2).getBytes(StandardCharsets.US_ASCII));
                if (stamp.group(1).equals("@")) {
                    expires = Optional.of(unixNanos(stamp.group(2)));
                }
            } else if (hash.matches()) {
                // Some of its words have lost their leading zeros.
                stated = Optional.of(Stream.of(hash.group(1).strip().split("\\s+", -1))
                        .mapToInt(word -> Integer.parseUnsignedInt(word, 16))
                        .toArray());
            } else if (entry.matches()) {
                sha1.update((entry.group(1) + entry.group(2)).getBytes(StandardCharsets.US_ASCII));
                long midnight = unixNanos(entry.group(1));
                int tai = Integer.parseInt(entry.group(2));
                if (last == Long.MIN_VALUE && tai != FIRST_TAI) {
                    throw new BadList("it does not begin with 1972, TAI - UTC of 10 s: " + line.strip());
                }
                if (last != Long.MIN_VALUE) {
                    if (midnight <= last || Math.abs(tai - lastTai) != 1) {
                        throw new BadList("there is a mistake in " + line.strip());
                    }
                    kinds.put(midnight, tai > lastTai ? LeapIndicator.INSERT : LeapIndicator.DELETE);
                }
                last = midnight;
                lastTai = tai;
            } else if (!line.isBlank() && !line.stripLeading().startsWith("#")) {
                throw new BadList("there is a mistake in " + line.strip());
            }
        }
        if (stated.isEmpty() || expires.isEmpty() || last == Long.MIN_VALUE) {
            throw new BadList("it is no whole list of leap seconds with a date of expiry and a checksum");
        }
        if (!Arrays.equals(stated.get(), words(sha1.digest()))) {
            throw new BadList("its checksum is wrong");
        }
        return new LeapSecondList(kinds, expires.get());
    }

    private static long unixNanos(String ntpSeconds) throws BadList {
        long seconds = Long.parseLong(ntpSeconds) - NTP_TO_UNIX;
        if (seconds < 0 || seconds > Long.MAX_VALUE / NANOS) {
            throw new BadList("there is no such time as " + ntpSeconds);
        }
        return seconds * NANOS;
    }

    private static int[] words(byte[] digest) {
        int[] words = new int[HASH_WORDS];
        ByteBuffer.wrap(digest).asIntBuffer().get(words);
        return words;
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }
}
