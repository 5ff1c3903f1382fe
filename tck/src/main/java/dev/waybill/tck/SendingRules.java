package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.waybill.BrokerUnavailableException;
import dev.waybill.Capability;
import dev.waybill.Codec;
import dev.waybill.CodecException;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.ProducerOptions;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.Waybill;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Rules of sending, and of what arrives. */
abstract class SendingRules extends Chapter {
    /** Larger than what any broker takes by default. */
    private static final int TOO_MUCH = 20 << 20;

    private <T> Delivery<T> receive(BlockingQueue<Delivery<T>> deliveries) {
        try {
            Delivery<T> delivery = deliveries.poll(harness().patience().toMillis(), TimeUnit.MILLISECONDS);
            assertThat(delivery)
                    .as("a delivery within %s", harness().patience())
                    .isNotNull();
            return delivery;
        } catch (InterruptedException stop) {
            throw new AssertionError("interrupted while waiting for a delivery", stop);
        }
    }

    private <T> BlockingQueue<Delivery<T>> consume(Queue<T> queue) {
        BlockingQueue<Delivery<T>> deliveries = new LinkedBlockingQueue<>();
        waybill.consumer(queue).start(deliveries::add);
        return deliveries;
    }

    @Test
    void q1_1_aMessageArrivesWhole() {
        Queue<String> queue = newQueue().build();
        Message<String> message = Message.with("hello")
                .key("customer-7")
                .header("type", "greeting")
                .header("x.y_z-1", "2")
                .build();
        long before = System.currentTimeMillis();
        waybill.producer(queue).send(message).join();
        long after = System.currentTimeMillis();
        Delivery<String> delivery = receive(consume(queue));
        assertThat(delivery.payload()).isEqualTo("hello");
        assertThat(delivery.id()).isEqualTo(message.id());
        assertThat(delivery.key()).contains("customer-7");
        assertThat(delivery.headers()).isEqualTo(Map.of("type", "greeting", "x.y_z-1", "2"));
        assertThat(delivery.sentAtMillis()).isBetween(before, after);
        assertThat(delivery.deliveryCount()).isEqualTo(1);
        assertThat(delivery.redelivered()).isFalse();
        assertThat(delivery.queue()).isEqualTo(queue.name());
    }

    @Test
    void q1_4_aBodyArrivesByteForByte() {
        Queue<byte[]> queue = Queue.named(newName(), Codec.bytes()).build();
        byte[] binary = new byte[4096];
        new Random(7).nextBytes(binary);
        Map<String, byte[]> bodies = new HashMap<>(Map.of(
                "empty", new byte[0],
                "zero", new byte[] {0},
                "binary", binary,
                "text", "plain text\twith\r\ntabs and lines".getBytes(StandardCharsets.UTF_8),
                "unicode", "Grüße, мир, 世界, 🌍, \uFFFD\u0085\u2028".getBytes(StandardCharsets.UTF_8),
                "forbidden-in-xml", "\u0000\u0001\uFFFE\uFFFF".getBytes(StandardCharsets.UTF_8),
                "blank", "  \n ".getBytes(StandardCharsets.UTF_8),
                "large", "0123456789abcdef".repeat(12_800).getBytes(StandardCharsets.UTF_8)));
        Producer<byte[]> producer = waybill.producer(queue);
        bodies.forEach((id, body) -> producer.send(
                        Message.with(body).id(id + "-" + newName()).build())
                .join());
        BlockingQueue<Delivery<byte[]>> deliveries = consume(queue);
        while (!bodies.isEmpty()) {
            Delivery<byte[]> delivery = receive(deliveries);
            String name = delivery.id().substring(0, delivery.id().indexOf("-tck-"));
            byte[] sent = bodies.remove(name);
            assertThat(sent).as("the body '%s', seen once", name).isNotNull();
            assertThat(delivery.payload()).as("the body '%s'", name).isEqualTo(sent);
        }
    }

