package dev.waybill.internal;

import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.spi.Envelope;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The payloads of dead letters that are purged. They are deleted at the end, since several letters may refer to one; and with no note
 * before, since a purge that dies half-way proves nothing of what it leaves.
 */
final class PurgedPayloads {
    private static final Logger LOG = LoggerFactory.getLogger(PurgedPayloads.class);

    private final Engine engine;
    private final ClaimCheck check;

    /** How many letters that are still there refer to each. */
    private final Map<Place, AtomicInteger> letters = new ConcurrentHashMap<>();

    PurgedPayloads(Engine engine, ClaimCheck check) {
        this.engine = engine;
        this.check = check;
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

    /** Null if its body is no reference, or one that is not followed. */
    private @Nullable Claim claim(Envelope letter) {
        if (!Reference.isIn(letter.contentType())) {
            return null;
        }
        try {
            Reference reference = Reference.decode(letter.body(), letter.id(), check);
            return new Claim(reference, check.store(reference.store()).orElseThrow(), null, failure -> {});
        } catch (Reference.Refused refused) {
            LOG.debug(
                    "the payload of dead letter {} stays, since its reference is refused: {}",
                    letter.id(),
                    refused.getMessage());
            return null;
        }
    }

    /** Deletes those that no letter refers to any more. */
    void delete() {
        letters.forEach((place, left) -> {
            if (left.get() == 0) {
                delete(place);
            }
        });
    }

    private void delete(Place place) {
        if (check.deletion() == Deletion.afterAcknowledgement()) {
            engine.spent().delete(place.store(), place.key(), false);
        } else if (check.deletion() instanceof Deletion.Keep) {
            try {
                place.store().write(SpentPayloads.note(place.key()), out -> {});
            } catch (IOException | PayloadStoreException down) {
                LOG.warn(
                        "payload '{}' stays in payload store '{}': {}",
                        place.key(),
                        place.store().name(),
                        down.toString());
            }
        }
    }
}
