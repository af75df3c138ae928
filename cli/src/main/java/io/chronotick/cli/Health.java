// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.CorrectionRecord;
import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;

/** What is the matter with a daemon that tells no time, or not yet, and what to do about it. */
final class Health {
    private final Reading reading;
    private final StatusPage page;

    Health(Reading reading, StatusPage page) {
        this.reading = reading;
        this.page = page;
    }

    /** Whether a daemon that lives and writes has taken its time back. */
    boolean isWithdrawn() {
        CorrectionRecord record = reading.record();
        return reading.isWriterAlive() && !reading.isStale() && !record.isValid() && record.isWarmupComplete();
    }

    /** As people read it. */
    String label() {
        return isWithdrawn() ? "WITHDRAWN" : reading.state().label();
    }

    /** What the daemon waits for; empty if for nothing. */
    String waitingFor() {
        boolean waits = isWithdrawn()
                || reading.state() == Reading.State.WARMING_UP
                || reading.state() == Reading.State.HOLDOVER;
        if (!waits) {
            return ""; // what the page says is up to a second older than the record
        }
        String text = page.waitingFor();
        if (text.startsWith("a first answer") && answered() > 0) {
            return "more answers";
        }
        if (!text.isEmpty()) {
            return text;
        }
        return isWithdrawn() ? "an uncertainty below the maximum" : "";
    }

    /** What to do about that; empty if there is nothing to wait for. */
    String remedy() {
        String waitingFor = waitingFor();
        if (waitingFor.isEmpty()) {
            return "";
        }
        if (waitingFor.startsWith("a first answer") || waitingFor.startsWith("an answer:")) {
            return noAnswer(waitingFor);
        }
        if (waitingFor.contains("max_step")) {
            return "if the servers are right, restart the daemon; if this is to be followed, raise"
                    + " clock_measurement.ntp.max_step";
        }
        if (waitingFor.contains("jumped")) {
            return "wait some minutes: what persists is followed; see which server moved with: chronotick sources";
        }
        if (waitingFor.contains("agree")) {
            return "compare them with: chronotick query SERVER...; remove those that are wrong from"
                    + " clock_measurement.ntp.servers, or name more";
        }
        if (waitingFor.contains("more server")) {
            return "more than half of the configured servers have to be heard; see which are not with: chronotick"
                    + " sources; remove those that are gone from clock_measurement.ntp.servers";
        }
        if (waitingFor.contains("uncertainty")) {
            return "look for servers that answer late or seldom with: chronotick sources; the maximum is"
                    + " clock_measurement.ntp.max_acceptable_uncertainty";
        }
        return "wait; if it stays so, look at: chronotick sources";
    }

    private String noAnswer(String cause) {
        if (cause.contains("name not found")) {
            return "check this machine's DNS (getent hosts NAME), or give addresses in clock_measurement.ntp.servers";
        }
        if (cause.contains("unreachable") || cause.contains("no route")) {
            return "this machine has no way to them: check its network (ip route)";
        }
        if (cause.contains("refused")) {
            return "no NTP server listens there: check host and port in clock_measurement.ntp.servers";
        }
        if (cause.contains("no answer")) {
            return "no answer to " + sent() + " packets: check that UDP port 123 is open outbound; chronotick query"
                    + " SERVER asks one by hand";
        }
        return "wait; if it stays so, ask one by hand with: chronotick query SERVER";
    }

    private long sent() {
        return page.sources().stream().mapToLong(SourceRow::sent).sum();
    }

    private long answered() {
        return page.sources().stream().mapToLong(SourceRow::accepted).sum();
    }
}
