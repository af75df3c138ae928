// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.cli.text.Format;
import io.chronotick.client.ChronoTickException;
import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.client.StatusPage;
import org.jspecify.annotations.Nullable;

/** What a person has to know beside the record. */
final class Remark {
    private Remark() {}

    /** One line; null if all is well. */
    static @Nullable String of(Reading reading, StatusPage page) {
        Health health = new Health(reading, page);
        if (reading.isWithdrawn()) {
            return "the daemon (process " + reading.record().writerPid() + ") has withdrawn the time and waits for "
                    + health.waitingFor() + ": " + health.remedy();
        }
        if (!health.waitingFor().isEmpty()) {
            return "waiting for " + health.waitingFor() + ": " + health.remedy();
        }
        ChronoTickException refusal = reading.refusal();
        if (refusal != null) {
            return refusal.getMessage();
        }
        CorrectionRecord record = reading.record();
        if (!reading.isWriterAlive()) {
            return "the daemon (process " + record.writerPid() + ") is gone; its last record is "
                    + Format.duration(reading.ageSeconds()) + " old and expires in "
                    + Format.duration(record.validUntil() - reading.systemNanos() * 1e-9)
                    + "; start it with: chronotick daemon";
        }
        if (reading.isStale()) {
            return "the record is " + Format.duration(reading.ageSeconds()) + " old: the daemon (process "
                    + record.writerPid() + ") is stopped or starved of CPU; see: chronotick status";
        }
        return null;
    }
}
