// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.learned.FilterWeights;
import io.chronotick.engine.oscillator.Ablation;
import io.chronotick.lab.Parallel;
import io.chronotick.lab.score.TimeSeries;
import java.util.ArrayList;
import java.util.Arrays;
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
     * @param weights of the learned filter
     * @param speaks whether it is fused into what is published
     * @param config what the operator decides
     * @param progress is told how many runs are done, from any thread
     * @return one result for each case and poll, polls outermost
     */
    public static List<ReplayResult> play(
            ReplaySet set,
            List<ReplayCase> cases,
            List<Integer> polls,
            Set<Ablation> without,
            FilterWeights weights,
            boolean speaks,
            EngineConfig config,
            int jobs,
            IntConsumer progress)
            throws InterruptedException {
        List<Callable<ReplayResult>> runs = new ArrayList<>();
        for (int poll : polls) {
            for (ReplayCase which : cases) {
                runs.add(
                        () -> ReplayRun.play(set, which, ReplayRules.recorded(poll), without, weights, speaks, config));
            }
        }
        return Parallel.run(runs, jobs, progress);
    }

    /** What was published at every whole second that is scored. */
    public static TimeSeries series(ReplaySet set, ReplayCase which, int pollSeconds) {
        return ReplayRun.series(set, which, ReplayRules.recorded(pollSeconds));
    }

    /** Frequency error of the raw clock at every whole second of a replay, s/s. */
    public static double[] frequencies(ReplaySet set, ReplayCase which) {
        RawClock clock = set.clock(which, ReplayRules.recorded(1));
        double[] frequencies = new double[clock.seconds()];
        Arrays.setAll(frequencies, clock::frequency);
        return frequencies;
    }
}
