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
        try (Transaction transaction = store.begin()) {
            due = transaction.due(machine.name(), BATCH);
            if (due.isEmpty()) {
                return transaction.untilDue(machine.name());
            }
            long start = System.nanoTime();
            List<Done> done = new ArrayList<>();
            for (StoredConvoy convoy : due) {
                done.add(due(transaction, convoy));
                if (System.nanoTime() - start > MOST_NANOS) {
                    break;
                }
            }
            transaction.commit();
            done.forEach(one -> one.told.run());
            done.forEach(this::resume);
            return due.size() == BATCH || done.size() < due.size() ? 0 : SOON_MILLIS;
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable one) {
            // One of them: each for itself, so that it does not hold up the others.
            LOG.debug("convoys that are due are looked at one by one: {}", one.toString());
            due.forEach(this::alone);
            return due.size() == BATCH ? 0 : SOON_MILLIS;
        }
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

    private void alone(StoredConvoy convoy) {
        try (Transaction transaction = store.begin()) {
            StoredConvoy now = steps.find(transaction, convoy.key());
            if (now == null || now.dueAt() == 0 || now.dueAt() > transaction.now()) {
                return;
            }
            Done done = due(transaction, now);
            transaction.commit();
            done.told.run();
            resume(done);
        } catch (StaleConvoyException faster) {
            steps.listeners().tell(on -> on.conflict(machine.name(), convoy.key()));
            LOG.debug("left alone: {}", faster.getMessage());
        } catch (ConvoyStoreException down) {
            throw down;
        } catch (Throwable failure) {
            failed(convoy, failure);
        }
    }

    private Done due(Transaction transaction, StoredConvoy convoy) throws Exception {
        long now = transaction.now();
        if (machine.isBehind(convoy)) {
            dueAgain(transaction, convoy, now + BEHIND_MILLIS);
            return Done.NOTHING_TO_TELL;
        }
        if (convoy.status() == ConvoyStatus.RESUMED || convoy.ended() && convoy.held() > 0) {
            // If we die before it has gone on, another sees to that.
            dueAgain(transaction, convoy, now + ConvoySteps.RESUME_MILLIS);
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
            dueAgain(transaction, convoy, 0);
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
            after = after.withDue(0);
        } else if (goesOn && !after.ended()) {
            after = after.withStatus(ConvoyStatus.RESUMED).withDue(now + ConvoySteps.RESUME_MILLIS);
        }
        String alert = from == to ? ConvoySteps.alertId(from.name(), after.since()) : "";
        HistoryEntry entry = steps.entry(after, now, alert, "timeout", from);
        int keep = machine.keptAfter(after.steps());
        transaction.save(new Change(convoy, after, List.of(entry), List.of(), List.of(), step.outgoing(), keep));
        Runnable told = () -> {
            steps.tellOfSends(step);
            steps.listeners()
                    .tell(on ->
                            on.timedOut(machine.name(), convoy.key(), from.name(), to.name(), now - convoy.dueAt()));
        };
        return new Done(told, goesOn ? convoy.key() : null);
    }

    /** Goes on with what is held, without a message. */
    private void resume(Done done) {
        String key = done.resumes;
        if (key == null) {
            return;
        }
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
            boolean later = worthIt && steps.untilCurrent(key, () -> triesLater(key, failure));
            return later || !steps.giveUp(key, pass.current(), failure);
        }
    }

    /** Has a convoy that is to go on do so later, unless it has failed as often as it may. */
    private boolean triesLater(String key, Throwable failure) {
        try (Transaction transaction = store.begin()) {
            StoredConvoy now = steps.find(transaction, key);
            if (now == null || now.status() != ConvoyStatus.RESUMED && !now.ended()) {
                // Somebody else has gone on with it.
                return true;
            }
            int failures = now.failures() + 1;
            if (failures >= steps.queue().maxDeliveries()) {
                return false;
            }
            long wait = steps.queue().retry().delay(failures).toMillis();
            StoredConvoy after = now.next(now.status(), transaction.now() + wait);
            transaction.save(Change.of(now, after.withFailure(failures, null, ConvoySteps.text(failure))));
            transaction.commit();
            LOG.warn("convoy '{}' of {} could not go on, {} times by now", key, machine.name(), failures, failure);
            return true;
        }
    }

    private void failed(StoredConvoy convoy, Throwable failure) {
        int failures = convoy.failures() + 1;
        boolean stuck = failures >= steps.queue().maxDeliveries()
                || steps.queue().retry().decide(failure) == RetryPolicy.Decision.DEAD_LETTER;
        String text = ConvoySteps.text(failure);
        try (Transaction transaction = store.begin()) {
            StoredConvoy now = steps.find(transaction, convoy.key());
            if (now == null || now.version() != convoy.version()) {
                return;
            }
            long wait = steps.queue().retry().delay(failures).toMillis();
            StoredConvoy after =
                    stuck ? now.next(ConvoyStatus.STUCK, 0) : now.next(now.status(), transaction.now() + wait);
            transaction.save(Change.of(now, after.withFailure(failures, null, text)));
            transaction.commit();
        } catch (StaleConvoyException faster) {
            steps.listeners().tell(on -> on.conflict(machine.name(), convoy.key()));
            LOG.debug("left alone: {}", faster.getMessage());
            return;
        }
        LOG.warn("the time-out of {} has failed, {} times by now", convoy, failures, failure);
        if (stuck) {
            steps.listeners().tell(on -> on.stuck(machine.name(), convoy.key(), text));
        }
    }
}
