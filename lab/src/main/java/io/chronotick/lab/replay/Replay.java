// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.engine.Ablation;
import io.chronotick.lab.Parallel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.IntConsumer;

/** Plays cases of a replay set. */
public final class Replay {
    private Replay() {}

    /**
     * Plays cases at polls, several at a time; the results do not depend on how many.
     *
     * @param jobs runs at the same time, >= 1
     * @param without parts of the estimator that are left out
     * @param progress is told how many runs are done, from any thread
     * @return one result for each case and poll, polls outermost
     */
    public static List<ReplayResult> play(
            ReplaySet set,
            List<ReplayCase> cases,
            List<Integer> polls,
            Set<Ablation> without,
            int jobs,
            IntConsumer progress)
            throws InterruptedException {
        List<Callable<ReplayResult>> runs = new ArrayList<>();
        for (int poll : polls) {
            for (ReplayCase which : cases) {
                runs.add(() -> ReplayRun.play(set, which, ReplayRules.recorded(poll), without));
            }
        }
        return Parallel.run(runs, jobs, progress);
    }
}
