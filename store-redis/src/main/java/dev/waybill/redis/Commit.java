package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.redis.Claims.Claim;
import dev.waybill.redis.Keys.Claimable;
import dev.waybill.redis.Keys.Machine;
import dev.waybill.redis.Keys.Part;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a transaction keeps in the end, put together as the script takes it. */
final class Commit {
    private static final List<Part> OF_CONVOY = List.of(Part.CONVOY, Part.HISTORY, Part.IDS, Part.HELD);

    private final Keys keys;
    private final Server server;
    private final Claims claims;
    private final Map<Id, Change> changes = new LinkedHashMap<>();
    private final List<StoredConvoy> deletions = new ArrayList<>();
    private final Map<Long, Id> claimed = new HashMap<>();
    private final Map<Id, Letters> letters = new LinkedHashMap<>();

    Commit(Server server, Claims claims) {
        this.server = server;
        this.claims = claims;
        keys = server.keys();
    }

    private record Id(String machine, String key) {}

    /** What became of a convoy's letters. */
    private static final class Letters {
        final List<Long> sent = new ArrayList<>();
        long pause;
    }

    void save(Change change) {
        StoredConvoy after = change.after();
        if (changes.put(new Id(after.machine(), after.key()), change) != null) {
            throw new IllegalStateException(after + " is changed twice in a transaction");
        }
    }

    void delete(StoredConvoy convoy) {
        deletions.add(convoy);
    }

    /** A letter does not tell whose machine's it is. */
    void claimed(Outgoing letter, String machine) {
        claimed.put(letter.id(), new Id(machine, letter.key()));
    }

    void sent(Collection<Outgoing> messages) {
        messages.forEach(message -> letters(message).sent.add(message.id()));
    }

    void postpone(Collection<Outgoing> messages, long millis) {
        messages.forEach(message -> letters(message).pause = millis);
    }

    private Letters letters(Outgoing message) {
        Id convoy = claimed.get(message.id());
        if (convoy == null) {
            throw new IllegalArgumentException(
                    "message " + message.id() + " of convoy '" + message.key() + "' is not from this transaction");
        }
        return letters.computeIfAbsent(convoy, first -> new Letters());
    }

    boolean isEmpty() {
        return changes.isEmpty()
                && deletions.isEmpty()
                && letters.isEmpty()
                && claims.all().isEmpty();
    }

    /** The convoys whose versions are looked at, in order. */
    StoredConvoy checked(int place) {
        return place < changes.size()
                ? List.copyOf(changes.values()).get(place).after()
                : deletions.get(place - changes.size());
    }

    Call call() {
        List<Claim> had = claims.all();
        Call call = server.call(Script.COMMIT)
                .arg(claims.token())
                .arg(changes.size())
                .arg(deletions.size())
                .arg(letters.size())
                .arg(had.size());
        for (Change change : changes.values()) {
            call.arg(change.before().version()).arg(change.after().version());
        }
        for (StoredConvoy convoy : deletions) {
            call.arg(convoy.version()).arg("");
        }
        changes.values().forEach(change -> add(call, change));
        deletions.forEach(convoy -> add(call, convoy));
        letters.forEach((convoy, what) -> add(call, convoy, what));
        for (Claim claim : had) {
            call.key(claim.of().leases()).key(claim.of().owners());
            call.arg(claim.convoys().size()).args(claim.convoys());
        }
        return call;
    }

    private Machine addConvoy(Call call, StoredConvoy convoy) {
        OF_CONVOY.forEach(part -> call.key(keys.of(part, convoy.machine(), convoy.key())));
        call.arg(convoy.key());
        return keys.machine(convoy.machine());
    }

    private void add(Call call, Change change) {
        StoredConvoy after = change.after();
        Machine machine = addConvoy(call, after);
        call.key(keys.of(Part.LETTERS, after.machine(), after.key()));
        call.key(machine.index())
                .key(machine.due().candidates())
                .key(machine.sending().candidates())
                .key(machine.counts())
                .key(machine.outbox());
        call.arg(change.before().version() == 0 ? 1 : 0).arg(after.dueAt());
        Format.convoy(after, call);
        call.arg(change.keep()).arg(change.history().size());
        for (HistoryEntry entry : change.history()) {
            call.arg(entry.messageId()).arg(Format.history(entry));
        }
        call.arg(change.release().size());
        for (HeldMessage message : change.release()) {
            call.arg(message.messageId()).arg(message.order());
        }
        call.arg(change.hold().size());
        for (HeldMessage message : change.hold()) {
            call.arg(message.messageId()).arg(message.order()).arg(Format.held(message));
        }
        call.arg(change.send().size());
        change.send().forEach(letter -> call.arg(Format.letter(letter)));
    }

    private void add(Call call, StoredConvoy deleted) {
        Machine machine = addConvoy(call, deleted);
        call.key(machine.index()).key(machine.due().candidates()).key(machine.counts());
    }

    private void add(Call call, Id convoy, Letters what) {
        Machine machine = keys.machine(convoy.machine);
        Claimable sending = machine.sending();
        call.key(keys.of(Part.LETTERS, convoy.machine, convoy.key));
        call.key(sending.candidates()).key(sending.leases()).key(sending.owners());
        call.key(machine.outbox());
        call.arg(convoy.key).arg(what.pause).arg(what.sent.size());
        what.sent.forEach(call::arg);
    }
}
