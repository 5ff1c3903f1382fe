package dev.waybill.sqs;

import static dev.waybill.sqs.Fixture.settle;
import static dev.waybill.sqs.Fixture.take;
import static dev.waybill.sqs.Fixture.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.Health;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException.Reason;
import dev.waybill.servers.TestServer;
import dev.waybill.servers.TestServers;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import dev.waybill.spi.Sender;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;

/** The adapter's sender and receiver on a real server. */
class SqsIT {
    private static final Duration LOCK = Duration.ofSeconds(30);
    private static final Duration SHORT_LOCK = Duration.ofSeconds(1);
    private static final Duration MOMENT = Duration.ofMillis(300);

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServers.start("sqs");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Fixture fixture(Duration lock) {
        return new Fixture(server.uri(), lock);
    }

    @Test
    void what_is_sent_is_received_as_it_was_with_any_body() throws InterruptedException {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        try (Fixture fixture = fixture(LOCK);
                Sender sender = fixture.sender();
                Receiver receiver = fixture.receiver()) {
            List<Sent> batch = new ArrayList<>();
            for (byte[] body : new byte[][] {all, {}, {0}, "a\r\nb\tc".getBytes(), "é😀\uFFFD".getBytes()}) {
                batch.add(new Sent(Fixture.envelope(body, Map.of("k;=%\0\uFFFF", "é😀\uD83D", "", ""))));
            }
            sender.send(batch);
            assertThat(batch).allSatisfy(sent -> assertThat(sent.join()).isEqualTo("stored"));

            List<Taken> taken = take(receiver, batch.size());
            assertThat(taken)
                    .extracting(each -> each.inbound().envelope())
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactlyInAnyOrderElementsOf(
                            batch.stream().map(Sent::envelope).toList());
            assertThat(taken).allSatisfy(each -> {
                assertThat(each.inbound().deliveryCount()).isEqualTo(1);
                assertThat(each.inbound().redelivered()).isFalse();
                assertThat(each.inbound().defect()).isNull();
                assertThat(each.inbound().lost()).isFalse();
            });
            settle(receiver, taken, Disposition.ACCEPT);
            for (Taken each : taken) {
                assertThat(each.report()).isEqualTo("settled");
            }
            assertThat(fixture.counts(fixture.main)).isEqualTo("0 visible, 0 locked");
        }
    }

