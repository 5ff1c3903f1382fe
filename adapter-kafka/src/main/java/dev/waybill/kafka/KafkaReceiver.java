package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Held;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Receives from one topic by a crew of share consumers; see {@link Crew} for how many, and {@link Grip} for their rules. */
final class KafkaReceiver implements Receiver {
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final String topic;
    private final Duration lock;
    private final HandOver out = new HandOver();
    private final Crew<ShareWorker> crew;
    private final TopicWatch watch;
    private final Markers markers;
    private final Runnable onClose;
    private volatile boolean closed;
    private volatile @Nullable BrokerException failure;

    /** @param hire makes a worker of this receiver whose polls are so large, and starts it */
    KafkaReceiver(
            String topic,
            Duration lock,
            int partitions,
            int largest,
            int prefetch,
            BiFunction<KafkaReceiver, Integer, ShareWorker> hire,
            TopicWatch watch,
            Markers markers,
            Runnable onClose) {
        this.topic = topic;
        this.lock = lock;
        this.watch = watch;
        this.markers = markers;
        this.onClose = onClose;
        this.crew = new Crew<>(partitions, largest, prefetch, size -> hire.apply(this, size));
        crew.start();
    }

    String topic() {
        return topic;
    }

    Crew<ShareWorker> crew() {
        return crew;
    }

    HandOver out() {
        return out;
    }

    Markers markers() {
        return markers;
    }

    @Nullable
    BrokerException failure() {
        return failure;
    }

    /** A worker has failed, or the topic is gone; what is held comes again by the broker's rule. */
    void failed(Throwable cause) {
        BrokerException meaning = Failures.broker("receiving from '" + topic + "' failed", cause);
        failure = meaning;
        out.fail(meaning);
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        List<Inbound> taken = out.take(max, wait);
        if (taken.isEmpty()) {
            watch.nothingCame(this::failed);
        } else {
            watch.somethingCame();
        }
        return taken;
    }

    @Override
    public boolean ready() {
        return out.ready();
    }

    /** What has waited in a client since before a standstill would pass for what has just come. */
    @Override
    public long silenceNanos() {
        return lock.toNanos();
    }

    @Override
    public void settle(List<? extends Held> batch) {
        ShareWorker last = null;
        for (int i = 0; i < batch.size(); i++) {
            Held held = batch.get(i);
            KafkaInbound message = (KafkaInbound) held.inbound();
            message.settleBy(held);
            ShareWorker worker = message.worker();
            worker.settle(message);
            if (last != null && last != worker) {
                last.wake();
            }
            last = worker;
        }
        if (last != null) {
            last.wake();
        }
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return delayMillis == 0;
    }

    @Override
    public void extend(List<? extends Held> batch) {
        for (Held held : batch) {
            ((KafkaInbound) held.inbound()).worker().extend(held);
        }
        for (Held held : batch) {
            ((KafkaInbound) held.inbound()).worker().wake();
        }
    }

    @Override
    public void prefetch(int limit) {
        crew.prefetch(limit);
    }

    @Override
    public void pause() {
        crew.pause();
        out.pause();
    }

    @Override
    public List<Inbound> stop() {
        crew.stop().forEach(ShareWorker::stop);
        return out.stop();
    }

    @Override
    public void resume() {
        out.resume();
        crew.resume();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Inbound message : stop()) {
            KafkaInbound left = (KafkaInbound) message;
            left.worker().giveBack(left);
        }
        List<ShareWorker> workers = crew.workers();
        workers.forEach(ShareWorker::close);
        long began = System.nanoTime();
        try {
            for (ShareWorker worker : workers) {
                long left = CLOSE_NANOS - (System.nanoTime() - began);
                worker.join(Duration.ofNanos(Math.max(1_000_000, left)));
            }
        } catch (InterruptedException interrupted) {
            // The workers end by themselves; only the wait for them is cut short.
            Thread.currentThread().interrupt();
        } finally {
            onClose.run();
        }
    }
}
