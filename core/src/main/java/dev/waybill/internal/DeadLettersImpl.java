package dev.waybill.internal;

import dev.waybill.BrokerUnavailableException;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Queue;
import dev.waybill.Redrive;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.spi.Browser;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the dead letters of one queue; what changes them, a {@link Sweep} does. */
final class DeadLettersImpl implements DeadLetters {
    private static final Logger LOG = LoggerFactory.getLogger(DeadLettersImpl.class);
    private static final int PAGE = 100;

    private final WaybillRuntime runtime;
    private final Engine engine;
    private final Destination dead;
    private final Lanes main;
    private final @Nullable ClaimCheck check;

    /** @param check null if the queue has none */
    DeadLettersImpl(WaybillRuntime runtime, Engine engine, Destination dead, Lanes main, @Nullable ClaimCheck check) {
        this.runtime = runtime;
        this.engine = engine;
        this.dead = dead;
        this.main = main;
        this.check = check;
    }

    @Override
    public long count() {
        return WaybillRuntime.asking(
                "cannot count " + dead, () -> engine.broker().depth(dead));
    }

    @Override
    public List<DeadLetter> browse(DeadLetterFilter filter, int skip, int max) {
        if (skip < 0 || max < 1) {
            throw new IllegalArgumentException(
                    "skip is " + skip + " and max is " + max + " but must be at least 0 and at least 1");
        }
        List<DeadLetter> page = new ArrayList<>();
        int[] left = {skip};
        look(letter -> {
            if (filter.matches(letter) && --left[0] < 0) {
                page.add(letter);
            }
            return page.size() < max;
        });
        return page;
    }

    @Override
    public Optional<DeadLetter> find(String id) {
        List<DeadLetter> found = browse(DeadLetterFilter.id(id), 0, 1);
        return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0));
    }

    /** Hands over one after the other, until that says no. */
    private void look(Predicate<DeadLetterView> visitor) {
        WaybillRuntime.asking("cannot look at " + dead, () -> {
            try (Browser browser = engine.broker().browser(dead)) {
                boolean on = true;
                while (on) {
                    List<Envelope> page = browser.next(PAGE);
                    on = !page.isEmpty();
                    for (int i = 0; on && i < page.size(); i++) {
                        on = visitor.test(
                                new DeadLetterView(page.get(i), dead.queue().name()));
                    }
                }
                return dead;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new BrokerUnavailableException(
                        "the thread was interrupted while it looked at " + dead, interrupted);
            }
        });
    }

    /** @param others sees those that do not match */
    private Redrive.Report matching(DeadLetterFilter filter, long most, Consumer<Envelope> others) {
        long[] looked = new long[1];
        long[] matched = new long[1];
        look(letter -> {
            looked[0]++;
            if (filter.matches(letter)) {
                matched[0]++;
            } else {
                others.accept(letter.envelope());
            }
            return matched[0] < most;
        });
        return new Redrive.Report(looked[0], matched[0], 0, 0);
    }

    @Override
    public Redrive redrive(DeadLetterFilter filter) {
        return new RedriveImpl(filter);
    }

    @Override
    public long purge(DeadLetterFilter filter, long expected) {
        return purge(filter, expected, null);
    }

    @Override
    public long purgeWithPayloads(DeadLetterFilter filter, long expected) {
        if (check == null) {
            throw new IllegalStateException(
                    "the payloads of " + dead
                            + " cannot be deleted: the queue is declared without a claim check, Queue.named(...).claimCheck(...)");
        }
        PurgedPayloads payloads = new PurgedPayloads(check, dead.queue().name());
        long purged = purge(filter, expected, payloads);
        try {
            // A letter may have come meanwhile, or be back since its connection was lost before the broker had heard of
            // it.
            look(letter -> {
                payloads.stays(letter.envelope());
                return true;
            });
            payloads.delete();
        } catch (RuntimeException unknown) {
            LOG.warn("the payloads of {} that are purged stay, since it cannot be seen what is left", dead, unknown);
        }
        return purged;
    }

    private long purge(DeadLetterFilter filter, long expected, @Nullable PurgedPayloads payloads) {
        Consumer<Envelope> others = payloads == null ? letter -> {} : payloads::stays;
        long matched = matching(filter, Long.MAX_VALUE, others).matched();
        if (matched != expected) {
            throw new IllegalStateException(
                    matched + " of " + dead + " match, not " + expected + " as was expected; nothing is deleted");
        }
        return expected == 0
                ? 0
                : new Sweep(runtime, engine, dead, null, filter, 0, expected, report -> {}, payloads)
                        .run()
                        .moved();
    }

    private final class RedriveImpl implements Redrive {
        private final DeadLetterFilter filter;
        private Lanes target = main;
        private double perSecond;
        private long limit = Long.MAX_VALUE;
        private Consumer<Report> listener = report -> {};

        RedriveImpl(DeadLetterFilter filter) {
            this.filter = filter;
        }

        @Override
        public Redrive to(Queue<?> queue) {
            target = runtime.declare(queue);
            return this;
        }

        @Override
        public Redrive perSecond(double messages) {
            if (!(messages > 0 && messages <= 1_000_000)) {
                throw new IllegalArgumentException(
                        "perSecond is " + messages + " but must be more than 0 and at most 1000000");
            }
            perSecond = messages;
            return this;
        }

        @Override
        public Redrive limit(long messages) {
            if (messages < 1) {
                throw new IllegalArgumentException("limit is " + messages + " but must be at least 1");
            }
            limit = messages;
            return this;
        }

        @Override
        public Redrive onProgress(Consumer<Report> listener) {
            this.listener = listener;
            return this;
        }

        @Override
        public Report dryRun() {
            return matching(filter, limit, letter -> {});
        }

        @Override
        public Report run() {
            return new Sweep(runtime, engine, dead, target, filter, perSecond, limit, listener, null).run();
        }
    }
}
