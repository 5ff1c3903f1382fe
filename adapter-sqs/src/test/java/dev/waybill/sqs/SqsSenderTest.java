package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.SendException.Reason;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;

class SqsSenderTest {
    private static final String CUT_OFF = "CONNECTION_LOST, maybe stored: cut off";

    private final ExecutorService blocking = Executors.newCachedThreadPool();
    private final FakeSqs sqs = new FakeSqs();
    private final AtomicInteger broken = new AtomicInteger();
    private final SqsSender sender = new SqsSender(sqs, "url", null, blocking, broken::incrementAndGet);

    @AfterEach
    void stop() {
        blocking.shutdown();
    }

    private static List<Sent> sent(int count) {
        return IntStream.range(0, count).mapToObj(i -> new Sent("m" + i)).toList();
    }

    @Test
    void each_message_of_a_batch_is_reported_as_its_own_entry_says() {
        sqs.refusesSend = entry -> switch (entry.id()) {
            case "1" -> FakeSqs.error("1", true, "InvalidMessageContents", "no");
            case "2" -> FakeSqs.error("2", false, "InternalError", "sorry");
            case "3" -> FakeSqs.error("3", true, "MessageTooLong", "long");
            default -> null;
        };
        List<Sent> batch = sent(5);
        sender.send(batch);
        assertThat(batch)
                .extracting(Sent::join)
                .containsExactly(
                        "stored",
                        "REJECTED: InvalidMessageContents: no",
                        "REJECTED: InternalError: sorry",
                        "TOO_LARGE: MessageTooLong: long",
                        "stored");
        assertThat(sender.usable()).isTrue();
    }

    @Test
    void an_entry_that_the_answer_forgets_may_be_stored() {
        sqs.refusesSend = entry ->
                entry.id().equals("1") ? BatchResultErrorEntry.builder().id("1").build() : null;
        List<Sent> batch = sent(2);
        sender.send(batch);
        assertThat(batch.get(0).join()).isEqualTo("stored");
        assertThat(batch.get(1).join()).startsWith("REJECTED, maybe stored");
    }

    @Test
    void a_batch_that_is_too_large_once_encoded_goes_out_in_several_requests_in_order() {
        List<Sent> batch = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            batch.add(new Sent(Fixture.envelope(new byte[300_000], Map.of())));
        }
        sender.send(batch);
        assertThat(batch).extracting(Sent::join).containsOnly("stored");
        assertThat(sqs.sends)
                .extracting(request ->
                        request.entries().stream().map(entry -> entry.id()).toList())
                .containsExactly(List.of("0", "1"), List.of("2", "3"), List.of("4"));
    }

    @Test
    void each_entry_has_its_own_delay_in_whole_seconds_rounded_up_and_none_where_none_is_asked_for() {
        List<Sent> batch = LongStream.of(0, 1, 1_000, 1_001, 899_001, 900_000)
                .mapToObj(delay -> new Sent("m", delay))
                .toList();
        sender.send(batch);
        assertThat(batch).extracting(Sent::join).containsOnly("stored");
        assertThat(sqs.sends).hasSize(1);
        assertThat(sqs.sends.get(0).entries())
                .extracting(SendMessageBatchRequestEntry::delaySeconds)
                .containsExactly(null, 1, 1, 2, 900, 900);
    }

    @Test
    void the_list_is_copied_before_send_returns() {
        CountDownLatch go = new CountDownLatch(1);
        sqs.refusesSend = entry -> {
            awaitUninterruptibly(go);
            return null;
        };
        List<Sent> reused = new ArrayList<>(sent(3));
        List<Sent> batch = List.copyOf(reused);
        sender.send(reused);
        reused.clear();
        go.countDown();
        assertThat(batch).extracting(Sent::join).containsOnly("stored");
    }

    @Test
    void a_close_reports_what_is_under_way_and_a_late_answer_nothing_more() {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger answered = new AtomicInteger();
        sqs.refusesSend = entry -> {
            awaitUninterruptibly(go);
            answered.incrementAndGet();
            return null;
        };
        List<Sent> batch = sent(2);
        sender.send(batch);
        await().until(() -> sqs.sends.size() == 1);
        sender.close();
        assertThat(batch).allSatisfy(each -> {
            assertThat(each.isReported()).isTrue();
            assertThat(each.reason).isEqualTo(Reason.CLOSED);
            assertThat(each.maybeStored).isTrue();
        });
        go.countDown();
        await().until(() -> answered.get() == 2);
        assertThat(batch.get(0).reason).isEqualTo(Reason.CLOSED);
    }

    @Test
    void after_the_close_nothing_is_sent() {
        sender.close();
        sender.close();
        List<Sent> batch = sent(1);
        sender.send(batch);
        assertThat(batch.get(0).join()).startsWith("CLOSED: ");
        assertThat(sqs.sends).isEmpty();
        assertThat(sender.usable()).isFalse();
    }

    @Test
    void an_executor_that_is_shut_down_means_not_stored() {
        blocking.shutdown();
        List<Sent> batch = sent(1);
        sender.send(batch);
        assertThat(batch.get(0).join()).startsWith("CLOSED: ");
    }

    @Test
    void a_service_that_cannot_be_reached_ends_the_sender() {
        sqs.refusesSend = entry -> {
            throw SdkClientException.create("refused", new ConnectException("refused"));
        };
        List<Sent> batch = sent(2);
        sender.send(batch);
        assertThat(batch).extracting(Sent::join).containsOnly("CONNECTION_LOST: refused");
        await().untilAsserted(() -> assertThat(sender.usable()).isFalse());
        assertThat(broken).hasValue(1);
    }

    @Test
    void a_connection_that_is_cut_off_costs_its_own_batch_and_only_several_in_a_row_the_sender() {
        SqsSender sender = new SqsSender(sqs, "url", null, Runnable::run, broken::incrementAndGet);
        AtomicInteger calls = new AtomicInteger();
        sqs.refusesSend = entry -> {
            // Two in a row, an answer, and three.
            if (calls.incrementAndGet() != 3) {
                throw SdkClientException.create("cut off", new SocketException("Connection reset"));
            }
            return null;
        };
        List<String> reports = new ArrayList<>();
        for (int call = 1; call <= 6; call++) {
            assertThat(sender.usable()).as("before call %s", call).isTrue();
            List<Sent> batch = sent(1);
            sender.send(batch);
            reports.add(batch.get(0).join());
        }
        assertThat(reports).containsExactly(CUT_OFF, CUT_OFF, "stored", CUT_OFF, CUT_OFF, CUT_OFF);
        assertThat(sender.usable()).isFalse();
        assertThat(broken).hasValue(1);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stop) {
            throw new IllegalStateException(stop);
        }
    }
}
