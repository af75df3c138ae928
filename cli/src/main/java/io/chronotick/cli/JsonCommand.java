// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.ExitCode;
import io.chronotick.cli.text.Json;
import io.chronotick.cli.text.Shell;
import io.chronotick.client.ChronoTickReader;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.client.StatusPage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "json",
        description = "Read the corrected time once, as JSON.",
        footer = {
            "",
            "Every field of the record by its name, and what follows from it now. Times are doubles in Unix seconds; the",
            "fields that end in _ns hold the same as strings of integer nanoseconds, which lose nothing.",
            "",
            "Exit code: 0 the time is good, 1 the daemon is warming up, 3 no daemon, 4 the record is expired.",
            "",
            "Examples:",
            "  chronotick json --pretty",
            "  chronotick json | jq '{corrected_time_ns, time_uncertainty}'",
            "  chronotick json --schema > chronotick.schema.json"
        })
final class JsonCommand extends SegmentCommand {
    @Option(names = "--pretty", description = "One field a line.")
    boolean pretty;

    @Option(names = "--schema", description = "Print the JSON Schema of the output instead.")
    boolean schema;

    JsonCommand(Shell shell) {
        super(shell);
    }

    @Override
    boolean accept(String option) {
        pretty |= option.equals("--pretty");
        return option.equals("--pretty");
    }

    @Override
    public Integer call() {
        if (schema) {
            shell.out().append(schema());
            return ExitCode.OK;
        }
        return print(shell, segment(), pretty);
    }

    static int print(Shell shell, Path segment, boolean pretty) {
        try (ChronoTickReader reader = ChronoTickReader.attach(segment)) {
            Reading reading = new Reading(reader);
            StatusPage page = reader.status();
            shell.line(json(reading, page, pretty));
            String remark = Remark.of(reading, page);
            if (remark != null) {
                shell.error(remark);
            }
            return ExitCode.of(reading);
        }
    }

    /** One object; its fields are those of read.schema.json, in that order. */
    static String json(Reading reading, StatusPage page, boolean pretty) {
        CorrectionRecord record = reading.record();
        Json json = new Json(pretty);
        if (reading.refusal() == null) {
            json.number("corrected_time", reading.now().estimateNanos() / 1e9)
                    .string("corrected_time_ns", Long.toString(reading.now().estimateNanos()))
                    .number("time_uncertainty", reading.uncertainty())
                    .number("earliest", reading.now().earliestNanos() / 1e9)
                    .string("earliest_ns", Long.toString(reading.now().earliestNanos()))
                    .number("latest", reading.now().latestNanos() / 1e9)
                    .string("latest_ns", Long.toString(reading.now().latestNanos()));
        } else {
            json.nothing("corrected_time")
                    .nothing("corrected_time_ns")
                    .nothing("time_uncertainty")
                    .nothing("earliest")
                    .nothing("earliest_ns")
                    .nothing("latest")
                    .nothing("latest_ns");
        }
        if (reading.refusal() == null && page.isUncertaintyDivided()) {
            json.number("statistical_uncertainty", page.statisticalUncertainty())
                    .number("systematic_uncertainty", page.systematicUncertainty());
        } else {
            json.nothing("statistical_uncertainty").nothing("systematic_uncertainty");
        }
        return json.bool("is_valid", reading.refusal() == null)
                .bool("is_ntp_ready", record.isNtpReady())
                .bool("is_models_ready", record.isModelsReady())
                .bool("is_warmup_complete", record.isWarmupComplete())
                .bool("is_holdover", record.isHoldover())
                .bool("is_clock_stepped", record.isClockStepped())
                .bool("is_leap_pending", record.isLeapPending())
                .bool("is_authenticated", record.isAuthenticated())
                .bool("is_expired", reading.isExpired())
                .bool("is_writer_alive", reading.isWriterAlive())
                .number("record_age", reading.ageSeconds())
                .number("corrected_timestamp", record.correctedTimestamp())
                .number("system_timestamp", record.systemTimestamp())
                .number("offset_correction", record.offsetCorrection())
                .number("drift_rate", record.driftRate())
                .number("offset_uncertainty", record.offsetUncertainty())
                .number("drift_uncertainty", record.driftUncertainty())
                .number("prediction_time", record.predictionTime())
                .number("valid_until", record.validUntil())
                .number("confidence", record.confidence())
                .integer("sequence_number", record.sequenceNumber())
                .integer("flags", record.flags())
                .string("source", record.source().name())
                .integer("measurement_count", record.measurementCount())
                .integer("writer_pid", record.writerPid())
                .number("last_ntp_sync", record.lastNtpSync())
                .number("daemon_uptime", record.daemonUptime())
                .integer("total_corrections", record.totalCorrections())
                .integer("layout_version", record.layoutVersion())
                .number("average_latency_ms", record.averageLatencyMs())
                .number("max_error", record.maxError())
                .integer("monotonic_ns", record.monotonicNs())
                .end();
    }

    private static String schema() {
        try (InputStream in = Objects.requireNonNull(JsonCommand.class.getResourceAsStream("read.schema.json"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
