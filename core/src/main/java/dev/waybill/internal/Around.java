package dev.waybill.internal;

import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.WaybillObserver;
import dev.waybill.spi.Destination;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** All that is around a handler, in the order in which a message passes it: the guards, then the MDC, then the observer. */
record Around(Engine engine, Destination destination, Guards guards) {

    <T> Call<Delivery<T>, Outcome> one(Call<Delivery<T>, Outcome> handler, Turn turn) {
        return around(handler, List::of, outcome -> outcome == null ? List.of() : List.of(outcome), turn);
    }

    <T> Call<List<Delivery<T>>, List<Outcome>> batch(Call<List<Delivery<T>>, List<Outcome>> handler, Turn turn) {
        return around(
                handler,
                deliveries -> deliveries,
                outcomes -> outcomes == null || outcomes.stream().anyMatch(Objects::isNull) ? List.of() : outcomes,
                turn);
    }

    /** @param outcomes what the handler said, which may be null against its contract */
    private <I, R> Call<I, R> around(
            Call<I, R> handler,
            Function<I, List<? extends Delivery<?>>> deliveries,
            Function<R, List<Outcome>> outcomes,
            Turn turn) {
        Call<I, R> call = handler;
        if (engine.observer() != WaybillObserver.NONE) {
            call = new ObservedStage<>(call, engine, destination, deliveries, outcomes);
        }
        if (engine.mdc()) {
            call = new MdcStage<>(call, destination.queue().name());
        }
        return guards.around(call, turn, engine.timer());
    }
}
