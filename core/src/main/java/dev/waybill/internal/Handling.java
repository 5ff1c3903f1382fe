package dev.waybill.internal;

import dev.waybill.AsyncHandler;
import dev.waybill.BatchHandler;
import dev.waybill.Codec;
import dev.waybill.Delivery;
import dev.waybill.MessageHandler;
import dev.waybill.Outcome;
import dev.waybill.OutcomeHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * From a received message to a verdict: decode, then the application's handler. The order of the stages stands here and
 * nowhere else.
 */
abstract class Handling<T> {
    private final Codec<T> codec;
    final int maxBatch;

    private Handling(Codec<T> codec, int maxBatch) {
        this.codec = codec;
        this.maxBatch = maxBatch;
    }

    /** What is to become of a message, and the failure that led to it. */
    record Verdict(Outcome outcome, @Nullable Throwable failure) {
        static final Verdict ACCEPTED = new Verdict(Outcome.accept(), null);

        static Verdict of(Outcome outcome) {
            return outcome.kind() == Outcome.Kind.ACCEPT ? ACCEPTED : new Verdict(outcome, null);
        }

        static Verdict failed(Throwable failure) {
            return new Verdict(Outcome.retry(), failure);
        }
    }

    /** Takes verdicts. */
    interface Verdicts<T> {
        void on(HeldMessage<T> message, Verdict verdict);
    }

    /** Handles messages and says one verdict for each. Throws nothing. */
    abstract void handle(List<HeldMessage<T>> messages, Verdicts<T> verdicts);

    static <T> Handling<T> acknowledging(Codec<T> codec, MessageHandler<T> handler) {
        return new Single<>(codec, delivery -> {
            handler.handle(delivery);
            return Outcome.accept();
        });
    }

    static <T> Handling<T> returning(Codec<T> codec, OutcomeHandler<T> handler) {
        return new Single<>(codec, handler);
    }

    static <T> Handling<T> async(Codec<T> codec, AsyncHandler<T> handler) {
        return new Single<>(codec, delivery -> {
            try {
                return handler.handle(delivery).toCompletableFuture().get();
            } catch (ExecutionException failed) {
                throw failed.getCause() instanceof Exception cause ? cause : failed;
            }
        });
    }

    static <T> Handling<T> batched(Codec<T> codec, int maxBatch, BatchHandler<T> handler) {
        return new Batched<>(codec, maxBatch, handler);
    }

    /** Null if it is decoded; else the verdict on a message that never can be. */
    final @Nullable Verdict decode(HeldMessage<T> message) {
        String defect = message.inbound().defect();
        if (defect != null) {
            return new Verdict(Outcome.deadLetter("malformed envelope: " + defect), null);
        }
        try {
            message.decoded(codec.decode(message.inbound().envelope().body()));
            return null;
        } catch (Throwable undecodable) {
            String reason = "undecodable as " + codec.contentType() + ": " + undecodable.getMessage();
            return new Verdict(Outcome.deadLetter(reason), undecodable);
        }
    }

    private static final class Single<T> extends Handling<T> {
        private final OutcomeHandler<T> handler;

        Single(Codec<T> codec, OutcomeHandler<T> handler) {
            super(codec, 1);
            this.handler = handler;
        }

        @Override
        void handle(List<HeldMessage<T>> messages, Verdicts<T> verdicts) {
            for (HeldMessage<T> message : messages) {
                Verdict poison = decode(message);
                verdicts.on(message, poison == null ? verdict(message) : poison);
            }
        }

        private Verdict verdict(HeldMessage<T> message) {
            try {
                Outcome outcome = handler.handle(message);
                return outcome == null ? Verdict.failed(noOutcome()) : Verdict.of(outcome);
            } catch (Throwable failure) {
                return Verdict.failed(failure);
            }
        }
    }

    private static final class Batched<T> extends Handling<T> {
        private final BatchHandler<T> handler;

        Batched(Codec<T> codec, int maxBatch, BatchHandler<T> handler) {
            super(codec, maxBatch);
            this.handler = handler;
        }

        @Override
        void handle(List<HeldMessage<T>> messages, Verdicts<T> verdicts) {
            List<HeldMessage<T>> good = new ArrayList<>(messages.size());
            for (HeldMessage<T> message : messages) {
                Verdict poison = decode(message);
                if (poison == null) {
                    good.add(message);
                } else {
                    verdicts.on(message, poison);
                }
            }
            if (good.isEmpty()) {
                return;
            }
            List<Outcome> outcomes = List.of();
            Throwable failure = null;
            try {
                outcomes = handler.handle(List.<Delivery<T>>copyOf(good));
                if (outcomes == null || outcomes.size() != good.size()) {
                    failure = new IllegalStateException("the batch handler returned "
                            + (outcomes == null ? "null" : outcomes.size() + " outcomes") + " for " + good.size()
                            + " deliveries");
                }
            } catch (Throwable thrown) {
                failure = thrown;
            }
            for (int i = 0; i < good.size(); i++) {
                @Nullable Outcome outcome = failure == null ? outcomes.get(i) : null;
                verdicts.on(
                        good.get(i),
                        outcome != null
                                ? Verdict.of(outcome)
                                : Verdict.failed(failure != null ? failure : noOutcome()));
            }
        }
    }

    private static IllegalStateException noOutcome() {
        return new IllegalStateException("the handler returned null instead of an Outcome");
    }
}
