package dev.waybill.examples.thumbnails;

import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Message;
import dev.waybill.Payload;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.examples.demo.DemoBroker;
import dev.waybill.examples.demo.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the images, has their thumbnails made, and looks at what is left. */
final class ThumbnailsRun {
    private static final Logger LOG = LoggerFactory.getLogger(ThumbnailsRun.class);
    private static final String FILE = "file";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration SHORT_PATIENCE = Duration.ofSeconds(10);
    private static final int MOST = 10_000;

    private final DemoBroker broker;
    private final String queueName;
    private final int workers;
    private final Path payloads;
    private final ImageBook book = new ImageBook();
    private long pulse;
    private long stillSinceNanos = System.nanoTime();

    /** @param payloads where the store is, a folder of this run only */
    ThumbnailsRun(DemoBroker broker, String queueName, int workers, Path payloads) {
        this.broker = broker;
        this.queueName = queueName;
        this.workers = workers;
        this.payloads = payloads;
    }

    ThumbnailsReport run(List<Path> images, Path output, Progress progress) throws IOException, InterruptedException {
        CountingStore store = new CountingStore(new FilePayloadStore("demo", payloads));
        Queue<Payload> queue = ThumbnailQueue.in(store, queueName, broker.lock());
        try (Waybill waybill = Waybill.open(broker.config().observer(book))) {
            long started = System.nanoTime();
            Subscription subscription =
                    waybill.consumer(queue).concurrency(workers).startReturning(new Worker(book, output));
            send(waybill.producer(queue), images);
            await(() -> {
                progress.show(book.done());
                return book.done() == book.expected() || still().compareTo(PATIENCE.plus(broker.lock())) > 0;
            });
            Duration took = Duration.ofNanos(stillSinceNanos - started);
            subscription.close();
            return new ThumbnailsReport(
                    broker.product(waybill),
                    book,
                    dead(waybill.deadLetters(queue)),
                    store.bytesIn(),
                    store.bytesOut(),
                    left(store),
                    took);
        }
    }

    private void send(Producer<Payload> images, List<Path> files) throws IOException {
        try (images) { // which waits for what is in flight
            for (Path file : files) {
                String name = file.getFileName().toString();
                Message<Payload> message =
                        Message.with(Payload.of(file)).header(FILE, name).build();
                book.expect(message.id(), name, Files.size(file));
                CompletableFuture<Void> sent = images.send(message);
                CompletableFuture<Void> unused = sent.whenComplete((stored, failure) -> {
                    if (failure != null) {
                        book.notSent(message.id(), failure);
                    }
                });
            }
        }
    }

    private Duration still() {
        if (book.pulse() != pulse) {
            pulse = book.pulse();
            stillSinceNanos = System.nanoTime();
        }
        return Duration.ofNanos(System.nanoTime() - stillSinceNanos);
    }

    /** Those of this run; then they are purged, since their payloads go with this run. */
    private List<ThumbnailsReport.Dead> dead(DeadLetters letters) throws InterruptedException {
        DeadLetterFilter ours = letter -> book.name(letter.id()) != null;
        long end = System.nanoTime() + SHORT_PATIENCE.toNanos();
        List<DeadLetter> dead = letters.browse(ours, 0, MOST);
        while (dead.size() < book.dead() && System.nanoTime() - end < 0) {
            TimeUnit.MILLISECONDS.sleep(200);
            dead = letters.browse(ours, 0, MOST);
        }
        dead.forEach(letter -> book.dead(letter.id())); // the broker itself may have moved one
        try {
            letters.purge(ours, dead.size());
        } catch (IllegalStateException others) {
            LOG.warn("dead letters of this run stay, since somebody else takes them as well: {}", others.getMessage());
        }
        return dead.stream()
                .map(letter -> new ThumbnailsReport.Dead(
                        letter.headers().getOrDefault(FILE, letter.id()), letter.deliveries(), letter.reason()))
                .sorted()
                .toList();
    }

    /** But for notes; what has one is done with, and deleted in the background. */
    private static List<StoredPayload> left(CountingStore store) throws InterruptedException {
        long end = System.nanoTime() + SHORT_PATIENCE.toNanos();
        await(() -> System.nanoTime() - end > 0
                || payloads(store).stream().noneMatch(payload -> store.exists(payload.key() + ClaimCheck.DONE)));
        return payloads(store);
    }

    private static List<StoredPayload> payloads(CountingStore store) {
        return store.list("", MOST).stream()
                .filter(stored -> !stored.key().endsWith(ClaimCheck.DONE))
                .toList();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(25);
        }
    }
}
