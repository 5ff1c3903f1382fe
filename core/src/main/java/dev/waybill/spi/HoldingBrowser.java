package dev.waybill.spi;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Looks at messages by receiving them, and gives back what it has received when it is closed. */
final class HoldingBrowser implements Browser {
    /** What it may hold, and so how far it can look. */
    static final int MOST = 10_000;

    /** For what the broker has counted, and for what it may have not. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration LOOK = Duration.ofMillis(250);

    private final long counted;
    private final Receiver receiver;
    private final int maxReceive;
    private final List<Looked> held = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private boolean closed;

    /** @param counted how many messages there are, about */
    HoldingBrowser(long counted, Receiver receiver, int maxReceive) {
        this.counted = counted;
        this.receiver = receiver;
        this.maxReceive = maxReceive;
    }

    @Override
    public List<Envelope> next(int max) throws InterruptedException {
        List<Envelope> fresh = new ArrayList<>();
        while (fresh.isEmpty() && held.size() < MOST) {
            int room = Math.min(max, MOST - held.size());
            List<Inbound> received =
                    receiver.receive(Math.min(room, maxReceive), held.size() < counted ? PATIENCE : LOOK);
            received.forEach(message -> held.add(new Looked(message)));
            // Whose lock has ended comes again, and then all that follows does; before that, it is a copy.
            received.stream()
                    .map(Inbound::envelope)
                    .filter(envelope -> seen.add(envelope.id()))
                    .forEach(fresh::add);
            if (received.isEmpty() || fresh.isEmpty() && held.size() >= counted) {
                break;
            }
        }
        return fresh;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        receiver.stop().forEach(message -> held.add(new Looked(message)));
        if (!held.isEmpty()) {
            receiver.settle(held);
        }
        receiver.close();
    }

    /** A message that goes back; whatever becomes of that, it is in its queue. */
    private record Looked(Inbound inbound) implements Held {
        @Override
        public Disposition disposition() {
            return Disposition.RELEASE;
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
}
