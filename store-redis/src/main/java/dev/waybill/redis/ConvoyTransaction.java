package dev.waybill.redis;

import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.ConvoyStore.Change;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.ConvoyStore.Transaction;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StaleConvoyException;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.redis.Claims.Claimed;
import dev.waybill.redis.Keys.Claimable;
import dev.waybill.redis.Keys.Machine;
import dev.waybill.redis.Keys.Part;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.UnifiedJedis;

/** Collects what is to be changed; all of it is written by one script in the end. */
final class ConvoyTransaction implements Transaction {
    private static final Logger LOG = LoggerFactory.getLogger(ConvoyTransaction.class);

    private final Server server;
    private final Reader reader;
    private final Claims claims;
    private final Commit commit;
    private long now;
    private boolean open = true;

    ConvoyTransaction(Server server, Reader reader, Leases leases) {
        this.server = server;
        this.reader = reader;
        claims = new Claims(leases);
        commit = new Commit(server, claims);
    }

    @Override
    public Loaded load(String machine, String key, String messageId) {
        Reader.Found found = reader.load(machine, key, messageId);
        now = found.now();
        return found.loaded();
    }

    @Override
    public List<HeldMessage> held(StoredConvoy convoy) {
        return reader.held(Script.HELD, convoy.machine(), convoy.key());
    }

    @Override
    public List<HeldMessage> heldIds(StoredConvoy convoy) {
        return reader.held(Script.HELD_IDS, convoy.machine(), convoy.key());
    }

    @Override
    public List<StoredConvoy> due(String machine, int limit) {
        demandOpen();
        Claimed claimed = claims.claim(server.keys().machine(machine).due(), limit);
        now = claimed.now();
        if (claimed.convoys().isEmpty()) {
            return List.of();
        }
        Reader.Several several = reader.convoys(machine, claimed.convoys(), ConvoyFilter.all());
        now = several.now();
        List<StoredConvoy> due = new ArrayList<>();
        for (int i = 0; i < claimed.convoys().size(); i++) {
            StoredConvoy convoy = several.convoys().get(i);
            if (convoy == null) {
                lost(machine, claimed.convoys().get(i));
            } else if (convoy.dueAt() != 0 && convoy.dueAt() <= now) {
                due.add(convoy);
            }
        }
        return due;
    }

    @Override
    public long untilDue(String machine) {
        Object millis = server.ask(server.call(Script.UNTIL)
                .key(server.keys().machine(machine).due().candidates()));
        return millis == null ? Long.MAX_VALUE : (Long) millis;
    }

    /** What is not there would else be found first each time, before all others. */
    private void lost(String machine, String key) {
        Machine keys = server.keys().machine(machine);
        Object gone = server.ask(server.call(Script.LOST)
                .key(server.keys().of(Part.CONVOY, machine, key))
                .key(keys.due().candidates())
                .key(keys.index())
                .arg(key));
        if (gone.equals(1L)) {
            LOG.warn("convoy '{}' of {} was due but is gone from the {}", key, machine, server);
        }
    }

    @Override
    public long now() {
        return now;
    }

    @Override
    public void save(Change change) {
        commit.save(change);
    }

    @Override
    public void delete(StoredConvoy convoy) {
        commit.delete(convoy);
    }

    @Override
    public List<Outgoing> outgoing(String machine, int limit) {
        demandOpen();
        Claimable sending = server.keys().machine(machine).sending();
        Claimed claimed = claims.claim(sending, limit);
        now = claimed.now();
        if (claimed.convoys().isEmpty()) {
            return List.of();
        }
        Call call = server.call(Script.LETTERS)
                .key(sending.candidates())
                .key(sending.leases())
                .key(sending.owners())
                .key(server.keys().machine(machine).outbox())
                .arg(claims.token())
                .arg(limit)
                .arg(ConvoyStore.MOST_OUTGOING_BYTES)
                .args(claimed.convoys());
        claimed.convoys().forEach(key -> call.key(server.keys().of(Part.LETTERS, machine, key)));
        List<?> answer = server.list(call);
        List<Outgoing> letters = new ArrayList<>();
        for (int i = 0; i < claimed.convoys().size(); i++) {
            String key = claimed.convoys().get(i);
            byte[] at = call.keys().get(i + 5);
            List<byte[]> letterAndTime = Reader.values(answer.get(i));
            for (int j = 0; j < letterAndTime.size(); j += 2) {
                byte[] letter = letterAndTime.get(j);
                byte[] storedFor = letterAndTime.get(j + 1);
                Outgoing message = server.read(at, () -> Format.letter(key, letter, storedFor));
                commit.claimed(message, machine);
                letters.add(message);
            }
        }
        letters.sort(Comparator.comparingLong(Outgoing::id));
        return letters;
    }

    @Override
    public void sent(Collection<Outgoing> messages) {
        commit.sent(messages);
    }

    @Override
    public void postpone(Collection<Outgoing> messages, long millis) {
        commit.postpone(messages, millis);
    }

    @Override
    public void commit() {
        demandOpen();
        if (!commit.isEmpty()) {
            List<?> answer = server.list(commit.call());
            long stale = Reader.number(answer, 0);
            if (stale > 0) {
                StoredConvoy convoy = commit.checked((int) stale - 1);
                throw new StaleConvoyException(convoy.machine(), convoy.key());
            }
            long lost = Reader.number(answer, 1);
            if (lost > 0) {
                LOG.warn("{} messages were sent after their lease had ended, and may come twice", lost);
            }
            claims.end();
        }
        close();
    }

    private void demandOpen() {
        if (!open) {
            throw new IllegalStateException("the transaction has ended");
        }
    }

    @Override
    public <T> Optional<T> unwrap(Class<T> type) {
        return UnifiedJedis.class.isAssignableFrom(type) && type.isInstance(server.client())
                ? Optional.of(type.cast(server.client()))
                : Optional.empty();
    }

    @Override
    public void close() {
        open = false;
        claims.release();
    }
}
