package dev.waybill;

import java.util.concurrent.CompletionStage;

/**
 * As {@link OutcomeHandler}, for code that answers later. The message counts against the concurrency until the stage is
 * complete; a stage that completes exceptionally is a failure like a thrown exception.
 *
 * @param <T> the payload's type
 */
@FunctionalInterface
public interface AsyncHandler<T> {
    CompletionStage<Outcome> handle(Delivery<T> delivery) throws Exception;
}
