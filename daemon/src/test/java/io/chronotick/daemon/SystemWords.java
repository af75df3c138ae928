// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What this system says of errors of its own, in the language of whoever runs the tests. */
final class SystemWords {
    private SystemWords() {}

    /** The reason that a failing operation gives, without the name of the file. */
    static String of(ThrowingCallable failing) {
        IOException e = catchThrowableOfType(IOException.class, failing);
        return Objects.requireNonNull(e.getMessage()).replaceFirst("^/[^:]*: ", "");
    }
}
