package dev.waybill.internal;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.spi.Envelope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The payloads of dead letters that are purged. They are deleted at the end, since several letters may refer to one; and with no note that
 * they are done, by which a copy of such a message would be taken for handled.
 */
final class PurgedPayloads {
    private static final Logger LOG = LoggerFactory.getLogger(PurgedPayloads.class);

    private static final int MOST_AT_ONCE = 500;

    private final ClaimCheck check;
    private final String queue;

    /** How many letters that are still there refer to each. */
    private final Map<Place, AtomicInteger> letters = new ConcurrentHashMap<>();

    /** @param queue whose dead letters they are */
    PurgedPayloads(ClaimCheck check, String queue) {
        this.check = check;
        this.queue = queue;
    }

    private record Place(PayloadStore store, String key) {}

    /** A letter is left where it is. */
    void stays(Envelope letter) {
        Claim claim = claim(letter);
        if (claim != null) {
            referringTo(claim).incrementAndGet();
        }
    }

    /** A letter is about to be deleted; that it is, the broker confirms. */
    void goesWith(HeldMessage<?> letter) {
        Claim claim = claim(letter.inbound().envelope());
        if (claim != null) {
            AtomicInteger left = referringTo(claim);
            left.incrementAndGet();
            claim.atEnd(left::decrementAndGet);
            letter.claim(claim);
        }
    }

    private AtomicInteger referringTo(Claim claim) {
        return letters.computeIfAbsent(new Place(claim.store(), claim.key()), place -> new AtomicInteger());
    }

    /** Null if its body is no reference, or one that is not followed, or its payload is not ours to delete. */
    private @Nullable Claim claim(Envelope letter) {
        if (!Reference.isIn(letter.contentType()) || check.deletion() == Deletion.never()) {
            return null;
        }
        try {
            Reference reference = Reference.decode(letter.body(), letter.id(), check);
            if (check.signingKey().isEmpty() && !reference.key().startsWith(queue + "/")) {
                // Anybody may have written it, to have a payload of others deleted.
                return null;
            }
            // Who has valet keys alone declares that nothing is deleted.
            PayloadStore store = check.store(reference.store()).orElseThrow();
            return new Claim(reference, store, null, failure -> {});
        } catch (Reference.Refused refused) {
            LOG.debug(
                    "the payload of dead letter {} stays, since its reference is refused: {}",
                    letter.id(),
                    refused.getMessage());
            return null;
        }
    }

    /** Deletes those that no letter refers to any more; what its store does not delete stays. */
    void delete() {
        Map<PayloadStore, List<String>> unneeded = new HashMap<>();
        letters.forEach((place, left) -> {
            if (left.get() == 0) {
                unneeded.computeIfAbsent(place.store(), store -> new ArrayList<>())
                        .add(place.key());
            }
        });
        unneeded.forEach(PurgedPayloads::delete);
    }

    private static void delete(PayloadStore store, List<String> keys) {
        for (int from = 0; from < keys.size(); from += MOST_AT_ONCE) {
            try {
                store.delete(keys.subList(from, Math.min(keys.size(), from + MOST_AT_ONCE)));
            } catch (RuntimeException down) {
                LOG.warn(
                        "{} payloads of dead letters that are purged stay in payload store '{}': {}",
                        keys.size() - from,
                        store.name(),
                        down.toString());
                return;
            }
        }
    }
}