    @Test
    void retry_and_release_bring_it_back_at_once_and_both_count() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver()) {
            fixture.send("m");
            List<Taken> first = take(receiver, 1);
            settle(receiver, first, Disposition.RETRY);
            assertThat(first.get(0).report()).isEqualTo("settled");

            List<Taken> second = take(receiver, 1);
            assertThat(second.get(0).inbound().deliveryCount()).isEqualTo(2);
            assertThat(second.get(0).inbound().redelivered()).isTrue();
            settle(receiver, second, Disposition.RELEASE);
            assertThat(second.get(0).report()).isEqualTo("settled");
            assertThat(take(receiver, 1).get(0).inbound().deliveryCount()).isEqualTo(3);
        }
    }

    @Test
    void many_are_settled_in_one_call_each_as_decided() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver()) {
            for (int batch = 0; batch < 3; batch++) {
                String from = Integer.toString(batch);
                fixture.send(from + 0, from + 1, from + 2, from + 3, from + 4, from + 5, from + 6, from + 7);
            }
            List<Taken> taken = take(receiver, 24);
            taken.forEach(each -> each.decide(each.text().startsWith("2") ? Disposition.RETRY : Disposition.ACCEPT));
            receiver.settle(taken);
            for (Taken each : taken) {
                assertThat(each.report()).isEqualTo("settled");
            }
            assertThat(texts(take(receiver, 8)))
                    .allSatisfy(text -> assertThat(text).startsWith("2"));
            assertThat(receiver.receive(10, Duration.ZERO)).isEmpty();
        }
    }

    @Test
    void a_consumer_that_dies_too_often_leaves_it_to_the_broker_to_dead_letter_it() throws InterruptedException {
        try (Fixture fixture = new Fixture(server.uri(), SHORT_LOCK, 2);
                Receiver receiver = fixture.receiver();
                Receiver dead = fixture.broker.receiver(fixture.dead, new ReceiverOptions(10))) {
            fixture.send("poison");
            for (int delivery = 1; delivery <= fixture.queue.wideLimit(); delivery++) {
                assertThat(take(receiver, 1).get(0).inbound().deliveryCount()).isEqualTo(delivery);
            }
            // SQS moves it when it would be received once more.
            await().atMost(Fixture.LONG_WAIT)
                    .until(() -> receiver.receive(1, Duration.ofSeconds(1)).isEmpty()
                            && fixture.counts(fixture.dead).startsWith("1 visible"));
            boolean told = fixture.tellsWhereItDied();
            Taken taken = take(dead, 1).get(0);
            assertThat(taken.text()).isEqualTo("poison");
            assertThat(taken.inbound().envelope().headers())
                    .isEqualTo(
                            told
                                    ? Map.of(
                                            DeadLetterHeaders.REASON,
                                            MovedBySqs.REASON,
                                            DeadLetterHeaders.QUEUE,
                                            fixture.queue.name())
                                    : Map.of());
            settle(dead, List.of(taken), Disposition.ACCEPT);
            assertThat(taken.report()).isEqualTo("settled");
        }
    }

    @Test
    void an_extended_lock_outlasts_the_visibility_timeout() throws InterruptedException {
        try (Fixture fixture = fixture(SHORT_LOCK);
                Receiver receiver = fixture.receiver();
                Receiver other = fixture.receiver()) {
            fixture.send("slow");
            Taken taken = take(receiver, 1).get(0);
            long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
            while (System.nanoTime() < end) {
                long before = taken.inbound().lockedUntilNanos();
                receiver.extend(List.of(taken));
                assertThat(taken.report()).isEqualTo("extended");
                assertThat(taken.inbound().lockedUntilNanos()).isGreaterThan(before);
                assertThat(other.receive(1, MOMENT)).isEmpty();
            }
            assertThat(taken.inbound().lost()).isFalse();
            settle(receiver, List.of(taken), Disposition.ACCEPT);
            assertThat(taken.report()).isEqualTo("settled");
        }
    }

    @Test
    void after_its_lock_has_ended_a_message_is_lost_to_us_and_another_has_it() throws InterruptedException {
        try (Fixture fixture = fixture(SHORT_LOCK);
                Receiver receiver = fixture.receiver();
                Receiver other = fixture.receiver()) {
            fixture.send("m");
            Taken taken = take(receiver, 1).get(0);
            Taken again = take(other, 1).get(0);
            assertThat(again.inbound().deliveryCount()).isEqualTo(2);
            assertThat(taken.inbound().lost()).isTrue();

            receiver.extend(List.of(taken));
            assertThat(taken.report()).startsWith("lost");
            settle(receiver, List.of(taken), Disposition.RETRY);
            assertThat(taken.report()).startsWith("lost");
            // ElasticMQ refuses an old receipt handle; SQS takes it for a standard queue.
            settle(receiver, List.of(taken), Disposition.ACCEPT);
            assertThat(taken.report()).matches("settled|lost.*");

            settle(other, List.of(again), Disposition.ACCEPT);
            assertThat(again.report()).matches("settled|lost.*");
            assertThat(fixture.counts(fixture.main)).isEqualTo("0 visible, 0 locked");
        }
    }

    @Test
    void a_dead_letter_is_locked_for_the_queues_lock_duration_though_its_own_queue_has_another()
            throws InterruptedException {
        try (Fixture fixture = fixture(SHORT_LOCK);
                Receiver dead = fixture.broker.receiver(fixture.dead, new ReceiverOptions(10))) {
            fixture.sqs.sendMessage(r -> r.queueUrl(fixture.url(fixture.dead)).messageBody("m"));
            take(dead, 1);
            assertThat(take(dead, 1).get(0).inbound().deliveryCount()).isEqualTo(2);
        }
    }

    /** A receive on a thread of its own that waits for messages. */
    private static final class Waiting {
        final CompletableFuture<List<Inbound>> result = new CompletableFuture<>();
        final Thread thread;

        Waiting(Receiver receiver) {
            thread = new Thread(() -> {
                try {
                    result.complete(receiver.receive(10, Fixture.LONG_WAIT));
                } catch (InterruptedException | RuntimeException stop) {
                    result.completeExceptionally(stop);
                }
            });
            thread.start();
            await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        }
    }

    @Test
    void a_paused_receiver_hands_over_nothing_and_what_comes_late_after_the_resume() throws Exception {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver();
                Receiver other = fixture.receiver()) {
            Waiting waiting = new Waiting(receiver);
            receiver.pause();
            assertThat(waiting.result.get()).isEmpty();
            assertThat(receiver.receive(10, MOMENT)).isEmpty();

            fixture.send("m");
            assertThat(other.receive(10, MOMENT)).isEmpty();
            receiver.resume();
            List<Taken> taken = take(receiver, 1);
            assertThat(texts(taken)).containsExactly("m");
            assertThat(taken.get(0).inbound().deliveryCount()).isEqualTo(1);
        }
    }

    @Test
    void a_closed_receiver_returns_empty_and_loses_nothing() throws Exception {
        try (Fixture fixture = fixture(LOCK);
                Receiver other = fixture.receiver()) {
            Receiver receiver = fixture.receiver();
            Waiting waiting = new Waiting(receiver);
            receiver.close();
            receiver.close();
            assertThat(waiting.result.get()).isEmpty();
            fixture.send("m");
            assertThat(texts(take(other, 1))).containsExactly("m");
        }
    }

    @Test
    void an_interrupt_loses_nothing() throws Exception {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver()) {
            Waiting waiting = new Waiting(receiver);
            waiting.thread.interrupt();
            assertThatThrownBy(waiting.result::get).hasCauseInstanceOf(InterruptedException.class);
            fixture.send("m");
            Taken taken = take(receiver, 1).get(0);
            assertThat(taken.text()).isEqualTo("m");
            assertThat(taken.inbound().deliveryCount()).isEqualTo(1);
        }
    }

    @Test
    void a_settlement_after_the_close_is_still_reported() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK)) {
            fixture.send("m");
            Receiver receiver = fixture.receiver();
            List<Taken> taken = take(receiver, 1);
            receiver.close();
            settle(receiver, taken, Disposition.ACCEPT);
            assertThat(taken.get(0).report()).isEqualTo("settled");
            fixture.broker.close();
            settle(receiver, taken, Disposition.ACCEPT);
            assertThat(taken.get(0).report()).startsWith("failed: UNAVAILABLE");
        }
    }

    @Test
    void closing_the_broker_does_not_wait_for_open_polls() {
        Fixture fixture = fixture(LOCK);
        Receiver receiver = fixture.receiver();
        Waiting waiting = new Waiting(receiver);
        receiver.close();
        long start = System.nanoTime();
        fixture.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
        assertThat(waiting.result.join()).isEmpty();
    }

    @Test
    void what_comes_to_a_poll_that_is_open_at_the_close_of_the_broker_goes_back_at_once() throws InterruptedException {
        Fixture dying = fixture(LOCK);
        String url = dying.url(dying.main);
        Receiver receiver = dying.receiver();
        Waiting waiting = new Waiting(receiver);
        await().until(() -> Threads.areIn(Poller.class));
        receiver.close();
        assertThat(waiting.result.join()).isEmpty();
        dying.close();
        try (Fixture living = fixture(LOCK);
                Receiver other = living.broker.receiver(dying.main, new ReceiverOptions(10))) {
            living.sqs.sendMessage(r -> r.queueUrl(url).messageBody("m"));
            // Within less than its lock.
            Taken taken = take(other, 1).get(0);
            assertThat(taken.text()).isEqualTo("m");
            assertThat(taken.inbound().deliveryCount()).isEqualTo(2);
        }
    }

    @Test
    void a_poll_that_is_open_at_the_close_does_not_keep_the_jvm_alive() throws Exception {
        try (Fixture fixture = fixture(LOCK)) {
            Process program = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            CloseAndEnd.class.getName(),
                            server.uri(),
                            fixture.queue.name())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader output = program.inputReader()) {
                assertThat(output.readLine()).isEqualTo(CloseAndEnd.CLOSED);
                // The poll would last 20 s.
                assertThat(program.waitFor(10, TimeUnit.SECONDS))
                        .as("it has ended")
                        .isTrue();
                assertThat(program.exitValue()).isZero();
            } finally {
                program.destroyForcibly();
            }
        }
    }

    @Test
    void what_is_too_large_once_encoded_is_refused_and_the_rest_of_the_batch_is_stored() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Sender sender = fixture.sender();
                Receiver receiver = fixture.receiver()) {
            Sent text = new Sent(Fixture.envelope("x".repeat(1 << 20)));
            Sent binary = new Sent(Fixture.envelope(new byte[800_000], Map.of()));
            Sent largest = new Sent(Fixture.envelope(new byte[780_000], Map.of()));
            Sent small = new Sent("small");
            sender.send(List.of(text, binary, largest, small));
            for (Sent large : List.of(text, binary)) {
                assertThat(large.join()).contains("SQS takes 1048576");
                assertThat(large.reason).isEqualTo(Reason.TOO_LARGE);
                assertThat(large.maybeStored).isFalse();
            }
            assertThat(largest.join()).isEqualTo("stored");
            assertThat(small.join()).isEqualTo("stored");
            assertThat(take(receiver, 2))
                    .extracting(each -> each.inbound().envelope().body().length)
                    .containsExactlyInAnyOrder(780_000, 5);
        }
    }

    @Test
    void a_message_of_other_software_has_its_id_its_text_attributes_and_its_body() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver()) {
            String id = fixture.sqs
                    .sendMessage(r -> r.queueUrl(fixture.url(fixture.main))
                            .messageBody("plain")
                            .messageAttributes(Map.of("tenant", string("é"))))
                    .messageId();
            Inbound inbound = take(receiver, 1).get(0).inbound();
            assertThat(inbound.envelope().id()).isEqualTo(id);
            assertThat(inbound.envelope().headers()).containsExactly(Map.entry("tenant", "é"));
            assertThat(inbound.envelope().body()).isEqualTo("plain".getBytes());
            assertThat(inbound.envelope().sentAtMillis()).isPositive();
            assertThat(inbound.defect()).isNull();
        }
    }

    @Test
    void a_forged_message_is_a_defect_with_its_raw_body() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Receiver receiver = fixture.receiver()) {
            fixture.sqs.sendMessage(r -> r.queueUrl(fixture.url(fixture.main))
                    .messageBody("raw")
                    .messageAttributes(Map.of("waybill", string("9;i=forged"))));
            Inbound inbound = take(receiver, 1).get(0).inbound();
            assertThat(inbound.defect()).contains("version '9'");
            assertThat(inbound.envelope().body()).isEqualTo("raw".getBytes());
            assertThat(inbound.envelope().headers()).containsEntry("waybill", "9;i=forged");
        }
    }

    private static MessageAttributeValue string(String value) {
        return MessageAttributeValue.builder()
                .dataType("String")
                .stringValue(value)
                .build();
    }

    @Test
    void a_queue_that_does_not_exist_is_missing_for_whoever_opens_it() {
        try (Fixture fixture = fixture(LOCK)) {
            Destination nowhere = new Destination(
                    new QueueDefinition("nowhere", 3, LOCK, RetryPolicy.DEFAULT), Destination.Role.MAIN);
            assertThatThrownBy(() -> fixture.broker.receiver(nowhere, new ReceiverOptions(1)))
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MISSING));
            assertThatThrownBy(() -> fixture.broker.sender(nowhere, null))
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MISSING));
        }
    }

    @Test
    void a_queue_that_vanishes_makes_sends_unroutable_polls_missing_and_settlements_lost() throws InterruptedException {
        try (Fixture fixture = fixture(LOCK);
                Sender sender = fixture.sender();
                Receiver receiver = fixture.receiver()) {
            fixture.send("m");
            List<Taken> taken = take(receiver, 1);
            String url = fixture.url(fixture.main);
            fixture.sqs.deleteQueue(r -> r.queueUrl(url));

            Sent sent = new Sent("n");
            sender.send(List.of(sent));
            sent.join();
            assertThat(sent.reason).isEqualTo(Reason.UNROUTABLE);
            assertThat(sent.maybeStored).isFalse();
            settle(receiver, taken, Disposition.ACCEPT);
            assertThat(taken.get(0).report()).startsWith("lost");
            assertThatThrownBy(() -> receiver.receive(1, Duration.ofSeconds(5)))
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MISSING));
        }
    }

    @Test
    void an_end_of_the_server_fails_what_is_under_way_and_loses_nothing_that_was_stored() throws Exception {
        try (TestServer own = TestServers.start("sqs");
                Fixture fixture = new Fixture(own.uri(), LOCK)) {
            Sender sender = fixture.sender();
            Receiver receiver = fixture.receiver();
            List<Sent> sent = new CopyOnWriteArrayList<>();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(
                    () -> {
                        while (sender.usable()) {
                            List<Sent> batch = new ArrayList<>();
                            for (int i = 0; i < 10; i++) {
                                batch.add(new Sent("m" + (sent.size() + i)));
                            }
                            sent.addAll(batch);
                            sender.send(batch);
                            batch.get(0).join();
                        }
                    },
                    fixture.blocking);
            await().pollInterval(Duration.ofMillis(5)).until(() -> sent.size() > 200);
            own.kill();
            sending.get();
            assertThat(sender.usable()).isFalse();
            assertThatThrownBy(fixture::sender)
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE));
            assertThatThrownBy(() -> receiver.receive(1, Fixture.LONG_WAIT))
                    .isInstanceOfSatisfying(
                            BrokerException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE));
            assertThat(fixture.broker.health())
                    .allSatisfy(each -> assertThat(each.status()).isEqualTo(Health.Status.DEGRADED));
            receiver.close();
            sender.close();

            assumeTrue(own.keepsData(), "what is left to test: this server forgets everything when it ends");
            own.start();
            fixture.send("after");
            List<String> mustBeThere = new ArrayList<>(List.of("after"));
            for (Sent each : sent) {
                if (each.join().equals("stored")) {
                    mustBeThere.add(new String(each.envelope().body()));
                } else {
                    assertThat(each.reason).isIn(Reason.CONNECTION_LOST, Reason.CLOSED);
                }
            }
            assertThat(mustBeThere).hasSizeGreaterThan(100);
            try (Receiver again = fixture.receiver()) {
                List<String> received = new ArrayList<>();
                await().atMost(Duration.ofSeconds(60))
                        .pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> {
                            List<Taken> taken = again.receive(10, Duration.ofSeconds(1)).stream()
                                    .map(Taken::new)
                                    .toList();
                            received.addAll(texts(taken));
                            settle(again, taken, Disposition.ACCEPT);
                            return received.containsAll(mustBeThere);
                        });
            }
            assertThat(fixture.broker.health())
                    .allSatisfy(each -> assertThat(each.status()).isEqualTo(Health.Status.UP));
        }
    }
}
