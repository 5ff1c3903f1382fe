package dev.waybill;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Several observers as one, told in their order. What one throws, errors of a library that does not fit too, is logged, and harms neither
 * its caller nor the others.
 */
final class Observers implements WaybillObserver {
    private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

    private final List<WaybillObserver> all;

    private Observers(List<WaybillObserver> all) {
        this.all = all;
    }

    /** Those that were there, and one more. */
    static WaybillObserver and(WaybillObserver before, WaybillObserver more) {
        List<WaybillObserver> all = new ArrayList<>(before instanceof Observers several ? several.all : List.of());
        all.add(more);
        all.remove(NONE);
        return all.isEmpty() ? NONE : new Observers(List.copyOf(all));
    }

    private static <T> void each(List<T> told, Consumer<T> call) {
        for (T one : told) {
            try {
                call.accept(one);
            } catch (Throwable thrown) {
                failed(one, thrown);
            }
        }
    }

    private static void failed(Object observer, Throwable thrown) {
        LOG.error("observer {} failed", observer, thrown);
    }

    /** Makes nothing unless somebody follows. */
    @Override
    public @Nullable Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
        @Nullable Sendings followed = null;
        for (WaybillObserver observer : all) {
            try {
                @Nullable Sending sending = observer.sending(broker, queue, message, bodyBytes);
                if (sending != null) {
                    followed = followed == null ? new Sendings() : followed;
                    followed.add(sending);
                }
            } catch (Throwable thrown) {
                failed(observer, thrown);
            }
        }
        return followed;
    }

    private static final class Sendings implements Sending {
        private final List<Sending> all = new ArrayList<>(1);
        private final Map<String, String> headers = new LinkedHashMap<>();

        void add(Sending sending) {
            all.add(sending);
            sending.headers().forEach((name, value) -> headers.putIfAbsent(Message.checkedHeader(name), value));
        }

        @Override
        public Map<String, String> headers() {
            return headers;
        }

        @Override
        public void ended(@Nullable Throwable failure) {
            each(all, sending -> sending.ended(failure));
        }
    }

    /** Makes nothing unless somebody follows. */
    @Override
    public @Nullable Handling handling(String broker, String queue, List<? extends Delivery<?>> deliveries) {
        @Nullable Handlings followed = null;
        for (WaybillObserver observer : all) {
            try {
                @Nullable Handling handling = observer.handling(broker, queue, deliveries);
                if (handling != null) {
                    followed = followed == null ? new Handlings() : followed;
                    // What began last ends first, as scopes do.
                    followed.all.add(0, handling);
                }
            } catch (Throwable thrown) {
                failed(observer, thrown);
            }
        }
        return followed;
    }

    private static final class Handlings implements Handling {
        private final List<Handling> all = new ArrayList<>(1);

        @Override
        public void ended(List<Outcome> outcomes, @Nullable Throwable failure) {
            each(all, handling -> handling.ended(outcomes, failure));
        }
    }

    @Override
    public void sent(String queue, boolean stored, long nanos) {
        each(all, observer -> observer.sent(queue, stored, nanos));
    }

    @Override
    public void received(String queue, int count) {
        each(all, observer -> observer.received(queue, count));
    }

    @Override
    public void handled(String queue, Outcome.Kind outcome, long nanos) {
        each(all, observer -> observer.handled(queue, outcome, nanos));
    }

    @Override
    public void retried(String queue, long delayMillis) {
        each(all, observer -> observer.retried(queue, delayMillis));
    }

    @Override
    public void discarded(String queue) {
        each(all, observer -> observer.discarded(queue));
    }

    @Override
    public void duplicate(String queue) {
        each(all, observer -> observer.duplicate(queue));
    }

    @Override
    public void deadLettered(Death death) {
        each(all, observer -> observer.deadLettered(death));
    }

    @Override
    public void redriven(String queue) {
        each(all, observer -> observer.redriven(queue));
    }

    @Override
    public void stuck(String queue) {
        each(all, observer -> observer.stuck(queue));
    }

    @Override
    public void lockLost(String queue) {
        each(all, observer -> observer.lockLost(queue));
    }

    @Override
    public void recovering(String queue) {
        each(all, observer -> observer.recovering(queue));
    }

    @Override
    public String toString() {
        return all.toString();
    }
}
