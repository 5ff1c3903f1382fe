package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkClientException;

/** What becomes of a delayed return when other requests for the same message cross it, on a clock that the test moves. */
class DelayedReturnTest {
    private static final Duration LOCK = Duration.ofSeconds(30);
    private static final Duration MOMENT = Duration.ofMillis(50);

    private final SettableTime time = new SettableTime();
    private final FakeSqs sqs = new FakeSqs();
    private final Settlements settlements = new Settlements(new Handles(sqs, "url"), LOCK, Runnable::run, time);

    private SqsInbound inbound(String handle) {
        return new SqsInbound(FakeSqs.message(handle), 10, time.nanos(), LOCK.toNanos(), time);
    }

    private List<Taken> taken(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new Taken(inbound("r" + i)))
                .toList();
    }

    /** Runs it once, while SQS works on the first request. */
    private void duringTheFirstRequest(Runnable crossing) {
        sqs.refuses = (handle, id) -> {
            sqs.refuses = (other, otherId) -> null;
            crossing.run();
            return null;
        };
    }

    @Test
    void returns_of_different_delays_share_a_request_each_in_whole_seconds_rounded_up() throws InterruptedException {
        List<Taken> batch = taken(6);
        batch.get(0).retryAfter(0);
        batch.get(1).retryAfter(1);
        batch.get(2).retryAfter(1_000);
        batch.get(3).retryAfter(1_001);
        batch.get(4).decide(Disposition.RELEASE);
        batch.get(5).retryAfter(3_600_000);
        settlements.settle(batch);
        for (Taken each : batch) {
            assertThat(each.report()).isEqualTo("settled");
        }
        assertThat(sqs.settlements)
                .containsExactly("r0 for 0 s", "r1 for 1 s", "r2 for 1 s", "r3 for 2 s", "r4 for 0 s", "r5 for 3600 s");
        assertThat(sqs.changes).containsExactly(6);
    }

    @Test
    void a_delay_fits_if_it_ends_within_twelve_hours_of_the_receipt_though_it_begins_only_at_the_locks_end() {
        SqsInbound message = inbound("r");
        long longest = Duration.ofHours(12).minus(LOCK).toMillis();
        assertThat(settlements.canDelay(message, 1)).isTrue();
        assertThat(settlements.canDelay(message, longest)).isTrue();
        assertThat(settlements.canDelay(message, longest + 1)).isFalse();
        assertThat(settlements.canDelay(message, Long.MAX_VALUE)).isFalse();

        time.advance(Duration.ofHours(11));
        long left = Duration.ofHours(1).minus(LOCK).toMillis();
        assertThat(settlements.canDelay(message, left)).isTrue();
        assertThat(settlements.canDelay(message, left + 1)).isFalse();
    }

    @Test
    void a_return_waits_for_the_extension_that_is_under_way() throws InterruptedException {
        Taken message = taken(1).get(0).retryAfter(300_000);
        duringTheFirstRequest(() -> {
            settlements.settle(List.of(message));
            assertThat(sqs.settlements).containsExactly("r0 for 30 s");
        });
        settlements.extend(List.of(message));
        assertThat(message.report()).isEqualTo("extended");
        assertThat(message.report()).isEqualTo("settled");
        assertThat(sqs.settlements).containsExactly("r0 for 30 s", "r0 for 300 s");
    }

    @Test
    void returns_that_waited_for_one_request_go_out_in_one_also_if_it_failed() throws InterruptedException {
        List<Taken> batch = taken(3);
        sqs.refuses = (handle, id) -> {
            sqs.refuses = (other, otherId) -> null;
            batch.get(0).retryAfter(5_000);
            batch.get(2).retryAfter(7_000);
            settlements.settle(List.of(batch.get(0)));
            settlements.settle(List.of(batch.get(2)));
            throw SdkClientException.create("reset");
        };
        settlements.extend(batch);
        for (Taken each : batch) {
            assertThat(each.report()).isEqualTo("failed: UNAVAILABLE: reset");
        }
        assertThat(batch.get(0).report()).isEqualTo("settled");
        assertThat(batch.get(2).report()).isEqualTo("settled");
        assertThat(sqs.settlements).endsWith("r0 for 5 s", "r2 for 7 s");
        assertThat(sqs.changes).containsExactly(3, 2);
    }

    @Test
    void a_return_waits_for_the_last_of_two_extensions() throws InterruptedException {
        Taken message = taken(1).get(0).retryAfter(5_000);
        duringTheFirstRequest(() -> {
            settlements.settle(List.of(message));
            assertThat(sqs.settlements).containsExactly("r0 for 30 s");
        });
        SqsInbound inbound = (SqsInbound) message.inbound();
        assertThat(inbound.extensions().start()).isTrue();
        settlements.keep(List.of(inbound));
        assertThat(sqs.settlements).containsExactly("r0 for 30 s");
        assertThat(inbound.extensions().end()).isSameAs(message);
    }

    @Test
    void a_return_waits_for_the_extension_of_what_was_kept_during_a_pause() throws InterruptedException {
        Taken message = taken(1).get(0).retryAfter(5_000);
        duringTheFirstRequest(() -> settlements.settle(List.of(message)));
        settlements.keep(List.of((SqsInbound) message.inbound()));
        assertThat(message.report()).isEqualTo("settled");
        assertThat(sqs.settlements).containsExactly("r0 for 30 s", "r0 for 5 s");
    }

    @Test
    void what_nobody_was_told_of_goes_back_only_after_the_extension_that_is_under_way() {
        SqsInbound message = inbound("r");
        duringTheFirstRequest(() -> {
            settlements.giveBack(List.of(message));
            assertThat(sqs.settlements).containsExactly("r for 30 s");
        });
        settlements.keep(List.of(message));
        assertThat(sqs.settlements).containsExactly("r for 30 s", "r for 0 s");
    }

    @Test
    void what_is_being_given_back_is_not_extended_any_more() throws InterruptedException {
        Taken message = taken(1).get(0).retryAfter(5_000);
        settlements.settle(List.of(message));
        assertThat(message.report()).isEqualTo("settled");
        settlements.extend(List.of(message));
        assertThat(message.report()).startsWith("lost");
        settlements.keep(List.of((SqsInbound) message.inbound()));
        assertThat(sqs.settlements).containsExactly("r0 for 5 s");
    }

    @Test
    void a_return_whose_lock_ends_while_it_waits_is_lost() throws InterruptedException {
        Taken message = taken(1).get(0).retryAfter(5_000);
        sqs.refuses = (handle, id) -> {
            sqs.refuses = (other, otherId) -> null;
            settlements.settle(List.of(message));
            time.advance(LOCK);
            return FakeSqs.error(id, true, "ReceiptHandleIsInvalid", "stale");
        };
        settlements.extend(List.of(message));
        assertThat(message.report()).startsWith("lost: ReceiptHandleIsInvalid");
        assertThat(message.report()).isEqualTo("lost: its lock has ended");
        assertThat(sqs.settlements).containsExactly("r0 for 30 s");
    }

    @Test
    void a_close_waits_for_a_return_that_waits_for_an_extension() throws InterruptedException {
        ExecutorService blocking = Executors.newCachedThreadPool();
        Settlements threaded = new Settlements(new Handles(sqs, "url"), LOCK, blocking, time);
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        duringTheFirstRequest(() -> {
            asked.countDown();
            await(answer);
        });
        Taken message = taken(1).get(0).retryAfter(5_000);
        threaded.extend(List.of(message));
        asked.await();
        threaded.settle(List.of(message));
        assertThat(threaded.awaitDone(MOMENT)).isFalse();
        answer.countDown();
        assertThat(threaded.awaitDone(Duration.ofSeconds(20))).isTrue();
        assertThat(sqs.settlements).containsExactly("r0 for 30 s", "r0 for 5 s");
        blocking.shutdown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stop) {
            throw new IllegalStateException(stop);
        }
    }

    @Test
    void a_return_that_gets_no_answer_may_have_begun_and_is_repeated_only_until_it_would_end()
            throws InterruptedException {
        List<Taken> batch = taken(3);
        batch.get(0).retryAfter(5_000);
        batch.get(1).retryAfter(600_000);
        batch.get(2).retryAfter(0);
        Inbound delayed = batch.get(0).inbound();
        sqs.refuses = (handle, id) -> {
            throw SdkClientException.create("reset");
        };
        settlements.settle(batch);
        for (Taken each : batch) {
            assertThat(each.report()).isEqualTo("failed: UNAVAILABLE: reset");
        }
        assertThat(delayed.lockedUntilNanos())
                .isEqualTo(time.nanos() + Duration.ofSeconds(5).toNanos());
        assertThat(batch.get(1).inbound().lockedUntilNanos()).isEqualTo(time.nanos() + LOCK.toNanos());
        // Another may have it already.
        assertThat(batch.get(2).inbound().lost()).isTrue();

        sqs.refuses = (handle, id) -> null;
        time.advance(Duration.ofSeconds(5));
        int requests = sqs.changes.size();
        settlements.settle(List.of(batch.get(0)));
        assertThat(batch.get(0).report()).isEqualTo("lost: its lock has ended");
        assertThat(sqs.changes).hasSize(requests);
    }

    @Test
    void a_return_that_certainly_did_not_reach_sqs_is_repeated_while_the_lock_lasts() throws InterruptedException {
        Taken message = taken(1).get(0).retryAfter(5_000);
        sqs.refuses = (handle, id) -> {
            throw SdkClientException.create("refused", new ConnectException("refused"));
        };
        settlements.settle(List.of(message));
        assertThat(message.report()).isEqualTo("failed: UNAVAILABLE: refused");
        sqs.refuses = (handle, id) -> null;
        time.advance(LOCK.minusSeconds(1));
        settlements.settle(List.of(message));
        assertThat(message.report()).isEqualTo("settled");
    }
}
