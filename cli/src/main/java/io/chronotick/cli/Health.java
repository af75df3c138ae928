// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.Reading;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import io.chronotick.daemon.Silence;
import io.chronotick.engine.forecast.WaitReason;
import java.util.Optional;

/** What is the matter with a daemon that tells no time, or not yet, and what to do about it. */
final class Health {
    private static final String WAIT = "wait; if it stays so, look at: chronotick sources";

    private final Reading reading;
    private final StatusPage page;

    Health(Reading reading, StatusPage page) {
        this.reading = reading;
        this.page = page;
    }

    /** What the daemon waits for; empty if for nothing. */
    String waitingFor() {
        boolean waits = reading.isWithdrawn()
                || reading.state() == Reading.State.WARMING_UP
                || reading.state() == Reading.State.HOLDOVER;
        if (!waits) {
            return ""; // what the page says is up to a second older than the record
        }
        String text = page.waitingFor();
        if (WaitReason.of(text).equals(Optional.of(WaitReason.FIRST_ANSWER)) && answered() > 0) {
            return "more answers";
        }
        if (!text.isEmpty()) {
            return text;
        }
        return reading.isWithdrawn() ? WaitReason.UNCERTAINTY.text() : "";
    }

    /** What to do about that; empty if there is nothing to wait for. */
    String remedy() {
        String waitingFor = waitingFor();
        if (waitingFor.isEmpty()) {
            return "";
        }
        return WaitReason.of(waitingFor)
                .map(reason -> remedy(reason, waitingFor))
                .orElse(WAIT);
    }

    private String remedy(WaitReason reason, String waitingFor) {
        return switch (reason) {
            case FIRST_ANSWER, ANSWER -> noAnswer(waitingFor);
            case EXCHANGE -> WAIT;
            case STEP ->
                "if the servers are right, restart the daemon; if this is to be followed, raise"
                        + " clock_measurement.ntp.max_step";
            case MOVED ->
                "one side is wrong; compare them with: chronotick query SERVER...; remove those that are wrong from"
                        + " clock_measurement.ntp.servers" + reload();
            case MIN_SERVERS ->
                "see which servers are missing with: chronotick sources; name more" + reload() + "; or lower"
                        + " clock_measurement.ntp.min_servers and restart the daemon";
            case UNEXPECTED ->
                "check this machine's clock with: date; if it is wrong, set it roughly (date -s) and restart the daemon";
            case JUMP ->
                "wait some minutes: what persists is followed; see which server moved with: chronotick sources";
            case AGREEMENT ->
                "compare them with: chronotick query SERVER...; remove those that are wrong from"
                        + " clock_measurement.ntp.servers, or name more" + reload();
            case ONE_SERVER, SERVERS ->
                "more than half of the configured servers have to be heard; see which are not with: chronotick"
                        + " sources; remove those that are gone from clock_measurement.ntp.servers" + reload();
            case UNCERTAINTY ->
                "look for servers that answer late or seldom with: chronotick sources; the maximum is"
                        + " clock_measurement.ntp.max_acceptable_uncertainty";
        };
    }

    /** Servers need no restart, which would lose what the daemon knows. */
    private String reload() {
        return ", and have the daemon read that: kill -HUP " + reading.record().writerPid();
    }

    private String noAnswer(String waitingFor) {
        return Silence.in(waitingFor)
                .map(this::noAnswer)
                .orElse("wait; if it stays so, ask one by hand with: chronotick query SERVER");
    }

    private String noAnswer(Silence silence) {
        return switch (silence) {
            case NAME_NOT_FOUND ->
                "check this machine's DNS (getent hosts NAME), or give addresses in clock_measurement.ntp.servers";
            case NETWORK_UNREACHABLE, NO_ROUTE -> "this machine has no way to them: check its network (ip route)";
            case REFUSED -> "no NTP server listens there: check host and port in clock_measurement.ntp.servers";
            case CLOCK_NOT_READ -> "the daemon's log says why the clock of this machine is not used";
            case NO_ANSWER ->
                "no answer to " + sent() + " packets: check that UDP port 123 is open outbound; chronotick query"
                        + " SERVER asks one by hand";
        };
    }

    private long sent() {
        return page.sources().stream().mapToLong(SourceRow::sent).sum();
    }

    private long answered() {
        return page.sources().stream().mapToLong(SourceRow::accepted).sum();
    }
}
