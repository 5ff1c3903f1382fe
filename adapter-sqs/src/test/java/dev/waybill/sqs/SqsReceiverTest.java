package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Inbound;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/** What becomes of polls that a test holds open, on a clock that it moves. */
class SqsReceiverTest {
    private static final Duration LOCK = Duration.ofSeconds(40);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofSeconds(20);

    private final SettableTime time = new SettableTime();
    private final ExecutorService blocking = Executors.newCachedThreadPool();
    private final FakeSqs sqs = new FakeSqs();
    private final LinkedBlockingQueue<List<Message>> answers = new LinkedBlockingQueue<>();
    private final UnderWay underWay = new UnderWay();
    private final OpenPolls polls = new OpenPolls(underWay);
    private final SqsReceiver receiver = receiver(false);

    SqsReceiverTest() {
        sqs.messages = request -> {
            try {
                return answers.take();
            } catch (InterruptedException stop) {
                throw SdkClientException.create("interrupted", stop);
            }
        };
    }

    private SqsReceiver receiver(boolean dead) {
        return new SqsReceiver(
                new Poller(sqs, "url", LOCK, Duration.ofSeconds(5), dead, 10, time),
                polls,
                new Settlements(new Handles(sqs, "url"), LOCK, blocking, time),
                100,
                LOCK,
                blocking,
                time,
                () -> {});
    }

    @AfterEach
    void stop() {
        receiver.close();
        blocking.shutdownNow();
    }

    private void answer(String... handles) {
        answers.add(IntStream.range(0, handles.length)
                .mapToObj(i -> FakeSqs.message(handles[i]))
                .toList());
    }

    private static List<String> ids(List<Inbound> received) {
        return received.stream().map(inbound -> inbound.envelope().id()).toList();
    }

    @Test
    void a_poll_asks_for_what_there_is_room_for_and_waits_in_whole_seconds() throws InterruptedException {
        answer("r1");
        assertThat(ids(receiver.receive(3, Duration.ofMillis(2_900)))).containsExactly("id-r1");
        answer("r2");
        receiver.receive(1_000, Duration.ofSeconds(100));
        answer();
        assertThat(receiver.receive(1, Duration.ZERO)).isEmpty();
        assertThat(sqs.polls)
                .extracting(poll -> poll.maxNumberOfMessages() + " within " + poll.waitTimeSeconds() + " s for "
                        + poll.visibilityTimeout() + " s")
                .containsExactly("3 within 2 s for 40 s", "10 within 20 s for 40 s", "1 within 0 s for 40 s");
    }

