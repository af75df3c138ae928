// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import io.chronotick.client.CorrectionRecord;
import java.util.LinkedHashMap;
import java.util.Map;

/** The record of the segment, field by field, under the names that its layout gives them. */
final class RecordFields {
    private RecordFields() {}

    static Map<String, Object> of(CorrectionRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("corrected_timestamp", record.correctedTimestamp());
        fields.put("system_timestamp", record.systemTimestamp());
        fields.put("offset_correction", record.offsetCorrection());
        fields.put("drift_rate", record.driftRate());
        fields.put("offset_uncertainty", record.offsetUncertainty());
        fields.put("drift_uncertainty", record.driftUncertainty());
        fields.put("prediction_time", record.predictionTime());
        fields.put("valid_until", record.validUntil());
        fields.put("confidence", record.confidence());
        fields.put("sequence_number", record.sequenceNumber());
        fields.put("flags", record.flags());
        fields.put("source", record.source().name());
        fields.put("measurement_count", record.measurementCount());
        fields.put("writer_pid", record.writerPid());
        fields.put("last_ntp_sync", record.lastNtpSync());
        fields.put("daemon_uptime", record.daemonUptime());
        fields.put("total_corrections", record.totalCorrections());
        fields.put("layout_version", record.layoutVersion());
        fields.put("average_latency_ms", record.averageLatencyMs());
        fields.put("max_error", record.maxError());
        fields.put("monotonic_ns", record.monotonicNs());
        fields.values().removeIf(value -> value instanceof Number number && !Double.isFinite(number.doubleValue()));
        return fields;
    }
}
