package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.Held.Disposition;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.SdkClientException;

class SettlementsTest {
    private static final Duration LOCK = Duration.ofSeconds(30);

    private final SettableTime time = new SettableTime();
    private final FakeSqs sqs = new FakeSqs();
    private final Settlements settlements = new Settlements(new Handles(sqs, "url"), LOCK, Runnable::run, time);

    private Taken taken(String handle) {
        return new Taken(new SqsInbound(FakeSqs.message(handle), 10, time.nanos(), LOCK.toNanos(), time));
    }

    private List<Taken> taken(int count) {
        return IntStream.range(0, count).mapToObj(i -> taken("r" + i)).toList();
    }

    @Test
    void each_disposition_becomes_its_request() throws InterruptedException {
        List<Taken> batch = taken(3);
        batch.get(0).decide(Disposition.ACCEPT);
        batch.get(1).decide(Disposition.RETRY);
        batch.get(2).decide(Disposition.RELEASE);
        settlements.settle(batch);
        for (Taken each : batch) {
            assertThat(each.report()).isEqualTo("settled");
        }
        assertThat(sqs.settlements).containsExactly("delete r0", "r1 for 0 s", "r2 for 0 s");
    }

    @Test
    void every_entry_is_reported_by_itself_over_several_requests() throws InterruptedException {
        sqs.refuses = (handle, id) -> switch (handle) {
            case "r3" -> FakeSqs.error(id, true, "ReceiptHandleIsInvalid", "stale");
            case "r12" -> FakeSqs.error(id, false, "InternalError", "sorry");
            case "r23" -> FakeSqs.error(id, true, "RequestThrottled", "slow");
            case "r24" -> FakeSqs.error(id, true, "AccessDenied", "no");
            default -> null;
        };
        List<Taken> batch = taken(25);
        batch.forEach(each -> each.decide(Disposition.ACCEPT));
        settlements.settle(batch);
        for (int i = 0; i < batch.size(); i++) {
            String expected = switch (i) {
                case 3 -> "lost: ReceiptHandleIsInvalid: stale";
                case 12 -> "failed: UNAVAILABLE: InternalError: sorry";
                case 23 -> "failed: UNAVAILABLE: RequestThrottled: slow";
                case 24 -> "failed: DENIED: AccessDenied: no";
                default -> "settled";
            };
            assertThat(batch.get(i).report()).isEqualTo(expected);
        }
    }

    @Test
    void a_request_that_gets_no_answer_fails_for_all_of_it() throws InterruptedException {
        sqs.refuses = (handle, id) -> {
            throw SdkClientException.create("reset");
        };
        List<Taken> batch = taken(2);
        batch.forEach(each -> each.decide(Disposition.RETRY));
        settlements.settle(batch);
        for (Taken each : batch) {
            assertThat(each.report()).isEqualTo("failed: UNAVAILABLE: reset");
        }
    }

    @Test
    void after_the_locks_end_a_message_is_still_deleted_but_neither_returned_nor_extended()
            throws InterruptedException {
        List<Taken> batch = taken(2);
        batch.get(0).decide(Disposition.ACCEPT);
        batch.get(1).decide(Disposition.RETRY);
        time.advance(LOCK);
        settlements.settle(batch);
        // Whether it was deleted nobody can tell.
        assertThat(batch.get(0).report()).startsWith("lost");
        assertThat(batch.get(1).report()).startsWith("lost");
        settlements.extend(batch);
        assertThat(batch.get(1).report()).startsWith("lost");
        assertThat(sqs.settlements).containsExactly("delete r0");
    }

    @Test
    void an_extension_moves_the_locks_end_from_before_the_request_on() throws InterruptedException {
        List<Taken> batch = taken(1);
        time.advance(Duration.ofSeconds(20));
        settlements.extend(batch);
        assertThat(batch.get(0).report()).isEqualTo("extended");
        assertThat(batch.get(0).inbound().lockedUntilNanos()).isEqualTo(time.nanos() + LOCK.toNanos());
        assertThat(sqs.settlements).containsExactly("r0 for 30 s");
    }

    @Test
    void a_lock_that_ended_before_the_answer_is_lost_whatever_that_says() throws InterruptedException {
        List<Taken> batch = taken(2);
        sqs.refuses = (handle, id) -> {
            if (handle.equals("r1")) {
                time.advance(LOCK);
            }
            return null;
        };
        settlements.extend(batch);
        settlements.keep(List.of((SqsInbound) batch.get(0).inbound()));
        for (Taken each : batch) {
            assertThat(each.report()).startsWith("lost");
            assertThat(each.inbound().lost()).isTrue();
        }
        assertThat(sqs.settlements).containsExactly("r0 for 30 s", "r1 for 30 s");
    }

    @Test
    void a_lock_that_ended_before_there_was_a_thread_to_extend_it_is_lost() throws InterruptedException {
        Taken message = taken("r0");
        new Settlements(new Handles(sqs, "url"), LOCK, late(), time).extend(List.of(message));
        assertThat(message.report()).startsWith("lost");
        assertThat(sqs.settlements).isEmpty();
    }

    /** Runs what it is given when a lock has passed. */
    private Executor late() {
        return task -> {
            time.advance(LOCK);
            task.run();
        };
    }

    @Test
    void a_lock_is_not_extended_beyond_the_twelve_hours_that_sqs_allows() throws InterruptedException {
        List<Taken> batch = taken(1);
        Duration held = Duration.ZERO;
        while (held.compareTo(Duration.ofHours(12).minus(LOCK).minusSeconds(20)) < 0) {
            time.advance(Duration.ofSeconds(20));
            held = held.plusSeconds(20);
            settlements.extend(batch);
            assertThat(batch.get(0).report()).isEqualTo("extended");
        }
        int requests = sqs.settlements.size();
        time.advance(Duration.ofSeconds(29));
        settlements.extend(batch);
        assertThat(batch.get(0).report()).startsWith("failed: REFUSED").contains("12 hours");
        assertThat(sqs.settlements).hasSize(requests);
        assertThat(batch.get(0).inbound().lost()).isFalse();
    }
}
