// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import io.chronotick.daemon.config.ModelConfig;
import io.chronotick.daemon.model.ForecastModel;
import io.chronotick.daemon.model.ForecastModelException;
import io.chronotick.daemon.model.ForecastModelProvider;
import io.chronotick.engine.Action;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.math.Nanos;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One learned model in a thread of its own, which loads it and then answers one question at a time. Nobody waits for it: a
 * question that comes while it is busy fails at once, one that has taken too long is cancelled, and a model that does not even
 * notice that keeps nothing but its own thread. The end of the program does not wait for it either.
 */
final class ModelRunner implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger("chronotick");

    /** What comes back, on the model's thread. */
    interface Listener {
        void onReady(Forecast.Forecaster forecaster);

        void onForecast(Forecast.Forecaster forecaster, long requestId, double[] quantiles);

        void onFailed(Forecast.Forecaster forecaster, long requestId, String reason);
    }

    private final ModelConfig config;
    private final Listener listener;
    private final Thread thread;
    private final BlockingQueue<Action.Infer> questions = new ArrayBlockingQueue<>(1);
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile Optional<ForecastModel> model = Optional.empty();

    /** When the question under way was asked; the network thread's own. */
    private long askedNanos;

    private boolean cancelled;

    private ModelRunner(ModelConfig config, Listener listener, Thread.UncaughtExceptionHandler onDeath) {
        this.config = config;
        this.listener = listener;
        this.thread = Thread.ofPlatform()
                .daemon()
                .name("chronotick-model-" + term())
                .uncaughtExceptionHandler(onDeath)
                .unstarted(this);
    }

    /**
     * Starts a thread that loads the model; until it is there nothing is asked.
     *
     * @param onDeath hears of an error of the thread; a model that cannot be loaded, or cannot answer, is none
     */
    static ModelRunner start(ModelConfig config, Listener listener, Thread.UncaughtExceptionHandler onDeath) {
        ModelRunner runner = new ModelRunner(config, listener, onDeath);
        runner.thread.start();
        return runner;
    }

    Forecast.Forecaster forecaster() {
        return config.slot().forecaster();
    }

    private String term() {
        return forecaster().name().toLowerCase(Locale.ROOT);
    }

    // --- The network thread ---

    /** Asks for a forecast; the answer, or that there will be none, comes to the listener. */
    void ask(Action.Infer question, long rawNanos) {
        if (!busy.compareAndSet(false, true)) {
            listener.onFailed(forecaster(), question.requestId(), "still busy with an earlier question");
            return;
        }
        askedNanos = rawNanos;
        cancelled = false;
        questions.add(question);
    }

    /** Cancels what has taken longer than it may. */
    void cancelLate(long rawNanos) {
        boolean late = Nanos.toSeconds(rawNanos - askedNanos) > config.slot().deadlineSeconds();
        if (busy.get() && late && !cancelled) {
            cancelled = true;
            model.ifPresent(ForecastModel::cancel);
        }
    }

    /** Ends the thread soon; a forecast under way is cancelled. Any thread. */
    void stop() {
        model.ifPresent(ForecastModel::cancel);
        thread.interrupt();
    }

    // --- The model's thread ---

    @Override
    public void run() {
        try (ForecastModel loaded = load()) {
            model = Optional.of(loaded);
            listener.onReady(forecaster());
            while (!Thread.interrupted()) {
                Action.Infer question = questions.take();
                answer(loaded, question);
            }
        } catch (ForecastModelException e) {
            LOG.warn("{}: {}; until then the built-in clock model forecasts alone", term(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            model = Optional.empty();
        }
    }

    private ForecastModel load() throws ForecastModelException {
        long start = System.nanoTime();
        ForecastModel loaded;
        try {
            loaded = provider().open(config);
        } catch (RuntimeException | LinkageError | ServiceConfigurationError e) {
            throw new ForecastModelException(config.file() + ": cannot be loaded: " + oneLine(e), e);
        }
        LOG.info(
                "{}: {} loaded in {} s; it is heard once it has proven itself",
                term(),
                config.file(),
                String.format(Locale.ROOT, "%.1f", Nanos.toSeconds(System.nanoTime() - start)));
        return loaded;
    }

    private ForecastModelProvider provider() throws ForecastModelException {
        return ServiceLoader.load(ForecastModelProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.kind().equals(config.kind()))
                .findFirst()
                .orElseThrow(() -> new ForecastModelException("model_name: " + config.kind()
                        + " needs the optional module " + config.kind() + ": build it with `mvn -pl " + config.kind()
                        + " -am -DskipTests package` at the root of the repository, then start the daemon again"));
    }

    private void answer(ForecastModel loaded, Action.Infer question) {
        double[] quantiles;
        try {
            quantiles = loaded.forecast(question.context());
        } catch (ForecastModelException | RuntimeException | LinkageError e) {
            busy.set(false);
            listener.onFailed(forecaster(), question.requestId(), oneLine(e));
            return;
        }
        busy.set(false);
        listener.onForecast(forecaster(), question.requestId(), quantiles);
    }

    private static String oneLine(Throwable e) {
        return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName())
                .lines()
                .findFirst()
                .orElse("");
    }
}
