package dev.waybill.kafka;

import dev.waybill.spi.Held;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.AcknowledgementCommitCallback;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What one share consumer holds, and the rules of giving it back: some records may be acknowledged and committed while
 * others are still held; a lock can only be renewed for all together, because the poll that takes the renewed ones back wants
 * every record acknowledged; and the broker refuses the whole request of a partition for one record that is lost, so what may
 * be lost travels alone. The client drops an acknowledgement that failed and cannot repeat it: such a record is lost to us.
 *
 * <p>Acknowledgements are committed, which takes a request and its answer, or ride on the next poll, which takes neither: but
 * the client tells their outcome only when that poll returns, so they ride only where records are known to wait. Used by one
 * thread.
 */
final class Grip implements AcknowledgementCommitCallback {
    static final String LET_GO = "its lock has ended";

    private static final Duration COMMIT = Duration.ofSeconds(10);

    private final ShareConsumer<byte[], byte[]> consumer;
    private final LockClock clock;
    private final TimeSource time;

    private List<KafkaInbound> current = List.of();
    private int open;
    private long renewedUntil;

    private List<KafkaInbound> due = new ArrayList<>();
    private final List<KafkaInbound> overdue = new ArrayList<>();

    /** Acknowledged, and on their way with a poll. */
    private List<KafkaInbound> riding = new ArrayList<>();

    private boolean departed;

    Grip(ShareConsumer<byte[], byte[]> consumer, LockClock clock, TimeSource time) {
        this.consumer = consumer;
        this.clock = clock;
        this.time = time;
        consumer.setAcknowledgementCommitCallback(this);
    }

    boolean holds() {
        return open > 0;
    }

    /** Whether something is neither settled nor given up. */
    boolean unsettled() {
        return open > due.size() + overdue.size();
    }

    void take(List<KafkaInbound> polled) {
        current = polled;
        open = polled.size();
        renewedUntil = polled.get(0).lockedUntilNanos();
    }

    /** Notes a settlement for the next {@link #commit} or {@link #ride}. */
    void settle(KafkaInbound message) {
        if (message.done()) {
            message.reportLost(LET_GO);
        } else if (message.overdue(time.nanos())) {
            overdue.add(message);
        } else {
            due.add(message);
        }
    }

    /** Whether settlements are noted and not under way. */
    boolean hasDue() {
        return !due.isEmpty() || !overdue.isEmpty();
    }

    /** Carries the noted settlements out and reports them; returns how many records are held no longer. */
    int commit() {
        int released = due.size() + overdue.size();
        commit(overdue);
        commit(due);
        return released;
    }

    private void commit(List<KafkaInbound> messages) {
        if (!messages.isEmpty()) {
            try {
                acknowledge(messages);
                report(messages, answers());
            } finally {
                loseUnreported(messages);
            }
        }
    }

    /** Whether the noted settlements may go with the next poll. */
    boolean mayRide() {
        return riding.isEmpty() && overdue.isEmpty() && !due.isEmpty() && !unsettled();
    }

    /** Sends the noted settlements with the next poll, or {@link #land}; returns how many records are held no longer. */
    int ride() {
        List<KafkaInbound> none = riding;
        riding = due;
        due = none;
        departed = false;
        acknowledge(riding);
        return riding.size();
    }

    /** The poll begins. */
    void depart() {
        departed = true;
    }

    /** Whether something is to ride on a poll that has not begun. */
    boolean waitsToRide() {
        return !riding.isEmpty() && !departed;
    }

    /** There is no next poll for what {@link #waitsToRide}. */
    void land() {
        report(riding, answers());
    }

    /** Whether the outcome of something that rides is not known yet. */
    boolean rides() {
        return !riding.isEmpty();
    }

    /** The outcome of acknowledgements of one partition; of committed ones too, whose answer is the commit's. */
    @Override
    public void onComplete(Map<TopicIdPartition, Set<Long>> offsets, @Nullable Exception failure) {
        if (riding.isEmpty()) {
            return;
        }
        String why = failure == null ? null : Failures.text(failure);
        offsets.forEach((partition, answered) -> riding.removeIf(message -> {
            ConsumerRecord<byte[], byte[]> record = message.record();
            boolean its = record.partition() == partition.partition() && answered.contains(record.offset());
            if (its) {
                message.report(why);
            }
            return its;
        }));
    }

    /** Reports what was never answered, once the consumer is closed. */
    void abandon() {
        loseUnreported(due);
        loseUnreported(overdue);
        loseUnreported(riding);
    }

    private void acknowledge(List<KafkaInbound> messages) {
        for (KafkaInbound message : messages) {
            consumer.acknowledge(message.record(), message.acknowledgement());
            drop(message);
        }
    }

