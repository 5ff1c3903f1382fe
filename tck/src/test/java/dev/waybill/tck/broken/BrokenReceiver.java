package dev.waybill.tck.broken;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Held;
import dev.waybill.spi.Held.Disposition;
import dev.waybill.spi.Inbound;
import dev.waybill.spi.Receiver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A working receiver with one fault. */
final class BrokenReceiver implements Receiver {
    private final Receiver working;
    private final @Nullable Fault fault;
    private final List<Inbound> ahead = new ArrayList<>();
    private int received;

    BrokenReceiver(Receiver working, @Nullable Fault fault) {
        this.working = working;
        this.fault = fault;
    }

    /** What was received, perhaps not quite as it was. */
    private record Twisted(Inbound real, @Nullable Fault fault, boolean extra) implements Inbound {
        @Override
        public Envelope envelope() {
            Envelope envelope = real.envelope();
            Map<String, String> headers = new HashMap<>();
            if (fault == Fault.CORRUPTS_HEADERS) {
                envelope.headers()
                        .forEach(
                                (name, value) -> headers.put(name, value.strip().toLowerCase(Locale.ROOT)));
            } else if (fault == Fault.FORGETS_THE_HEADERS && real.redelivered()) {
                envelope.headers().forEach((name, value) -> {
                    if (name.startsWith("waybill-")) {
                        headers.put(name, value);
                    }
                });
            } else if (fault == Fault.DROPS_UNKNOWN_HEADERS) {
                headers.putAll(envelope.headers());
                headers.remove("waybill-novelty");
            } else {
                return envelope;
            }
            return new Envelope(
                    envelope.id(),
                    envelope.key(),
                    envelope.contentType(),
                    envelope.sentAtMillis(),
                    headers,
                    envelope.body());
        }

        @Override
        public int deliveryCount() {
            return fault == Fault.IGNORES_THE_DELIVERY_COUNT ? 1 : real.deliveryCount();
        }

        @Override
        public boolean redelivered() {
            return fault != Fault.FORGETS_THE_REDELIVERY_FLAG && real.redelivered();
        }

        @Override
        public long lockedUntilNanos() {
            return real.lockedUntilNanos();
        }

        @Override
        public boolean lost() {
            return real.lost();
        }

        @Override
        public @Nullable String defect() {
            return real.defect();
        }
    }

    @Override
    public List<Inbound> receive(int max, Duration wait) throws InterruptedException {
        List<Inbound> real;
        try {
            real = fault == Fault.KEEPS_WHAT_IT_HAS_FETCHED ? fetchAhead(max, wait) : working.receive(max, wait);
        } catch (BrokerException lost) {
            if (fault == Fault.HIDES_A_LOST_CONNECTION) {
                // Says nothing, ever again.
                Thread.sleep(wait.toMillis());
                return List.of();
            }
            throw lost;
        }
        List<Inbound> twisted = twisted(real);
        if (fault == Fault.REORDERS) {
            Collections.reverse(twisted);
        }
        if (fault == Fault.ACKNOWLEDGES_EARLY) {
            working.settle(real.stream().map(Accepted::new).toList());
        }
        return twisted;
    }

    private List<Inbound> twisted(List<Inbound> real) {
        List<Inbound> twisted = new ArrayList<>();
        for (Inbound inbound : real) {
            if (fault == Fault.DROPS_POISON && isPoison(inbound.envelope())) {
                working.settle(List.of(new Accepted(inbound)));
                continue;
            }
            twisted.add(new Twisted(inbound, fault, false));
            if (fault == Fault.DELIVERS_TWICE && ++received % 10 == 0) {
                twisted.add(new Twisted(inbound, fault, true));
            }
        }
        return twisted;
    }

    private List<Inbound> fetchAhead(int max, Duration wait) throws InterruptedException {
        List<Inbound> fetched = new ArrayList<>(ahead);
        ahead.clear();
        if (fetched.size() < max) {
            fetched.addAll(working.receive(max - fetched.size() + 1, fetched.isEmpty() ? wait : Duration.ZERO));
        }
        if (fetched.size() > max) {
            ahead.add(fetched.remove(max));
        }
        return fetched;
    }

    private static boolean isPoison(Envelope envelope) {
        String deliveries = envelope.headers().get("waybill-deliveries");
        return deliveries != null && !deliveries.matches("\\d{1,9}");
    }

    /** A settlement that nobody asked for. */
    private record Accepted(Inbound inbound) implements Held {
        @Override
        public Disposition disposition() {
            return Disposition.ACCEPT;
        }

        @Override
        public void settled() {}

        @Override
        public void extended() {}

        @Override
        public void lost(String why) {}

        @Override
        public void failed(BrokerException cause) {}
    }

    /** The settlement that core asked for, of what was really received. */
    private record Passed(Held held, Disposition disposition, long delayMillis) implements Held {
        @Override
        public Inbound inbound() {
            return ((Twisted) held.inbound()).real();
        }

        @Override
        public void settled() {
            held.settled();
        }

        @Override
        public void extended() {
            held.extended();
        }

        @Override
        public void lost(String why) {
            held.lost(why);
        }

        @Override
        public void failed(BrokerException cause) {
            held.failed(cause);
        }
    }

    @Override
    public void settle(List<? extends Held> batch) {
        List<Held> passed = new ArrayList<>();
        for (Held held : batch) {
            Disposition disposition = held.disposition();
            boolean leaked = fault == Fault.LEAKS_ON_CLOSE && disposition == Disposition.RELEASE;
            if (((Twisted) held.inbound()).extra() || fault == Fault.ACKNOWLEDGES_EARLY || leaked) {
                held.settled();
            } else {
                if (fault == Fault.COUNTS_A_RELEASE && disposition == Disposition.RELEASE) {
                    disposition = Disposition.RETRY;
                }
                boolean loses = fault == Fault.LOSES_ON_RETURN && disposition == Disposition.RETRY
                        || fault == Fault.LOSES_AT_THE_LIMIT
                                && disposition == Disposition.RELEASE
                                && held.inbound().deliveryCount() >= 3;
                passed.add(new Passed(
                        held,
                        loses ? Disposition.ACCEPT : disposition,
                        fault == Fault.RETRIES_AT_ONCE ? 0 : held.delayMillis()));
            }
        }
        working.settle(passed);
    }

    @Override
    public boolean canDelay(Inbound message, long delayMillis) {
        return working.canDelay(((Twisted) message).real(), delayMillis);
    }

    @Override
    public void extend(List<? extends Held> held) {
        if (fault == Fault.FORGETS_THE_LOCK) {
            held.forEach(Held::extended);
        } else {
            working.extend(held.stream()
                    .map(one -> new Passed(one, Disposition.RELEASE, 0))
                    .toList());
        }
    }

    @Override
    public void prefetch(int limit) {
        working.prefetch(limit);
    }

    @Override
    public void pause() {
        working.pause();
    }

    @Override
    public List<Inbound> stop() {
        return twisted(working.stop());
    }

    @Override
    public void resume() {
        working.resume();
    }

    @Override
    public void close() {
        if (fault != Fault.LEAKS_ON_CLOSE) {
            working.close();
        }
    }
}
