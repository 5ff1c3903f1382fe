package dev.waybill.convoy;

import dev.waybill.RetryPolicy;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.StateMachine.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something about convoys whose time has come: states that have waited too long, convoys that are to go on, or to be forgotten. */
final class DueConvoys<S extends Enum<S>, E, D> {
    private static final Logger LOG = LoggerFactory.getLogger(DueConvoys.class);
    private static final int BATCH = 500;

    /** How long the convoys of a transaction may be locked, for actions that are slow. */
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * What is later than this has perhaps ended the process that tried it: a time-out is done in the transaction that locks it, and
     * whoever dies leaves no trace but that.
     */
    private static final long LATE_MILLIS = 30_000;

    /** Each try of what may end its process is left twice as long to the process that has begun it, up to this often. */
    private static final int MOST_DOUBLINGS = 4;

    /** For how long a convoy is left to processes that run a later version of the machine. */
    private static final long BEHIND_MILLIS = 5000;

    /** After what was due, the store is asked when more is. */
    private static final long SOON_MILLIS = 1;

    private final ConvoySteps<S, E, D> steps;
    private final StateMachine<S, E, D> machine;
    private final ConvoyStore store;

    DueConvoys(ConvoySteps<S, E, D> steps) {
        this.steps = steps;
        machine = steps.machine();
        store = steps.store();
    }

    /** Does some of it; in how many milliseconds there may be more, 0 if at once. */
    long work() {
        List<StoredConvoy> due = List.of();
        List<StoredConvoy> doubtful = new ArrayList<>();
        List<StoredConvoy> late = new ArrayList<>();
        boolean all;
        try (Transaction transaction = store.begin()) {
            due = transaction.due(machine.name(), BATCH);
            if (due.isEmpty()) {
                return transaction.untilDue(machine.name());
            }
            long start = System.nanoTime();
            List<Done> done = new ArrayList<>();
            for (StoredConvoy convoy : due) {
                if (convoy.failures() > 0) {
                    doubtful.add(convoy);
                } else if (isLate(convoy, transaction.now())) {
                    StoredConvoy begun = begun(convoy, transaction.now());
                    transaction.save(Change.of(convoy, begun));
                    late.add(begun);
                } else {
                    done.add(due(transaction, convoy));
                }
                if (isOver(start)) {
                    break;
                }
            }
            transaction.commit();
            goOn(done);
            all = done.size() + doubtful.size() + late.size() == due.size();
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable one) {
            // One of them: each for itself, so that it does not hold up the others.
            LOG.debug("convoys that are due are looked at one by one: {}", one.toString());
            doubtful = due;
            late.clear();
            all = true;
        }
        fireTogether(late);
        return eachAlone(doubtful) && all && due.size() < BATCH ? SOON_MILLIS : 0;
    }

    private static boolean isOver(long start) {
        return System.nanoTime() - start > MOST_NANOS;
    }

    private boolean isLate(StoredConvoy convoy, long now) {
        return now - convoy.dueAt() > LATE_MILLIS
                && convoy.status() == ConvoyStatus.RUNNING
                && !machine.isBehind(convoy);
    }

    /**
     * What was late after an outage is much, and none of it to blame; so it is begun, and done, together. What there is no time for was
     * not begun.
     */
    private void fireTogether(List<StoredConvoy> begun) {
        if (begun.isEmpty()) {
            return;
        }
        List<Done> done = new ArrayList<>();
        try (Transaction transaction = store.begin()) {
            long start = System.nanoTime();
            for (StoredConvoy each : begun) {
                StoredConvoy now = steps.find(transaction, each.key());
                if (now == null || now.dueAt() != each.dueAt()) {
                    continue;
                }
                if (isOver(start)) {
                    StoredConvoy again = now.next(now.status(), transaction.now());
                    transaction.save(Change.of(now, again.withoutFailure()));
                } else {
                    done.add(due(transaction, now));
                }
            }
            transaction.commit();
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable one) {
            LOG.debug("convoys that are late are looked at one by one: {}", one.toString());
            begun.forEach(this::tryBegun);
            return;
        }
        goOn(done);
    }

    /** Whether it goes on with what it holds, without a message. */
    private static boolean goesOn(StoredConvoy convoy) {
        return convoy.status() == ConvoyStatus.RESUMED || convoy.ended() && convoy.held() > 0;
    }

    /** Whether there was time for all. */
    private boolean eachAlone(List<StoredConvoy> convoys) {
        long start = System.nanoTime();
        for (StoredConvoy convoy : convoys) {
            if (isOver(start)) {
                return false;
            }
            alone(convoy);
        }
        return true;
    }

    /**
     * What was done about a convoy.
     *
     * @param told tells of it when it is kept
     * @param resumes its key if it then goes on with what it holds, or null
     */
    private record Done(Runnable told, @Nullable String resumes) {
        static final Done NOTHING_TO_TELL = new Done(() -> {}, null);
    }