    @Test
    void at_most_one_poll_is_open_and_a_later_receive_gets_its_answer() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            assertThat(receiver.receive(10, SHORT)).isEmpty();
        }
        answer("r1", "r2");
        assertThat(ids(receiver.receive(1, LONG))).containsExactly("id-r1");
        assertThat(ids(receiver.receive(10, LONG))).containsExactly("id-r2");
        assertThat(sqs.polls).hasSize(1);
    }

    @Test
    void a_poll_that_is_open_over_a_pause_serves_the_receive_after_it() throws InterruptedException {
        assertThat(receiver.receive(10, SHORT)).isEmpty();
        receiver.pause();
        assertThat(receiver.receive(10, LONG)).isEmpty();
        receiver.resume();
        answer("r1");
        assertThat(ids(receiver.receive(10, LONG))).containsExactly("id-r1");
        assertThat(sqs.polls).hasSize(1);
    }

    @Test
    void what_comes_after_a_pause_is_kept_and_not_given_back_which_would_count() throws InterruptedException {
        assertThat(receiver.receive(10, SHORT)).isEmpty();
        receiver.pause();
        answer("r1");
        for (int i = 1; i <= 3; i++) {
            int extensions = i;
            await().untilAsserted(() -> {
                if (sqs.settlements.size() < extensions) {
                    time.advance(LOCK.dividedBy(4));
                    receiver.pause();
                }
                assertThat(sqs.settlements).hasSizeGreaterThanOrEqualTo(extensions);
            });
        }
        assertThat(sqs.settlements).containsOnly("r1 for 40 s");
        receiver.resume();
        assertThat(ids(receiver.receive(10, LONG))).containsExactly("id-r1");
    }

    @Test
    void what_comes_after_a_stop_or_waits_at_it_goes_back_and_a_waiting_receive_ends() throws Exception {
        answer("r1", "r2");
        receiver.receive(1, LONG);
        CompletableFuture<List<Inbound>> drained = CompletableFuture.supplyAsync(() -> quietly(1), blocking);
        assertThat(ids(drained.get())).containsExactly("id-r2");
        CompletableFuture<List<Inbound>> waiting = CompletableFuture.supplyAsync(() -> quietly(10), blocking);
        await().until(() -> sqs.polls.size() == 2);
        receiver.stop();
        assertThat(waiting.get()).isEmpty();
        answer("r3");
        await().untilAsserted(() -> assertThat(sqs.settlements).containsExactly("r3 for 0 s"));
        receiver.resume();
        assertThat(receiver.receive(10, SHORT)).isEmpty();
    }

    @Test
    void what_waits_at_a_stop_is_handed_over_and_what_waits_at_a_close_goes_back() throws Exception {
        SqsReceiver second = receiver(false);
        for (SqsReceiver each : List.of(receiver, second)) {
            answer("r1", "r2");
            each.receive(1, LONG);
            await().until(each::ready);
        }
        assertThat(ids(receiver.stop())).containsExactly("id-r2");
        assertThat(receiver.stop()).isEmpty();
        assertThat(sqs.settlements).isEmpty();
        second.close();
        await().untilAsserted(() -> assertThat(sqs.settlements).containsExactly("r2 for 0 s"));
    }

    @Test
    void what_is_counted_of_a_group_is_no_more_than_that_it_may_be_a_repetition() throws Exception {
        sqs.messages = request -> List.of(FakeSqs.message("r1").toBuilder()
                .attributesWithStrings(Map.of(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT.toString(), "7"))
                .build());
        for (int most : new int[] {2, 100}) {
            assertThat(new Poller(sqs, "url", LOCK, Duration.ofSeconds(5), false, most, time).poll(10, 20))
                    .extracting(Inbound::deliveryCount)
                    .containsExactly(Math.min(7, most));
        }
    }

    @Test
    void what_abandoned_polls_of_a_queue_bring_goes_back_when_the_last_is_answered() throws InterruptedException {
        SqsReceiver second = receiver(false);
        assertThat(receiver.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 1);
        assertThat(second.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 2);
        receiver.close();
        second.close();
        second.close();
        answer("r1", "r2");
        await().until(answers::isEmpty);
        assertThat(underWay.awaitNone(SHORT)).as("all answered").isFalse();
        assertThat(sqs.settlements).isEmpty();
        answer("r3");
        assertThat(underWay.awaitNone(LONG)).as("all answered and given back").isTrue();
        assertThat(sqs.settlements).containsExactlyInAnyOrder("r1 for 0 s", "r2 for 0 s", "r3 for 0 s");
    }

    @Test
    void the_last_abandoned_poll_gives_back_what_others_brought_also_if_it_fails() throws InterruptedException {
        SqsReceiver second = receiver(false);
        CompletableFuture<List<Message>> fails = new CompletableFuture<>();
        assertThat(receiver.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 1);
        sqs.messages = request -> fails.join();
        assertThat(second.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 2);
        receiver.stop();
        second.stop();
        answer("r1");
        await().until(answers::isEmpty);
        fails.completeExceptionally(SdkClientException.create("reset"));
        assertThat(underWay.awaitNone(LONG)).isTrue();
        assertThat(sqs.settlements).containsExactly("r1 for 0 s");
    }

    @Test
    void what_a_late_poll_brings_goes_back_also_when_there_is_no_thread_left_to_do_it() throws InterruptedException {
        assertThat(receiver.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 1);
        receiver.close();
        blocking.shutdown();
        answer("r1");
        assertThat(underWay.awaitNone(LONG)).isTrue();
        assertThat(sqs.settlements).containsExactly("r1 for 0 s");
    }

    @Test
    void a_poll_whose_thread_comes_after_the_stop_asks_for_nothing() throws InterruptedException {
        List<Runnable> late = new ArrayList<>();
        SqsReceiver slow = new SqsReceiver(
                new Poller(sqs, "url", LOCK, Duration.ofSeconds(5), false, 10, time),
                polls,
                new Settlements(new Handles(sqs, "url"), LOCK, blocking, time),
                100,
                LOCK,
                late::add,
                time,
                () -> {});
        assertThat(slow.receive(10, SHORT)).isEmpty();
        slow.stop();
        late.forEach(Runnable::run);
        assertThat(sqs.polls).isEmpty();
        assertThat(underWay.awaitNone(Duration.ZERO)).isTrue();
    }

    @Test
    void only_from_a_dead_letter_queue_it_asks_for_where_sqs_moved_a_message_from() throws InterruptedException {
        answer("r1");
        receiver.receive(10, LONG);
        SqsReceiver dead = receiver(true);
        answer("r2");
        dead.receive(10, LONG);
        dead.close();
        assertThat(sqs.polls)
                .extracting(poll -> poll.messageSystemAttributeNamesAsStrings()
                        .contains(MessageSystemAttributeName.DEAD_LETTER_QUEUE_SOURCE_ARN.toString()))
                .containsExactly(false, true);
    }

    private List<Inbound> quietly(int max) {
        try {
            return receiver.receive(max, LONG);
        } catch (InterruptedException stop) {
            throw new IllegalStateException(stop);
        }
    }

    @Test
    void what_nobody_receives_goes_back_after_half_its_lock() throws InterruptedException {
        answer("r1", "r2", "r3");
        receiver.receive(1, LONG);
        assertThat(sqs.settlements).isEmpty();
        time.advance(LOCK.dividedBy(2));
        // The clock that a test moves wakes nobody; a change of state does.
        receiver.resume();
        await().untilAsserted(() -> assertThat(sqs.settlements).containsExactly("r2 for 0 s", "r3 for 0 s"));
        assertThat(receiver.receive(10, SHORT)).isEmpty();
    }

    @Test
    void what_waits_during_a_pause_is_kept_by_extending_its_lock() throws InterruptedException {
        answer("r1", "r2");
        receiver.receive(1, LONG);
        receiver.pause();
        for (int i = 1; i <= 3; i++) {
            time.advance(LOCK.dividedBy(2));
            receiver.pause();
            int extensions = i;
            await().untilAsserted(() -> assertThat(sqs.settlements).hasSize(extensions));
        }
        assertThat(sqs.settlements).containsOnly("r2 for 40 s");
        receiver.resume();
        List<Inbound> kept = receiver.receive(10, LONG);
        assertThat(ids(kept)).containsExactly("id-r2");
        assertThat(kept.get(0).lockedUntilNanos()).isEqualTo(time.nanos() + LOCK.toNanos());
    }

    @Test
    void what_a_pause_has_caught_is_kept_until_the_first_receive_after_it() throws InterruptedException {
        answer("r1", "r2", "r3");
        receiver.receive(1, LONG);
        receiver.pause();
        receiver.resume();
        for (int i = 1; i <= 3; i++) {
            time.advance(LOCK.dividedBy(2));
            receiver.resume();
            int extensions = i;
            await().untilAsserted(() -> assertThat(sqs.settlements).hasSize(2 * extensions));
        }
        assertThat(sqs.settlements).containsOnly("r2 for 40 s", "r3 for 40 s");
        assertThat(receiver.ready()).isTrue();
        assertThat(ids(receiver.receive(10, LONG))).containsExactly("id-r2", "id-r3");

        answer("r4", "r5");
        receiver.receive(1, LONG);
        sqs.settlements.clear();
        time.advance(LOCK.dividedBy(2));
        receiver.resume();
        await().untilAsserted(() -> assertThat(sqs.settlements).containsExactly("r5 for 0 s"));
    }

    @Test
    void what_waited_beyond_its_lock_is_not_handed_over() throws InterruptedException {
        answer("r1", "r2");
        receiver.receive(1, LONG);
        time.advance(LOCK);
        assertThat(receiver.receive(10, SHORT)).isEmpty();
    }

    @Test
    void a_failed_poll_is_thrown_once_by_the_receive_that_waits_or_the_next() throws InterruptedException {
        sqs.messages = request -> {
            throw SdkClientException.create("reset");
        };
        assertThatThrownBy(() -> receiver.receive(10, LONG))
                .isInstanceOf(BrokerException.class)
                .hasMessage("reset");
        sqs.messages = request -> List.of(FakeSqs.message("r1"));
        assertThat(ids(receiver.receive(10, LONG))).containsExactly("id-r1");
    }

    @Test
    void a_lock_is_counted_from_the_polls_start_however_long_the_answer_lay_here() throws InterruptedException {
        long start = time.nanos();
        assertThat(receiver.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 1);
        time.advance(Duration.ofSeconds(15));
        answer("r1");
        assertThat(receiver.receive(10, LONG).get(0).lockedUntilNanos()).isEqualTo(start + LOCK.toNanos());

        assertThat(receiver.receive(10, SHORT)).isEmpty();
        await().until(() -> sqs.polls.size() == 2);
        time.advance(LOCK);
        answer("r2");
        assertThat(receiver.receive(10, SHORT)).isEmpty();
    }

    @Test
    void a_poll_waits_for_no_more_than_half_of_a_lock() throws InterruptedException {
        answer("r1");
        receiver.receive(10, Duration.ofMinutes(1));
        assertThat(sqs.polls.get(0).waitTimeSeconds()).isEqualTo(20);
        for (int seconds : new int[] {30, 5, 2, 1}) {
            answer("r");
            sqs.polls.clear();
            new Poller(sqs, "url", Duration.ofSeconds(seconds), Duration.ofSeconds(5), false, 10, time).poll(10, 20);
            assertThat(sqs.polls.get(0).waitTimeSeconds()).isEqualTo(Math.max(1, seconds / 2));
        }
    }

    @Test
    void an_interrupt_leaves_the_poll_to_the_next_receive() throws Exception {
        CompletableFuture<Throwable> interrupted = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                receiver.receive(10, LONG);
            } catch (InterruptedException stop) {
                interrupted.complete(stop);
            }
        });
        thread.start();
        await().until(() -> sqs.polls.size() == 1);
        thread.interrupt();
        interrupted.get();
        answer("r1");
        assertThat(ids(receiver.receive(10, LONG))).containsExactly("id-r1");
        assertThat(sqs.polls).hasSize(1);
    }

    @Test
    void no_message_is_lost_or_doubled_by_pauses_at_any_time() throws Exception {
        int all = 300;
        LinkedBlockingQueue<String> queue = new LinkedBlockingQueue<>();
        IntStream.range(0, all).forEach(i -> queue.add("r" + i));
        sqs.messages = request -> {
            List<Message> some = new ArrayList<>();
            for (String next = queue.poll(); next != null; next = some.size() < 3 ? queue.poll() : null) {
                some.add(FakeSqs.message(next));
            }
            return some;
        };
        CompletableFuture<List<String>> received = CompletableFuture.supplyAsync(
                () -> {
                    List<String> taken = new ArrayList<>();
                    while (taken.size() + sqs.settlements.size() < all) {
                        taken.addAll(ids(quietly(2)));
                    }
                    return taken;
                },
                blocking);
        while (!received.isDone()) {
            receiver.pause();
            receiver.resume();
        }
        List<String> seen = new ArrayList<>(received.get());
        sqs.settlements.forEach(back -> seen.add("id-" + back.replace(" for 0 s", "")));
        assertThat(seen).hasSize(all).doesNotHaveDuplicates();
    }
}
