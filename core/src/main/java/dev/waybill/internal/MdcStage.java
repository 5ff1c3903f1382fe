package dev.waybill.internal;

import dev.waybill.Delivery;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** Puts into SLF4J's MDC what a handler is at, so that its log lines say it; of a batch, which has many messages, the queue only. */
final class MdcStage<I, R> implements Call<I, R> {
    private static final String ID = "waybill.message.id";
    private static final String QUEUE = "waybill.queue";
    private static final String KEY = "waybill.key";

    private final Call<I, R> next;
    private final String queue;

    MdcStage(Call<I, R> next, String queue) {
        this.next = next;
        this.queue = queue;
    }

    @Override
    public R of(I input) throws Exception {
        @Nullable Delivery<?> one = input instanceof Delivery<?> delivery ? delivery : null;
        @Nullable String queueBefore = swap(QUEUE, queue);
        @Nullable String idBefore = swap(ID, one == null ? null : one.id());
        @Nullable String keyBefore = swap(KEY, one == null ? null : one.key().orElse(null));
        try {
            return next.of(input);
        } finally {
            swap(KEY, keyBefore);
            swap(ID, idBefore);
            swap(QUEUE, queueBefore);
        }
    }

    /** What it was before. */
    private static @Nullable String swap(String name, @Nullable String value) {
        @Nullable String before = MDC.get(name);
        if (value != null) {
            MDC.put(name, value);
        } else if (before != null) {
            MDC.remove(name);
        }
        return before;
    }
}