    @Test
    void q1_5_headersKeysAndIdsArriveWhateverTheirCharacters() {
        Queue<String> queue = newQueue().build();
        Message<String> message = Message.with("x")
                .id("id;=%,\"'<>&🌍 " + newName())
                .key("ключ = 世界;%00\t\n\"\\")
                .header("empty", "")
                .header("blank", " ")
                .header("long", "0123456789".repeat(500))
                .header("nasty", "a=b;c%3Bd,e\"f'g<h>&i\\j\r\n\tk\u0001\u001f")
                .header("unicode", "Grüße 世界 🌍 \u2028\uFFFD")
                .header("json", "{\"a\":[1,2,{\"b\":null}]}")
                .build();
        waybill.producer(queue).send(message).join();
        Delivery<String> delivery = receive(consume(queue));
        assertThat(delivery.id()).isEqualTo(message.id());
        assertThat(delivery.key()).isEqualTo(message.key());
        assertThat(delivery.headers()).isEqualTo(message.headers());
    }

    @Test
    void q1_6_whatACompletedSendHasStoredOutlivesItsSender() {
        Queue<String> queue = newQueue().build();
        Ledger ledger = new Ledger();
        Waybill sender = another();
        send(sender.producer(queue), 200, i -> "m" + i, ledger);
        sender.close();
        waybill.consumer(queue).start(ledger::seen);
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
    }

    @Test
    void q1_7_aMessageThatIsTooLargeFailsAndIsNotStored() {
        Queue<byte[]> queue = Queue.named(newName(), Codec.bytes()).build();
        Producer<byte[]> producer = waybill.producer(queue);
        Throwable failure = catchThrowable(() -> producer.sendAndWait(Message.of(new byte[TOO_MUCH])));
        assertThat(failure).isInstanceOfSatisfying(SendException.class, failed -> {
            assertThat(failed.reason()).isEqualTo(SendException.Reason.TOO_LARGE);
            assertThat(failed.maybeStored()).isFalse();
            assertThat(failed).hasMessageContaining(queue.name());
        });
        producer.send(new byte[] {1}).join();
        assertThat(receive(consume(queue)).payload()).isEqualTo(new byte[] {1});
        // Each is too large for one of the brokers, once it is encoded for that.
        List<Message<byte[]>> doubtful = List.of(
                Message.of(new byte[TOO_MUCH]),
                Message.of(new byte[900_000]),
                Message.with(new byte[] {2})
                        .header("large", "x".repeat(200_000))
                        .build());
        for (Message<byte[]> message : doubtful) {
            assertThat(reason(() -> producer.check(message)))
                    .as("what is said of %s before it is sent", message)
                    .isEqualTo(reason(() -> producer.sendAndWait(message)));
        }
    }

    /** Null if nothing is refused. */
    private static SendException.@Nullable Reason reason(Runnable send) {
        try {
            send.run();
            return null;
        } catch (SendException refused) {
            return refused.reason();
        }
    }

    @Test
    void q1_8_aSendToAQueueThatDoesNotExistFails() {
        Waybill blind = another(harness().config().with("waybill.topology", "off"));
        Queue<String> queue = newQueue().build();
        Throwable failure = catchThrowable(() -> blind.producer(queue).sendAndWait(Message.of("x")));
        assertThat(failure).isNotNull().hasMessageContaining(queue.name());
        if (failure instanceof SendException failed) {
            assertThat(failed.reason()).isEqualTo(SendException.Reason.UNROUTABLE);
            assertThat(failed.maybeStored()).isFalse();
        } else {
            // A broker that must look the queue up to send to it says so when the producer is opened.
            assertThat(failure).isInstanceOf(BrokerUnavailableException.class).hasMessageContaining("MISSING");
        }
    }

    @Test
    void q1_9_aSendAfterCloseFailsWithClosed() {
        Producer<String> producer = waybill.producer(newQueue().build());
        producer.close();
        assertThatThrownBy(() -> producer.sendAndWait(Message.of("x")))
                .isInstanceOfSatisfying(SendException.class, failed -> {
                    assertThat(failed.reason()).isEqualTo(SendException.Reason.CLOSED);
                    assertThat(failed.maybeStored()).isFalse();
                });
    }

