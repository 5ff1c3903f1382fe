package dev.waybill.benchmarks;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Death;
import dev.waybill.Outcome;
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

    private WaybillContender(Waybill waybill, int prefetch, Buried buried) {
        this.waybill = waybill;
        this.prefetch = prefetch;
        this.buried = buried;
    }

    static WaybillContender open(WaybillConfig config, int prefetch) {
        Buried buried = new Buried();
        return new WaybillContender(Waybill.open(config.observer(buried)), prefetch, buried);
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
        return new ProducerOutlet(waybill.producer(queue(queue), OPTIONS));
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

    private static Queue<byte[]> queue(String name) {
        return Queue.named(name, Codec.bytes()).build();
    }

    @Override
    public void close() {
        waybill.close();
    }

    private static final class ProducerOutlet implements Outlet {
        private final Producer<byte[]> producer;
        private final Tally answered = new Tally();
        private long sent;

        ProducerOutlet(Producer<byte[]> producer) {
            this.producer = producer;
        }

        @Override
        public void send(byte[] body) {
            sent++;
            CompletableFuture<Void> unused = producer.send(body).whenComplete((nothing, failure) -> {
                if (failure == null) {
                    answered.add(1);
                } else {
                    answered.fail(failure);
                }
            });
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
