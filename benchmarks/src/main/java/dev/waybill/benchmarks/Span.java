package dev.waybill.benchmarks;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** A measured stretch of messages, from the first that is done to the last: what comes before, as joining a group, is no part of it. */
final class Span {
    private final int messages;
    private final Tally done = new Tally();
    private final AtomicReference<Moment> first = new AtomicReference<>();
    private final AtomicReference<Moment> last = new AtomicReference<>();

    Span(int messages) {
        this.messages = messages;
    }

    /** One more is done; called by any thread. */
    void done() {
        long number = done.add(1);
        if (number == 1) {
            first.set(Moment.now());
        } else if (number == messages) {
            last.set(Moment.now());
        }
    }

    void fail(Throwable cause) {
        done.fail(cause);
    }

    /** Waits for the last, see {@link Tally#await}. */
    void await() {
        done.await(messages);
    }

    /** @throws BenchmarkException if more were done than there are, or something has failed since */
    Sample rate() {
        await();
        if (done.count() != messages) {
            throw new BenchmarkException(done.count() + " messages done, but there were " + messages, null);
        }
        return Sample.rate(messages - 1L, Objects.requireNonNull(first.get()), Objects.requireNonNull(last.get()));
    }
}
