// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.modelcontextprotocol.spec.McpSchema;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reports how much of a wait is over, if the caller has asked for it, and ends it if he has gone. */
final class Progress implements Consumer<Double> {
    private final @Nullable Object token;
    private final Consumer<McpSchema.ProgressNotification> notify;
    private final Runnable stillThere;

    /** Of the whole wait; negative before the first report, s. */
    private double total = -1;

    /**
     * Nothing has been waited for yet.
     *
     * @param token what the caller has asked to be told under; null if he has not
     */
    Progress(@Nullable Object token, Consumer<McpSchema.ProgressNotification> notify, Runnable stillThere) {
        this.token = token;
        this.notify = notify;
        this.stillThere = stillThere;
    }

    @Override
    public void accept(Double remaining) {
        stillThere.run();
        if (token == null) {
            return;
        }
        if (total < 0) {
            total = remaining;
        }
        notify.accept(McpSchema.ProgressNotification.builder(token, Math.max(0, total - remaining))
                .total(total)
                .message(Math.round(remaining) + " s to go")
                .build());
    }
}