    private static void report(List<KafkaInbound> messages, Answers answers) {
        for (KafkaInbound message : messages) {
            message.report(answers.failure(message.record()));
        }
        messages.clear();
    }

    private static void loseUnreported(List<KafkaInbound> messages) {
        for (KafkaInbound message : messages) {
            message.reportLost("its share consumer failed");
        }
        messages.clear();
    }

    /**
     * Renews the locks of all that is held. Those that were asked for are extended; the others are only carried along, and end
     * when they would have.
     */
    int renew(List<Held> asked) {
        long now = time.nanos();
        int released = expire();
        List<KafkaInbound> renewing = new ArrayList<>(open);
        for (KafkaInbound message : current) {
            if (!message.done()) {
                consumer.acknowledge(message.record(), AcknowledgeType.RENEW);
                renewing.add(message);
            }
        }
        Set<KafkaInbound> kept = renewing.isEmpty() ? Set.of() : takeBack(renewing);
        long until = now + clock.lockNanos();
        renewedUntil = until;
        for (KafkaInbound message : renewing) {
            if (!kept.contains(message)) {
                drop(message);
                message.lose();
                released++;
            } else if (!message.handedOver()) {
                message.lockedUntil(until);
            }
        }
        for (Held held : asked) {
            KafkaInbound message = (KafkaInbound) held.inbound();
            if (message.done()) {
                held.lost(LET_GO);
            } else {
                message.lockedUntil(until);
                held.extended();
            }
        }
        return released;
    }

    /** Commits the renewals, and takes the renewed back from the client, without which they cannot be acknowledged again. */
    private Set<KafkaInbound> takeBack(List<KafkaInbound> renewing) {
        Answers answers = answers();
        List<KafkaInbound> renewed = new ArrayList<>(renewing.size());
        for (KafkaInbound message : renewing) {
            if (answers.failure(message.record()) == null) {
                renewed.add(message);
            }
        }
        if (renewed.isEmpty()) {
            return Set.of();
        }
        ConsumerRecords<byte[], byte[]> back = consumer.poll(Duration.ZERO);
        if (back.count() == renewed.size()) {
            return new HashSet<>(renewed);
        }
        Set<List<Object>> places = new HashSet<>();
        for (ConsumerRecord<byte[], byte[]> record : back) {
            places.add(place(record));
        }
        renewed.removeIf(message -> !places.contains(place(message.record())));
        return new HashSet<>(renewed);
    }

    private static List<Object> place(ConsumerRecord<byte[], byte[]> record) {
        return List.of(record.topic(), record.partition(), record.offset());
    }

    /** Lets go of what nobody extended in time; returns how many that were. */
    int expire() {
        long now = time.nanos();
        List<KafkaInbound> expired = new ArrayList<>();
        for (KafkaInbound message : current) {
            if (!message.done() && message.overdue(now)) {
                message.lose();
                consumer.acknowledge(message.record(), AcknowledgeType.RELEASE);
                drop(message);
                expired.add(message);
            }
        }
        if (!expired.isEmpty()) {
            // The broker may have taken them back already, and refuse: then they are where they should be.
            answers();
        }
        return expired.size();
    }

    /** Whether something that has not been handed over would expire before long. */
    boolean bufferedGrowOld() {
        if (renewedUntil - time.nanos() > clock.lockNanos() / 2) {
            return false;
        }
        for (KafkaInbound message : current) {
            if (!message.done() && !message.handedOver()) {
                return true;
            }
        }
        return false;
    }

    /** Gives everything up; returns how much that was. */
    int loseAll() {
        int lost = open;
        for (KafkaInbound message : current) {
            if (!message.done()) {
                message.lose();
                message.finish();
            }
        }
        open = 0;
        return lost;
    }

    private void drop(KafkaInbound message) {
        message.finish();
        open--;
    }

    private Answers answers() {
        try {
            return new Answers(consumer.commitSync(COMMIT), null);
        } catch (KafkaException failure) {
            // Too late, refused or disconnected: the client has let go of them either way.
            return new Answers(Map.of(), failure);
        }
    }

    /**
     * What the broker said to a commit, by partition.
     *
     * @param byPartition the answers
     * @param failure why there are none, or null
     */
    private record Answers(
            Map<TopicIdPartition, Optional<KafkaException>> byPartition,
            @Nullable KafkaException failure) {

        /** Null if it was taken. */
        @Nullable
        String failure(ConsumerRecord<byte[], byte[]> record) {
            if (failure != null) {
                return Failures.text(failure);
            }
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            for (Map.Entry<TopicIdPartition, Optional<KafkaException>> answer : byPartition.entrySet()) {
                if (answer.getKey().topicPartition().equals(partition)) {
                    return answer.getValue().map(Failures::text).orElse(null);
                }
            }
            return "the broker did not answer";
        }
    }
}
