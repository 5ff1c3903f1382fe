package dev.waybill.sqs;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;

/** Deletes, returns and extends in batches of ten, each on a thread of its own, and reports entry by entry. */
final class Settlements {
    private static final Logger LOG = LoggerFactory.getLogger(Settlements.class);
    private static final int MAX_BATCH = 10;

    /** From the receipt on, whatever extends it. */
    private static final Duration LONGEST_LOCK = Duration.ofHours(12);

    private final Handles handles;
    private final long lockNanos;
    private final Executor blocking;
    private final TimeSource time;
    private final UnderWay underWay = new UnderWay();

    Settlements(Handles handles, Duration lock, Executor blocking, TimeSource time) {
        this.handles = handles;
        lockNanos = lock.toNanos();
        this.blocking = blocking;
        this.time = time;
    }

    void settle(List<? extends Held> batch) {
        List<Held> accepted = new ArrayList<>(batch.size());
        List<Held> returned = new ArrayList<>();
        for (Held held : batch) {
            if (held.disposition() == Disposition.ACCEPT) {
                accepted.add(held);
            } else if (inbound(held).extensions().giveBack(held)) {
                returned.add(held);
            }
        }
        inTens(accepted, this::deleteTen);
        inTens(returned, this::returnTen);
    }

    /** Also after the lock's end: unless another has received it since, SQS still deletes it. But nobody can tell whether it has. */
    private void deleteTen(List<Held> ten) {
        List<Held> late = ten.stream().filter(held -> held.inbound().lost()).toList();
        report(ten, handles::delete, held -> {
            if (late.contains(held)) {
                held.lost("its lock ended before it was deleted");
            } else {
                held.settled();
            }
        });
    }

    private void returnTen(List<Held> ten) {
        List<Held> ours = locked(ten);
        List<Integer> seconds = ours.stream().map(Settlements::delaySeconds).toList();
        long asked = time.nanos();
        report(
                ours,
                all -> {
                    try {
                        return handles.changeVisibility(all, seconds);
                    } catch (RuntimeException unanswered) {
                        if (Faults.maybeStored(unanswered)) {
                            maybeReturned(ours, seconds, asked);
                        }
                        throw unanswered;
                    }
                },
                Held::settled);
    }

    /** When it is back nevertheless, or its delay has begun, another may have the message after that: then our lock ends, too. */
    private static void maybeReturned(List<Held> ours, List<Integer> seconds, long asked) {
        for (int i = 0; i < ours.size(); i++) {
            SqsInbound message = inbound(ours.get(i));
            long until = asked + Duration.ofSeconds(seconds.get(i)).toNanos();
            if (until - message.lockedUntilNanos() < 0) {
                message.lockedUntil(until);
            }
        }
    }

    private static int delaySeconds(Held held) {
        return held.disposition() == Disposition.RETRY ? WholeSeconds.up(held.delayMillis()) : 0;
    }

    /**
     * Whether SQS can keep it back for so long. A lock's duration is left for the settlement to reach SQS, since after that it is
     * not tried any more.
     */
    boolean canDelay(SqsInbound message, long delayMillis) {
        if (delayMillis > LONGEST_LOCK.toMillis()) {
            return false;
        }
        long delayNanos = Duration.ofSeconds(WholeSeconds.up(delayMillis)).toNanos();
        return time.nanos() - message.receivedNanos() + lockNanos + delayNanos <= LONGEST_LOCK.toNanos();
    }

    /** Reports those whose lock has ended: they are back already, and another may hold them, whose lock this might change. */
    private static List<Held> locked(List<? extends Held> batch) {
        List<Held> ours = new ArrayList<>(batch.size());
        for (Held held : batch) {
            if (held.inbound().lost()) {
                held.lost("its lock has ended");
            } else {
                ours.add(held);
            }
        }
        return ours;
    }

    void extend(List<? extends Held> batch) {
        List<Held> extended = new ArrayList<>(batch.size());
        for (Held held : locked(batch)) {
            if (inbound(held).extensions().start()) {
                extended.add(held);
            } else {
                held.lost("it is being given back");
            }
        }
        inTens(extended, ten -> {
            try {
                extendTen(ten);
            } finally {
                extensionsEnded(ten.stream().map(Settlements::inbound).toList());
            }
        });
    }

    /** Gives back what waited for that. */
    private void extensionsEnded(List<SqsInbound> messages) {
        List<Held> returned = new ArrayList<>();
        for (SqsInbound message : messages) {
            Held waiting = message.extensions().end();
            if (waiting != null) {
                returned.add(waiting);
            }
        }
        returnTen(returned);
    }

    private void extendTen(List<Held> ten) {
        long now = time.nanos();
        int seconds = (int) Duration.ofNanos(lockNanos).toSeconds();
        List<Held> within = new ArrayList<>(ten.size());
        // Once more: the thread for it may have come late.
        for (Held held : locked(ten)) {
            long received = inbound(held).receivedNanos();
            if (now - received + lockNanos > LONGEST_LOCK.toNanos()) {
                held.failed(new BrokerException(
                        Kind.REFUSED, "SQS locks a message for 12 hours at most, from its receipt on", null));
            } else {
                within.add(held);
            }
        }
        // From before the request on, so that the lock rather lasts longer than it says.
        long until = now + Duration.ofSeconds(seconds).toNanos();
        report(within, all -> handles.changeVisibility(all, Collections.nCopies(all.size(), seconds)), held -> {
            if (inbound(held).extendedUntil(until)) {
                held.extended();
            } else {
                held.lost("its lock ended before SQS had answered");
            }
        });
    }

