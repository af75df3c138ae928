// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vectors that the Python and the C reader are tested with too; clients/test-vectors/README.md explains the fields. */
class VectorsTest {
    private static final Path FILE = Path.of("..", "test-vectors", "vectors.jsonl");

    /** A member of a flat JSON object: the file has no others. */
    private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\": (?:\"([^\"]*)\"|([^,}]+))");

    /** Stands for a living process in writer_pid. */
    private static final long ALIVE = 1;

    @TempDir
    private Path directory = Path.of("");

    static List<Vector> vectors() throws IOException {
        return Files.readAllLines(FILE).stream().map(Vector::parse).collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void shouldReadAsEveryLanguageDoes(Vector vector) throws IOException {
        Path path = directory.resolve("segment");
        TestSegment.write(path, vector.bytes());
        VirtualHost host = vector.host();

        CorrectionRecord record = new CorrectionRecord();
        assertThat(stateOf(() -> new ChronoTickReader(path, host).read(record))).isEqualTo(vector.text("read"));
        if (vector.text("read").equals("ok")) {
            checkFields(record, vector);
        }
        host.now = vector.whole("at_monotonic_ns");
        TimeInterval now = new TimeInterval();
        assertThat(stateOf(() -> new ChronoTickReader(path, host).now(now))).isEqualTo(vector.text("now"));
        if (vector.text("now").equals("ok")) {
            checkInterval(now, vector);
            checkCorrection(record, vector);
        }
    }

    private static String stateOf(Runnable call) {
        try {
            call.run();
            return "ok";
        } catch (ExpiredException e) {
            return "expired";
        } catch (DeadWriterException e) {
            return "dead_writer";
        } catch (NotReadyException e) {
            return "not_ready";
        } catch (IncompatibleSegmentException e) {
            return "incompatible";
        } catch (ClockDomainException e) {
            return "clock_domain";
        } catch (ContentionException e) {
            return "contention";
        }
    }

    private static void checkFields(CorrectionRecord record, Vector vector) {
        expect(vector, "corrected_timestamp", record.correctedTimestamp());
        expect(vector, "system_timestamp", record.systemTimestamp());
        expect(vector, "offset_correction", record.offsetCorrection());
        expect(vector, "drift_rate", record.driftRate());
        expect(vector, "offset_uncertainty", record.offsetUncertainty());
        expect(vector, "drift_uncertainty", record.driftUncertainty());
        expect(vector, "prediction_time", record.predictionTime());
        expect(vector, "valid_until", record.validUntil());
        expect(vector, "confidence", record.confidence());
        assertThat(record.sequenceNumber()).isEqualTo(vector.whole("sequence_number"));
        assertThat(record.flags()).isEqualTo((int) vector.whole("flags"));
        assertThat(record.source().code()).isEqualTo((int) vector.whole("source"));
        assertThat(record.measurementCount()).isEqualTo(vector.whole("measurement_count"));
        assertThat(record.writerPid()).isEqualTo(vector.whole("writer_pid"));
        expect(vector, "last_ntp_sync", record.lastNtpSync());
        expect(vector, "daemon_uptime", record.daemonUptime());
        assertThat(record.totalCorrections()).isEqualTo(vector.whole("total_corrections"));
        assertThat(record.layoutVersion()).isEqualTo(vector.whole("layout_version"));
        expect(vector, "average_latency_ms", record.averageLatencyMs());
        expect(vector, "max_error", record.maxError());
        assertThat(record.monotonicNs()).isEqualTo(vector.whole("monotonic_ns"));
    }

    /** Not a number is the same as not a number. */
    private static void expect(Vector vector, String field, double found) {
        assertThat(Double.valueOf(found)).as(field).isEqualTo(Double.valueOf(vector.number(field)));
    }

    private static void checkInterval(TimeInterval now, Vector vector) {
        assertThat(now.estimateNanos()).isCloseTo(vector.whole("estimate_ns"), within(1L));
        long earliest = vector.whole("earliest_ns");
        long latest = vector.whole("latest_ns");
        assertThat(now.earliestNanos()).isBetween(earliest - 3, earliest);
        assertThat(now.latestNanos()).isBetween(latest, latest + 3);
        double deviation = vector.number("uncertainty_ns");
        assertThat(now.standardUncertaintyNanos()).isCloseTo(deviation, within(1e-9 * deviation));
    }

    private static void checkCorrection(CorrectionRecord record, Vector vector) {
        double system = vector.number("system_time");
        double correction = vector.number("correction_at_system_time");
        double deviation = vector.number("uncertainty_at_horizon");
        assertThat(record.correctionAt(system)).isCloseTo(correction, within(1e-12 * Math.abs(correction)));
        assertThat(record.correctedTimeAt(system))
                .isCloseTo(vector.number("corrected_time_at_system_time"), within(5e-7));
        assertThat(record.timeUncertainty(vector.number("horizon"))).isCloseTo(deviation, within(1e-12 * deviation));
    }

    /** One line of the file. */
    static final class Vector {
        private final Map<String, String> members;

        private Vector(Map<String, String> members) {
            this.members = members;
        }

        static Vector parse(String line) {
            Map<String, String> members = new HashMap<>();
            Matcher matcher = MEMBER.matcher(line);
            while (matcher.find()) {
                members.put(
                        matcher.group(1),
                        Objects.requireNonNullElseGet(matcher.group(2), () -> String.valueOf(matcher.group(3))));
            }
            return new Vector(members);
        }

        String text(String key) {
            return Objects.requireNonNull(members.get(key), key);
        }

        long whole(String key) {
            return Long.parseLong(text(key));
        }

        double number(String key) {
            return switch (text(key)) {
                case "inf" -> Double.POSITIVE_INFINITY;
                case "nan" -> Double.NaN;
                default -> Double.parseDouble(text(key));
            };
        }

        byte[] bytes() {
            String hex = text("hex");
            byte[] bytes = new byte[hex.length() / 2];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
            }
            return Arrays.copyOf(bytes, (int) whole("size"));
        }

        /** The reader's machine: shows what the page says, unless the vector says otherwise. */
        VirtualHost host() {
            // As the bytes have it, also where the record cannot be read; 0 if there are not so many.
            ByteBuffer segment = ByteBuffer.wrap(Arrays.copyOf(bytes(), RecordLayout.SEGMENT_SIZE))
                    .order(ByteOrder.LITTLE_ENDIAN);
            VirtualHost host = new VirtualHost(whole("at_monotonic_ns"));
            host.writerAlive = segment.getInt(RecordLayout.WRITER_PID) == ALIVE;
            host.bootId = PageFacts.bootId(segment);
            host.timeNamespace = segment.getLong(PageLayout.TIME_NAMESPACE);
            host.boottimeLead = OptionalLong.of(segment.getLong(PageLayout.BOOTTIME_LEAD_NS));
            if (members.containsKey("host_boot_id")) {
                host.bootId = Optional.of(text("host_boot_id"))
                        .filter(id -> !id.isEmpty())
                        .map(UUID::fromString);
            }
            if (members.containsKey("host_time_namespace")) {
                host.timeNamespace = whole("host_time_namespace");
            }
            if (members.containsKey("host_boottime_lead_ns")) {
                host.boottimeLead = OptionalLong.of(whole("host_boottime_lead_ns"));
            }
            return host;
        }

        @Override
        public String toString() {
            return text("name") + ": " + text("why");
        }
    }
}
