// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import io.chronotick.client.NtsStatus;
import io.chronotick.client.SourceRow;
import io.chronotick.client.StatusPage;
import java.util.List;
import java.util.Optional;

/** What keeps servers from being authenticated (NTS), with the remedy. */
final class NtsTrouble {
    private NtsTrouble() {}

    /** Whether any server is to be authenticated. */
    static boolean isWanted(StatusPage page) {
        return page.sources().stream().anyMatch(row -> row.nts().isPresent());
    }

    /** A line for each server that does not authenticate itself as it has to. */
    static List<String> of(StatusPage page) {
        return page.sources().stream()
                .flatMap(row -> of(row).stream().map(trouble -> row.name() + ": " + trouble))
                .toList();
    }

    /** What keeps this one from that. */
    static Optional<String> of(SourceRow row) {
        return row.nts().flatMap(nts -> of(nts, row.sent()));
    }

    private static Optional<String> of(NtsStatus nts, long sent) {
        if (nts.failure().isPresent()) {
            NtsStatus.Failure failure = nts.failure().get();
            return Optional.of("NTS key exchange failed (" + failure.words() + "): " + remedy(failure));
        }
        return nts.state() == NtsStatus.State.UNPROVEN && sent > 1
                ? Optional.of("its answers do not come, or prove nothing: see which with: chronotick sources --drops;"
                        + " perhaps something on the way drops NTP packets of 230 bytes and more, or changes them")
                : Optional.empty();
    }

    private static String remedy(NtsStatus.Failure failure) {
        return switch (failure) {
            case NAME_NOT_FOUND -> "check the name, and this machine's DNS (getent hosts NAME)";
            case NO_ROUTE -> "check this machine's network (ip route)";
            case REFUSED -> "check that the server offers NTS, and nts_port";
            case TIMEOUT -> "check that TCP port 4460 (nts_port) is open outbound";
            case UNTRUSTED -> "if the server is your own, name your authority's certificate in nts_ca";
            case EXPIRED, NOT_YET_VALID ->
                "if the system clock is wrong, set it roughly; else ask the server's operator for a new certificate";
            case WRONG_HOST -> "give the name that the server has in its certificate";
            case TLS, NOT_NTS -> "check that this is an NTS key exchange server, and nts_port";
            case NO_COMMON_ALGORITHM -> "it offers no AES-SIV-CMAC-256 for NTPv4: name another server";
            case MALFORMED, SERVER_ERROR -> "ask its operator, or name another server";
            case CERTIFICATE_FILE -> "give a readable file of certificates in PEM in nts_ca";
            case NO_ADDRESS -> "it is perhaps another server of the list by another name: remove one of them";
        };
    }
}
