package dev.waybill.benchmarks;

import dev.waybill.Codec;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Waybill, on any broker. */
final class WaybillContender implements Contender {
    private static final ProducerOptions OPTIONS =
            new ProducerOptions(Load.IN_FLIGHT, 64L << 20, Duration.ofSeconds(30));

    private final Waybill waybill;
    private final int prefetch;

    WaybillContender(Waybill waybill, int prefetch) {
        this.waybill = waybill;
        this.prefetch = prefetch;
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
