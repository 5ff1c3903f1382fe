package dev.waybill.inmemory;

import dev.waybill.spi.Envelope;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** In a lane for each key, of which one receiver at a time gets messages: another only when none is locked any more. */
final class KeyedMessages implements ReadyMessages {
    private final Map<String, Group> groups = new HashMap<>();
    /** Those with messages that wait; whichever was served last is last. */
    private final LinkedHashSet<Group> waiting = new LinkedHashSet<>();

    private int size;

    private static final class Group {
        final Lane lane = new Lane(0);

        @Nullable
        InMemoryReceiver holder;

        int locked;
    }

    private static String key(Envelope envelope) {
        // No key is empty.
        return envelope.key() == null ? "" : envelope.key();
    }

    private Group group(Envelope envelope) {
        return groups.computeIfAbsent(key(envelope), key -> new Group());
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void add(Envelope envelope, int priority) {
        Group group = group(envelope);
        group.lane.add(envelope);
        waiting.add(group);
        size++;
    }

    @Override
    public void giveBack(Receipt receipt) {
        Group group = group(receipt.envelope());
        group.lane.giveBack(receipt);
        group.locked--;
        waiting.add(group);
        size++;
    }

    @Override
    public @Nullable Receipt take(InMemoryReceiver receiver, long lockedUntil) {
        Group group = nextFor(receiver);
        if (group == null) {
            return null;
        }
        waiting.remove(group);
        size--;
        group.locked++;
        group.holder = receiver;
        Receipt taken = group.lane.take(receiver, lockedUntil);
        if (!group.lane.isEmpty()) {
            waiting.add(group);
        }
        return taken;
    }

    private @Nullable Group nextFor(InMemoryReceiver receiver) {
        for (Group group : waiting) {
            if (group.locked == 0 || group.holder == receiver && !group.lane.hasReturned()) {
                return group;
            }
        }
        return null;
    }

    @Override
    public void gone(Receipt receipt) {
        Group group = group(receipt.envelope());
        group.locked--;
        if (group.locked == 0 && group.lane.isEmpty()) {
            groups.remove(key(receipt.envelope()));
        }
    }
}