    /** That it is begun is kept before it is: who dies of it, time after time, is so counted. */
    private void alone(StoredConvoy convoy) {
        StoredConvoy begun;
        try {
            begun = begin(convoy.key());
        } catch (StaleConvoyException faster) {
            conflict(convoy, faster);
            return;
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable failure) {
            failed(convoy.withFailure(convoy.failures() + 1, null, null), failure);
            return;
        }
        if (begun != null) {
            tryBegun(begun);
        }
    }

    private void conflict(StoredConvoy convoy, StaleConvoyException faster) {
        steps.listeners().tell(on -> on.conflict(machine.name(), convoy.key()));
        LOG.debug("looked at again: {}", faster.getMessage());
    }

    private void tryBegun(StoredConvoy begun) {
        try {
            // It has not ended as often as it may, and once more, when it may have been beside another that ends its
            // process.
            if (begun.failures() > steps.queue().maxDeliveries() + 1) {
                neverEnds(begun);
            } else if (goesOn(begun)) {
                resume(begun.key());
            } else {
                fire(begun);
            }
        } catch (StaleConvoyException faster) {
            conflict(begun, faster);
            change(
                    begun,
                    (now, at) -> now.next(now.status(), at)
                            .withFailure(begun.failures() - 1, now.failedMessage(), now.failure()));
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable failure) {
            failed(begun, failure);
        }
    }

    /** Null if there is nothing to begin, or no more. */
    private @Nullable StoredConvoy begin(String key) throws Exception {
        try (Transaction transaction = store.begin()) {
            StoredConvoy convoy = steps.find(transaction, key);
            if (convoy == null || convoy.dueAt() == 0 || convoy.dueAt() > transaction.now()) {
                return null;
            }
            StoredConvoy begun = null;
            if (machine.isBehind(convoy) || convoy.status() != ConvoyStatus.RUNNING && !goesOn(convoy)) {
                due(transaction, convoy);
            } else {
                begun = begun(convoy, transaction.now());
                transaction.save(Change.of(convoy, begun));
            }
            transaction.commit();
            return begun;
        }
    }

    /** If this process dies of it, or in the midst of it, another sees to it. */
    private static StoredConvoy begun(StoredConvoy convoy, long now) {
        int failures = convoy.failures();
        long again = now + (ConvoySteps.RESUME_MILLIS << Math.min(failures, MOST_DOUBLINGS));
        return convoy.next(convoy.status(), again).withFailure(failures + 1, convoy.failedMessage(), convoy.failure());
    }

    private void fire(StoredConvoy begun) throws Exception {
        Done done;
        try (Transaction transaction = store.begin()) {
            StoredConvoy now = steps.find(transaction, begun.key());
            if (now == null || now.dueAt() != begun.dueAt()) {
                return;
            }
            done = due(transaction, now);
            transaction.commit();
        }
        goOn(List.of(done));
    }

    private void neverEnds(StoredConvoy begun) throws Exception {
        Throwable failure = new IllegalStateException(
                "it was begun " + (begun.failures() - 1) + " times and has not ended, as when its process dies of it");
        if (!goesOn(begun)) {
            failed(begun, failure);
        } else if (steps.skipOrStick(begun.key(), named(begun), failure)) {
            resume(begun.key());
        }
    }

    /** What it was at. */
    private @Nullable HeldMessage named(StoredConvoy convoy) {
        try (Transaction transaction = store.begin()) {
            return transaction.held(convoy).stream()
                    .filter(held -> held.messageId().equals(convoy.failedMessage()))
                    .findFirst()
                    .orElse(null);
        }
    }

    private Done due(Transaction transaction, StoredConvoy convoy) throws Exception {
        long now = transaction.now();
        if (machine.isBehind(convoy)) {
            dueAgain(transaction, convoy, now + BEHIND_MILLIS);
            return Done.NOTHING_TO_TELL;
        }
        if (goesOn(convoy)) {
            transaction.save(Change.of(convoy, begun(convoy, now)));
            return new Done(() -> {}, convoy.key());
        }
        if (convoy.ended()) {
            long end = convoy.since() + steps.keepMillis();
            if (end > now) {
                dueAgain(transaction, convoy, end);
            } else {
                transaction.delete(convoy);
            }
            return Done.NOTHING_TO_TELL;
        }
        Position<S, D> position = machine.read(convoy);
        Timeout<S, D> timeout = machine.timeout(position.state());
        if (timeout == null || convoy.status() != ConvoyStatus.RUNNING) {
            // A version that had one has written it.
            transaction.save(Change.of(convoy, convoy.next(convoy.status(), 0).withoutFailure()));
            return Done.NOTHING_TO_TELL;
        }
        return timeOut(transaction, convoy, position, timeout);
    }

    private static void dueAgain(Transaction transaction, StoredConvoy convoy, long at) {
        transaction.save(Change.of(convoy, convoy.next(convoy.status(), at)));
    }

