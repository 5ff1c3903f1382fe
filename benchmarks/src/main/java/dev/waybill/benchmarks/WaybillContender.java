package dev.waybill.benchmarks;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Death;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.PriorityPolicy;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.Redrive;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.WaybillObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Waybill, on any broker. */
final class WaybillContender implements Contender {
    private static final ProducerOptions OPTIONS =
            new ProducerOptions(Load.IN_FLIGHT, 64L << 20, Duration.ofSeconds(30));

    private static final Outcome AGAIN = Outcome.retry(Duration.ZERO);
    private static final Outcome DEAD = Outcome.deadLetter("benchmark");

    private final Waybill waybill;
    private final int prefetch;
    private final Buried buried;
    private final @Nullable PriorityPolicy priorities;

    private WaybillContender(Waybill waybill, int prefetch, Buried buried, @Nullable PriorityPolicy priorities) {
        this.waybill = waybill;
        this.prefetch = prefetch;
        this.buried = buried;
        this.priorities = priorities;
    }

    static WaybillContender open(WaybillConfig config, int prefetch) {
        Buried buried = new Buried();
        return new WaybillContender(Waybill.open(config.observer(buried)), prefetch, buried, null);
    }

    /** The same, whose queues have these priorities, and whose messages each of them in turn; ends with this one. */
    WaybillContender with(@Nullable PriorityPolicy priorities) {
        return new WaybillContender(waybill, prefetch, buried, priorities);
    }

    /** How many places of the broker the messages of a queue are in. */
    int lanes() {
        if (priorities == null) {
            return 1;
        }
        boolean kept = priorities.isStrict()
                && waybill.capabilities().support(Capability.PRIORITY).level() == Capabilities.Level.NATIVE;
        return kept ? 1 : priorities.levels();
    }

    /** Hears of each message that is in the dead-letter queue; one measurement at a time. */
    private static final class Buried implements WaybillObserver {
        private volatile @Nullable Span span;

        @Override
        public void deadLettered(Death death) {
            Span current = span;
            if (current != null) {
                current.done();
            }
        }
    }

    @Override
    public Outlet outlet(String queue) {
        return new ProducerOutlet(
                waybill.producer(queue(queue), OPTIONS), priorities == null ? 0 : priorities.levels());
    }

    @Override
    public Consuming consume(String queue, int concurrency, Handler handler) {
        Subscription subscription = waybill.consumer(queue(queue))
                .concurrency(concurrency)
                .prefetch(prefetch)
                .start(delivery -> handler.handle(delivery.id(), delivery.sentAtMillis(), delivery.payload()));
        return subscription::close;
    }

    @Override
    public Consuming retry(String queue, int concurrency, Handler handler) {
        Subscription subscription = waybill.consumer(queue(queue))
                .concurrency(concurrency)
                .prefetch(prefetch)
                .startReturning(delivery -> {
                    if (delivery.deliveryCount() == 1) {
                        return AGAIN;
                    }
                    handler.handle(delivery.id(), delivery.sentAtMillis(), delivery.payload());
                    return Outcome.accept();
                });
        return subscription::close;
    }

    @Override
    public Consuming deadLetters(String queue, int concurrency, Span moved) {
        buried.span = moved;
        Subscription subscription = waybill.consumer(queue(queue))
                .concurrency(concurrency)
                .prefetch(prefetch)
                .startReturning(delivery -> DEAD);
        return subscription::close;
    }

    /** To close it does not end it early. */
    @Override
    public Consuming redrive(String queue, Span moved) {
        DeadLetters letters = waybill.deadLetters(queue(queue));
        Thread thread = new Thread(
                () -> {
                    try {
                        Redrive.Report report = letters.redrive(DeadLetterFilter.all())
                                .onProgress(progress -> moved.done())
                                .run();
                        if (report.failed() > 0) {
                            moved.fail(new BenchmarkException("not redriven: " + report, null));
                        }
                    } catch (RuntimeException failed) {
                        moved.fail(failed);
                    }
                },
                "redrive");
        thread.start();
        return () -> Attempt.at("end the redrive", thread::join);
    }

    private Queue<byte[]> queue(String name) {
        Queue.Builder<byte[]> queue = Queue.named(name, Codec.bytes());
        return (priorities == null ? queue : queue.priorities(priorities)).build();
    }

    @Override
    public void close() {
        waybill.close();
    }

    private static final class ProducerOutlet implements Outlet {
        private final Producer<byte[]> producer;
        private final int levels;
        private final Tally answered = new Tally();
        private long sent;

        /** @param levels of priority; 0 if there are none */
        ProducerOutlet(Producer<byte[]> producer, int levels) {
            this.producer = producer;
            this.levels = levels;
        }

        @Override
        public void send(byte[] body) {
            sent++;
            CompletableFuture<Void> unused = producer.send(message(body)).whenComplete((nothing, failure) -> {
                if (failure == null) {
                    answered.add(1);
                } else {
                    answered.fail(failure);
                }
            });
        }

        private Message<byte[]> message(byte[] body) {
            return levels == 0
                    ? Message.of(body)
                    : Message.with(body).priority((int) (sent % levels)).build();
        }

        @Override
        public void awaitConfirmed() {
            answered.await(sent);
        }

        @Override
        public void close() {
            producer.close();
        }
    }
}
