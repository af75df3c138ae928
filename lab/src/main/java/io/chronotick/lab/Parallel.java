// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Independent runs side by side, results in the order given. */
public final class Parallel {
    private Parallel() {}

    /**
     * Runs tasks; the first failure ends the others.
     *
     * @param jobs at the same time, >= 1
     * @param progress is told how many are done, from any thread
     */
    public static <T> List<T> run(List<Callable<T>> tasks, int jobs, IntConsumer progress) throws InterruptedException {
        AtomicInteger done = new AtomicInteger();
        ExecutorService executor = Executors.newFixedThreadPool(jobs);
        try {
            List<Future<T>> futures = new ArrayList<>();
            for (Callable<T> task : tasks) {
                futures.add(executor.submit(() -> {
                    T result = task.call();
                    progress.accept(done.incrementAndGet());
                    return result;
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            executor.shutdownNow();
        }
    }
}
