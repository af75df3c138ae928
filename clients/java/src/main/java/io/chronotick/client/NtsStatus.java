// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the authentication of one server is doing (Network Time Security, RFC 8915), as of the page's writing. Immutable.
 *
 * @param state whether it proves who it is
 * @param cookies in hand; each is good for one request
 * @param ageSeconds time since the newest key exchange that succeeded, s; NaN if none
 * @param failure why the newest key exchange brought nothing; empty if it did not fail
 */
public record NtsStatus(State state, int cookies, double ageSeconds, Optional<Failure> failure) {

    /** Whether a server proves who it is. */
    public enum State {
        /** The key exchange is under way or due. */
        EXCHANGING(1),
        /** Its newest answer was authenticated. */
        AUTHENTICATED(2),
        /** There are keys, but what came last was not authenticated, or nothing has come yet. */
        UNPROVEN(3),
        /** No keys, and the newest key exchange failed. */
        FAILED(4);

        private final int code;

        State(int code) {
            this.code = code;
        }

        /** The number that stands for it on the page, where 0 is a server that is not to be authenticated. */
        public int code() {
            return code;
        }
    }

    /** Why a key exchange brings nothing. */
    public enum Failure {
        NAME_NOT_FOUND(1, "name not found"),
        NO_ROUTE(2, "no way to it"),
        REFUSED(3, "nobody listens there"),
        TIMEOUT(4, "not done in time"),
        UNTRUSTED(5, "certificate not trusted"),
        EXPIRED(6, "certificate expired"),
        NOT_YET_VALID(7, "certificate not valid yet"),
        WRONG_HOST(8, "another host's certificate"),
        TLS(9, "no TLS 1.3"),
        NOT_NTS(10, "no NTS offered"),
        NO_COMMON_ALGORITHM(11, "no common algorithm"),
        MALFORMED(12, "malformed answer"),
        SERVER_ERROR(13, "server reports an error"),
        CERTIFICATE_FILE(14, "nts_ca unusable"),
        NO_ADDRESS(15, "its NTP server cannot be asked");

        private final int code;
        private final String words;

        Failure(int code, String words) {
            this.code = code;
            this.words = words;
        }

        /** The number that stands for it on the page, where 0 is none. */
        public int code() {
            return code;
        }

        /** In a few words. */
        public String words() {
            return words;
        }
    }

    /** What a number on the page stands for; null if this version does not know it. */
    static @Nullable State state(int code) {
        for (State state : State.values()) {
            if (state.code == code) {
                return state;
            }
        }
        return null;
    }

    /** The failure that a number on the page stands for; none for 0, and for one of a newer version. */
    static Optional<Failure> failure(int code) {
        for (Failure failure : Failure.values()) {
            if (failure.code == code) {
                return Optional.of(failure);
            }
        }
        return Optional.empty();
    }
}
