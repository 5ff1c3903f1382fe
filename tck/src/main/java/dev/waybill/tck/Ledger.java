package dev.waybill.tck;

import dev.waybill.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;

/** What was sent and what was seen, by message id. Thread-safe. */
public final class Ledger {
    private final Set<String> sent = new ConcurrentSkipListSet<>();
    private final Map<String, List<Boolean>> seen = new ConcurrentHashMap<>();

    public void sent(String id) {
        sent.add(id);
    }

    public void seen(Delivery<?> delivery) {
        seen.compute(delivery.id(), (id, flags) -> {
            List<Boolean> more = flags == null ? new ArrayList<>() : new ArrayList<>(flags);
            more.add(delivery.redelivered());
            return more;
        });
    }

    /** How many different messages were seen. */
    public int distinct() {
        return seen.size();
    }

    public int sentCount() {
        return sent.size();
    }

    /** What was sent and not seen. */
    public Set<String> lost() {
        Set<String> lost = new ConcurrentSkipListSet<>(sent);
        lost.removeAll(seen.keySet());
        return lost;
    }

    /** What was seen more than once without a redelivery flag on all but one of the deliveries. */
    public Set<String> unflaggedDuplicates() {
        Set<String> duplicates = new ConcurrentSkipListSet<>();
        seen.forEach((id, flags) -> {
            if (flags.stream().filter(redelivered -> !redelivered).count() > 1) {
                duplicates.add(id);
            }
        });
        return duplicates;
    }

    /** What was seen with the redelivery flag. */
    public Set<String> redelivered() {
        Set<String> redelivered = new ConcurrentSkipListSet<>();
        seen.forEach((id, flags) -> {
            if (flags.contains(true)) {
                redelivered.add(id);
            }
        });
        return redelivered;
    }

    @Override
    public String toString() {
        return "ledger: sent " + sent.size() + ", seen " + seen.size() + ", lost " + lost().size()
                + ", duplicates without a flag " + unflaggedDuplicates().size();
    }
}