    /** Extends the locks of messages that nobody was told of, and waits for that; one that fails just ends. */
    void keep(List<SqsInbound> messages) {
        underWay.start();
        try {
            forTens(messages, ten -> {
                // Without what a receive has taken meanwhile and core has given back.
                List<SqsInbound> kept = ten.stream()
                        .filter(each -> !each.lost() && each.extensions().start())
                        .toList();
                try {
                    keepTen(kept);
                } finally {
                    extensionsEnded(kept);
                }
            });
        } finally {
            underWay.end();
        }
    }

    private void keepTen(List<SqsInbound> ten) {
        if (ten.isEmpty()) {
            return;
        }
        int seconds = (int) Duration.ofNanos(lockNanos).toSeconds();
        long until = time.nanos() + lockNanos;
        try {
            List<BatchResultErrorEntry> failed =
                    handles.changeVisibility(handles(ten), Collections.nCopies(ten.size(), seconds));
            boolean[] refused = new boolean[ten.size()];
            failed.forEach(entry -> refused[Integer.parseInt(entry.id())] = true);
            for (int i = 0; i < refused.length; i++) {
                if (!refused[i] && !ten.get(i).extendedUntil(until)) {
                    LOG.debug("SQS answered after the lock's end; the message comes back");
                }
            }
        } catch (RuntimeException failed) {
            LOG.debug("locks were not extended; their messages come back: {}", Faults.describe(failed));
        }
    }

    /** Gives back what nobody was told of. Each return counts as a delivery: SQS has no other. */
    void giveBack(List<SqsInbound> messages) {
        settle(messages.stream().map(Untold::new).toList());
    }

    /** As {@link #giveBack}, but on this thread, so that it is done at the return. For messages that nothing extends. */
    void giveBackHere(List<SqsInbound> messages) {
        underWay.start();
        try {
            List<Held> returned = messages.stream().<Held>map(Untold::new).toList();
            forTens(returned, this::returnTen);
        } finally {
            underWay.end();
        }
    }

    /** A message that core has not got and has not to be told of. */
    private record Untold(SqsInbound inbound) implements Held {
        @Override
        public Disposition disposition() {
            return Disposition.RELEASE;
        }

        @Override
        public void settled() {}

        @Override
        public void extended() {
            throw new IllegalStateException("it is given back, not extended");
        }

        @Override
        public void lost(String why) {
            // It is back already, which is what was wanted.
        }

        @Override
        public void failed(BrokerException cause) {
            LOG.debug("a message was not given back; it comes when its lock ends: {}", cause.getMessage());
        }
    }

    private <T> void inTens(List<T> all, Consumer<List<T>> action) {
        forTens(all, ten -> {
            underWay.start();
            Runnable task = () -> {
                try {
                    action.accept(ten);
                } finally {
                    underWay.end();
                }
            };
            try {
                blocking.execute(task);
            } catch (RejectedExecutionException shutDown) {
                // Nobody else can do it, and nothing that was handed over may be forgotten.
                task.run();
            }
        });
    }

    private static <T> void forTens(List<T> all, Consumer<List<T>> action) {
        for (int from = 0; from < all.size(); from += MAX_BATCH) {
            action.accept(List.copyOf(all.subList(from, Math.min(from + MAX_BATCH, all.size()))));
        }
    }

    /** One request for at most ten receipt handles, which answers with the refused ones; their ids are indexes. */
    private interface Request {
        List<BatchResultErrorEntry> send(List<String> handles);
    }

    private static void report(List<Held> ten, Request request, Consumer<Held> done) {
        if (ten.isEmpty()) {
            return;
        }
        List<BatchResultErrorEntry> refused;
        try {
            refused = request.send(
                    ten.stream().map(held -> inbound(held).receiptHandle()).toList());
        } catch (RuntimeException wrong) {
            BrokerException cause = Faults.of(wrong);
            for (Held held : ten) {
                if (cause.kind() == Kind.MISSING) {
                    held.lost("its queue is gone");
                } else {
                    held.failed(cause);
                }
            }
            return;
        }
        @Nullable Held[] left = ten.toArray(new Held[0]);
        for (BatchResultErrorEntry entry : refused) {
            int index = Integer.parseInt(entry.id());
            report(ten.get(index), entry);
            left[index] = null;
        }
        for (Held held : left) {
            if (held != null) {
                done.accept(held);
            }
        }
    }

    /** A refused entry, where SQS can and may answer, is a handle that is good no more: expired, deleted or not in flight. */
    private static void report(Held held, BatchResultErrorEntry entry) {
        String what = entry.code() + ": " + entry.message();
        int status = Boolean.TRUE.equals(entry.senderFault()) ? 400 : 500;
        Kind kind = Faults.kind(String.valueOf(entry.code()), status, false);
        if (kind == Kind.REFUSED) {
            held.lost(what);
        } else {
            held.failed(new BrokerException(kind, what, null));
        }
    }

    private static SqsInbound inbound(Held held) {
        return (SqsInbound) held.inbound();
    }

    private static List<String> handles(List<SqsInbound> messages) {
        return messages.stream().map(SqsInbound::receiptHandle).toList();
    }

    /** Waits for what was handed over before; false if it is not done within that time. */
    boolean awaitDone(Duration longest) {
        return underWay.awaitNone(longest);
    }
}