    @Test
    void q1_10_aPayloadThatCannotBeEncodedSendsNothing() {
        Queue<String> good = newQueue().build();
        Queue<String> bad = Queue.named(good.name(), new Codec<String>() {
                    @Override
                    public byte[] encode(String payload) {
                        throw new IllegalArgumentException("not this one");
                    }

                    @Override
                    public String decode(byte[] body) {
                        return "";
                    }

                    @Override
                    public String contentType() {
                        return "text/strange";
                    }
                })
                .maxDeliveries(good.maxDeliveries())
                .lockDuration(good.lockDuration())
                .build();
        assertThatThrownBy(() -> waybill.producer(bad).send("x"))
                .isInstanceOf(CodecException.class)
                .hasMessageContaining(good.name())
                .hasMessageContaining("not this one");
        waybill.producer(good).send("good").join();
        assertThat(receive(consume(good)).payload()).isEqualTo("good");
    }

    @Test
    void q5_2_aProducerNeverHasMoreUnansweredSendsThanItsBound() {
        int bound = 4;
        ProducerOptions options = new ProducerOptions(bound, 1 << 20, Duration.ofSeconds(30));
        Producer<String> producer = waybill.producer(newQueue().build(), options);
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            sends.add(producer.send("m" + i));
            // An answer is counted off a moment before its future is complete.
            int unanswered = (int) sends.stream().filter(send -> !send.isDone()).count();
            assertThat(unanswered).as("unanswered sends after send %d", i).isLessThanOrEqualTo(2 * bound);
        }
        CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
    }

    @Test
    void q9_1_aBatchOfSendsHasAResultForEachMessage() {
        Queue<byte[]> queue = Queue.named(newName(), Codec.bytes()).build();
        List<Message<byte[]>> batch =
                List.of(Message.of(new byte[] {1}), Message.of(new byte[TOO_MUCH]), Message.of(new byte[] {3}));
        List<Producer.Result<byte[]>> results =
                waybill.producer(queue).sendAll(batch).join();
        assertThat(results).extracting(Producer.Result::message).containsExactlyElementsOf(batch);
        assertThat(results).extracting(Producer.Result::stored).containsExactly(true, false, true);
        assertThat(results.get(1).failure()).isInstanceOf(SendException.class);
        BlockingQueue<Delivery<byte[]>> deliveries = consume(queue);
        assertThat(List.of(receive(deliveries).payload()[0], receive(deliveries).payload()[0]))
                .containsExactlyInAnyOrder((byte) 1, (byte) 3);
    }

    /** What JSON is made of here. */
    record Order(String id, int amount, List<String> items) {}

    @Test
    void e7_1_jsonTextAndBytesArriveAsWhatTheyWere() {
        Queue<Order> orders = Queue.named(newName(), Codec.json(Order.class)).build();
        Order order = new Order("o-1", 42, List.of("tea", "Kräuter"));
        waybill.producer(orders).send(order).join();
        assertThat(receive(consume(orders)).payload()).isEqualTo(order);
        Queue<String> texts = newQueue().build();
        waybill.producer(texts).send("Grüße").join();
        assertThat(receive(consume(texts)).payload()).isEqualTo("Grüße");
    }

    @Test
    void q3_1_firstInFirstOut() {
        needs(Capability.FIFO);
        Queue<String> queue = newQueue().build();
        Producer<String> producer = waybill.producer(queue);
        int count = 500;
        List<CompletableFuture<Void>> sends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sends.add(producer.send(Message.with("m" + i).key("same").build()));
        }
        try {
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
        } catch (CompletionException failed) {
            throw new AssertionError("a send failed", failed);
        }
        BlockingQueue<Delivery<String>> deliveries = consume(queue);
        for (int i = 0; i < count; i++) {
            assertThat(receive(deliveries).payload())
                    .as("message %d of %d", i, count)
                    .isEqualTo("m" + i);
        }
    }
}