    private Done timeOut(Transaction transaction, StoredConvoy convoy, Position<S, D> position, Timeout<S, D> timeout)
            throws Exception {
        StepImpl<D> step = steps.step(transaction, convoy.key(), position);
        TimeoutAction<D> action = timeout.action();
        if (action != null) {
            action.run(step);
        }
        long now = transaction.now();
        S from = position.state();
        S to = timeout.to() == null ? from : timeout.to();
        boolean goesOn = convoy.held() > 0 && from != to;
        StoredConvoy after = steps.moved(now, convoy, from, to, step.data(), convoy.held());
        if (from == to) {
            after = after.withAlert().withoutFailure();
        } else if (goesOn && !after.ended()) {
            after = after.withStatus(ConvoyStatus.RESUMED).withDue(now + ConvoySteps.RESUME_MILLIS);
        }
        HistoryEntry entry = steps.entry(after, now, "", "timeout", from);
        int keep = machine.keptAfter(after.steps());
        transaction.save(new Change(convoy, after, List.of(entry), List.of(), List.of(), step.outgoing(), keep));
        long late = Math.max(0, now - steps.timeoutAt(from, convoy.since()));
        Runnable told = () -> {
            steps.tellOfSends(step);
            steps.listeners().tell(on -> on.timedOut(machine.name(), convoy.key(), from.name(), to.name(), late));
        };
        return new Done(told, goesOn ? convoy.key() : null);
    }

    /** What is done is kept: tells of it, and goes on with what is held, without a message. */
    private void goOn(List<Done> kept) {
        kept.forEach(done -> done.told.run());
        for (Done done : kept) {
            if (done.resumes != null) {
                resume(done.resumes);
            }
        }
    }

    private void resume(String key) {
        HeldPass<S, E, D> pass = new HeldPass<>(steps, key);
        try {
            while (!wentThrough(pass, key)) {
                LOG.debug("convoy '{}' of {} goes on without what has failed", key, machine.name());
            }
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Exception again) {
            LOG.warn("convoy '{}' of {} cannot go on", key, machine.name(), again);
        }
    }

    private boolean wentThrough(HeldPass<S, E, D> pass, String key) throws Exception {
        try {
            pass.run();
            return true;
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable failure) {
            boolean worthIt = steps.queue().retry().decide(failure) == RetryPolicy.Decision.RETRY;
            boolean later = worthIt
                    && ConvoySteps.recorded(
                            failure, text -> steps.untilCurrent(key, () -> triesLater(key, failure, text)));
            return later || !steps.giveUp(key, pass.current(), failure);
        }
    }

    /** Has a convoy that is to go on do so later, unless it has failed as often as it may. */
    private boolean triesLater(String key, Throwable failure, String text) {
        try (Transaction transaction = store.begin()) {
            StoredConvoy now = steps.find(transaction, key);
            if (now == null || now.status() != ConvoyStatus.RESUMED && !now.ended()) {
                // Somebody else has gone on with it.
                return true;
            }
            // It is counted as it begins; not what goes through right behind a time-out, or behind another message.
            int failures = Math.max(1, now.failures());
            if (failures >= steps.queue().maxDeliveries()) {
                return false;
            }
            long wait = steps.queue().retry().delay(failures).toMillis();
            StoredConvoy after = now.next(now.status(), transaction.now() + wait);
            transaction.save(Change.of(now, after.withFailure(failures, null, text)));
            transaction.commit();
            LOG.warn("convoy '{}' of {} could not go on, {} times by now", key, machine.name(), failures, failure);
            return true;
        }
    }

    /** @param tried with this failure counted */
    private void failed(StoredConvoy tried, Throwable failure) {
        int failures = tried.failures();
        boolean stuck = failures >= steps.queue().maxDeliveries()
                || steps.queue().retry().decide(failure) == RetryPolicy.Decision.DEAD_LETTER;
        long wait = steps.queue().retry().delay(failures).toMillis();
        boolean kept = ConvoySteps.recorded(
                failure,
                text -> change(
                        tried,
                        (now, at) -> (stuck ? now.next(ConvoyStatus.STUCK, 0) : now.next(now.status(), at + wait))
                                .withFailure(failures, null, text)));
        if (!kept) {
            return;
        }
        LOG.warn("the time-out of {} has failed, {} times by now", tried, failures, failure);
        if (stuck) {
            steps.listeners().tell(on -> on.stuck(machine.name(), tried.key(), ConvoySteps.text(failure)));
        }
    }

    /** How a convoy is after something, and the time. */
    private interface Outcome {
        StoredConvoy of(StoredConvoy now, long at);
    }

    /** Whether it is still ours: nobody has changed when it is due. */
    private boolean change(StoredConvoy tried, Outcome outcome) {
        return steps.untilCurrent(tried.key(), () -> {
            try (Transaction transaction = store.begin()) {
                StoredConvoy now = steps.find(transaction, tried.key());
                if (now == null || now.dueAt() != tried.dueAt()) {
                    return false;
                }
                transaction.save(Change.of(now, outcome.of(now, transaction.now())));
                transaction.commit();
                return true;
            }
        });
    }
}
