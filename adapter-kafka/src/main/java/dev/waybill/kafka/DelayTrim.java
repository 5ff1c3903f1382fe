package dev.waybill.kafka;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes from the delay topics what has been moved on: it takes room, and a group whose positions the broker has forgotten, as
 * it does when nobody was a member for {@code offsets.retention.minutes}, would move it once more. Belongs to one thread.
 */
final class DelayTrim {
    private static final Logger LOG = LoggerFactory.getLogger(DelayTrim.class);
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Admin admin;
    private final AtomicBoolean denied = new AtomicBoolean();
    private final Map<TopicPartition, RecordsToDelete> moved = new HashMap<>();
    private long trimmedAt;

    DelayTrim(Admin admin, long nanos) {
        this.admin = admin;
        this.trimmedAt = nanos;
    }

    /** A transaction is committed that moved what stands before these offsets. */
    void moved(Map<TopicPartition, OffsetAndMetadata> read) {
        read.forEach((partition, next) -> moved.put(partition, RecordsToDelete.beforeOffset(next.offset())));
    }

    /** Others read these now, and delete what they move. */
    void forget(Collection<TopicPartition> partitions) {
        moved.keySet().removeAll(partitions);
    }

    /** Asks for the deletion, if it is time, and does not wait for it. */
    void now(long nanos) {
        if (nanos - trimmedAt > INTERVAL_NANOS) {
            trimmedAt = nanos;
            rest();
        }
    }

    /** Asks for the deletion, and does not wait for it. */
    void rest() {
        if (!moved.isEmpty()) {
            var unused = admin.deleteRecords(Map.copyOf(moved)).all().whenComplete((done, failure) -> report(failure));
            moved.clear();
        }
    }

    private void report(@Nullable Throwable failure) {
        if (failure instanceof AuthorizationException && denied.compareAndSet(false, true)) {
            LOG.warn(
                    "what was delayed and has been moved on cannot be deleted, so it stays on the brokers' disks: {}",
                    failure.getMessage());
        } else if (failure != null) {
            LOG.debug("what was moved on is not deleted now, but with what will be moved later", failure);
        }
    }
}
