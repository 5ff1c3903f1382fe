package dev.waybill.internal;

import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.WaybillObserver;
import dev.waybill.spi.Destination;
import java.util.List;
import java.util.function.Function;

/** Lets the observer follow each call of the handler, on the handler's own thread. */
final class ObservedStage<I, R> implements Call<I, R> {
    private final Call<I, R> next;
    private final WaybillObserver observer;
    private final String adapter;
    private final String queue;
    private final Function<I, List<? extends Delivery<?>>> deliveries;
    private final Function<R, List<Outcome>> outcomes;

    ObservedStage(
            Call<I, R> next,
            Engine engine,
            Destination destination,
            Function<I, List<? extends Delivery<?>>> deliveries,
            Function<R, List<Outcome>> outcomes) {
        this.next = next;
        observer = engine.observer();
        adapter = engine.adapter();
        queue = destination.toString();
        this.deliveries = deliveries;
        this.outcomes = outcomes;
    }

    @Override
    public R of(I input) throws Exception {
        WaybillObserver.Handling followed = observer.handling(adapter, queue, deliveries.apply(input));
        if (followed == null) {
            return next.of(input);
        }
        R result;
        List<Outcome> said;
        try {
            result = next.of(input);
            // The application's own list, which may throw.
            said = outcomes.apply(result);
        } catch (Throwable failure) {
            followed.ended(List.of(), failure);
            throw failure;
        }
        followed.ended(said, null);
        return result;
    }
}
