package dev.waybill.internal;

import java.util.List;

/**
 * After a wait, be it for a guard, a payload or an idempotency store: lets through what is still ours. Of what is not, the intake takes
 * care, as it is somebody else's by then.
 */
final class LockedStage<I, R> implements Call<I, R> {
    private final Call<I, R> next;

    LockedStage(Call<I, R> next) {
        this.next = next;
    }

    @Override
    public R of(I input) throws Exception {
        if (lost(input)) {
            throw HoldException.UNTRIED;
        }
        return next.of(input);
    }

    private static boolean lost(Object input) {
        if (input instanceof List<?> batch) {
            return batch.stream().anyMatch(LockedStage::lost);
        }
        return input instanceof HeldMessage<?> message
                && message.lockGone(message.lane().nanos());
    }
}
