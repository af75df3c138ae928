// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli.text;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Standard output that remembers why it could not be written, which a PrintStream keeps to itself. */
public final class Output extends PrintStream {
    /** What a reader that has gone leaves: `| head` has what it wanted. */
    private static final String BROKEN_PIPE = "Broken pipe";

    private final Memory memory;

    public Output(OutputStream to) {
        this(new Memory(to));
    }

    private Output(Memory memory) {
        super(new BufferedOutputStream(memory), false, StandardCharsets.UTF_8);
        this.memory = memory;
    }

    /** Why what was printed is lost; null if it is not, or nobody reads any more. */
    @Nullable
    public String failure() {
        flush();
        String failure = memory.failure;
        return BROKEN_PIPE.equals(failure) ? null : failure;
    }

    private static final class Memory extends FilterOutputStream {
        @Nullable
        String failure;

        Memory(OutputStream to) {
            super(to);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failure = String.valueOf(e.getMessage());
                throw e;
            }
        }
    }
}
