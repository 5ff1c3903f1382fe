package dev.waybill.benchmarks;

import dev.waybill.Payload;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** So many payloads of one size, from the first that is sent to the last that is read. */
final class PayloadTrial {
    private static final long PATIENCE_SECONDS = 600;
    private static final double MEBIBYTE = 1 << 20;
    private static final byte[] BLOCK = new byte[64 << 10];

    static {
        new Random(1).nextBytes(BLOCK);
    }

    private final long bytes;
    private final int messages;
    private final CountDownLatch left;
    private final AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
    private long began;

    PayloadTrial(long bytes, int messages) {
        this.bytes = bytes;
        this.messages = messages;
        left = new CountDownLatch(messages);
    }

    /**
     * What a trial found.
     *
     * @param rate MiB a second, or messages
     * @param heapBytes the most heap that was in use, garbage included
     */
    record Found(double rate, long heapBytes) {}

    /** The medians of several. */
    static final class Median {
        private final List<Found> found = new ArrayList<>();

        void add(Found one) {
            found.add(one);
        }

        double rate() {
            return Sample.median(found, Found::rate);
        }

        long heapMebibytes() {
            return Math.round(Sample.median(found, Found::heapBytes) / MEBIBYTE);
        }
    }

    long bytes() {
        return bytes;
    }

    int messages() {
        return messages;
    }

    /** One payload, none of which is kept. */
    InputStream source() {
        return new InputStream() {
            private long at;

            @Override
            public int read() {
                return at == bytes ? -1 : BLOCK[(int) (at++ % BLOCK.length)] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (at == bytes) {
                    return -1;
                }
                int from = (int) (at % BLOCK.length);
                int some = (int) Math.min(Math.min(length, BLOCK.length - from), bytes - at);
                System.arraycopy(BLOCK, from, into, offset, some);
                at += some;
                return some;
            }
        };
    }

    /** The handler. */
    void read(InputStream in) throws IOException {
        byte[] buffer = new byte[BLOCK.length];
        long length = 0;
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            length += read;
        }
        if (length != bytes) {
            wrong.set(new BenchmarkException("a payload has " + length + " bytes, not " + bytes, null));
        }
        left.countDown();
    }

    void start() {
        System.gc();
        heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
        began = System.nanoTime();
    }

    Found await() throws InterruptedException {
        if (!left.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new BenchmarkException(left.getCount() + " of " + messages + " payloads were not read", null);
        }
        long took = System.nanoTime() - began;
        Throwable failure = wrong.get();
        if (failure != null) {
            throw new BenchmarkException("a payload was wrong", failure);
        }
        long heap = heapPools().stream()
                .mapToLong(pool -> pool.getPeakUsage().getUsed())
                .sum();
        return new Found(messages * bytes / MEBIBYTE / (took / 1e9), heap);
    }

    private static List<MemoryPoolMXBean> heapPools() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }

    Found run(Waybill waybill, Queue<Payload> queue, int concurrency) throws InterruptedException {
        try (Producer<Payload> producer = waybill.producer(queue);
                Subscription subscription = waybill.consumer(queue)
                        .concurrency(concurrency)
                        .start(delivery -> {
                            try (InputStream in = delivery.payload().open()) {
                                read(in);
                            }
                        })) {
            start();
            for (int i = 0; i < messages; i++) {
                var unused = producer.send(Payload.of(source()));
            }
            Found found = await();
            subscription.pause();
            return found;
        }
    }
}
