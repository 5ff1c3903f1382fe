package dev.waybill.convoy;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Keeps convoys in this process: for tests, and where they may be forgotten when it ends. Thread-safe. */
public final class InMemoryConvoyStore implements ConvoyStore {
    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Id, Kept> convoys = new HashMap<>();
    /** Those with a time, by time. */
    private final TreeMap<Due, Id> due = new TreeMap<>();

    private final TreeMap<Long, Letters> outgoing = new TreeMap<>();
    /** What a transaction has got to itself. */
    private final Set<Id> taken = new HashSet<>();

    private final Set<Id> sending = new HashSet<>();
    private long lastId;

    /** By the system's clock. */
    public InMemoryConvoyStore() {
        this(Clock.systemUTC());
    }

    public InMemoryConvoyStore(Clock clock) {
        this.clock = Objects.requireNonNull(clock, "clock");
    }

    private record Id(String machine, String key) {}

    private record Due(long at, String machine, String key) implements Comparable<Due> {
        private static final Comparator<Due> ORDER =
                Comparator.comparingLong(Due::at).thenComparing(Due::machine).thenComparing(Due::key);

        @Override
        public int compareTo(Due other) {
            return ORDER.compare(this, other);
        }
    }

    /** A message to send, since when, and from when on. */
    private record Letters(Id convoy, Outgoing letter, long since, long from) {}

    private static final class Kept {
        StoredConvoy convoy;
        final ArrayDeque<HistoryEntry> history = new ArrayDeque<>();
        final Set<String> known = new HashSet<>();
        final TreeMap<Long, HeldMessage> held = new TreeMap<>();

        Kept(StoredConvoy convoy) {
            this.convoy = convoy;
        }
    }

    @Override
    public Transaction begin() {
        return new InMemoryTransaction();
    }

    @Override
    public List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit) {
        lock.lock();
        try {
            long now = clock.millis();
            return convoys.values().stream()
                    .map(kept -> kept.convoy)
                    .filter(convoy -> convoy.machine().equals(machine)
                            && convoy.key().compareTo(after) > 0
                            && filter.matches(convoy, now))
                    .sorted(Comparator.comparing(StoredConvoy::key))
                    .limit(limit)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<ConvoyDetails> show(String machine, String key) {
        lock.lock();
        try {
            Id id = new Id(machine, key);
            return Optional.ofNullable(convoys.get(id))
                    .map(kept -> new ConvoyDetails(
                            kept.convoy,
                            List.copyOf(kept.history),
                            List.copyOf(kept.held.values()),
                            outgoing.values().stream()
                                    .filter(letters -> letters.convoy.equals(id))
                                    .count()));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public ConvoyCensus census(String machine) {
        lock.lock();
        try {
            long now = clock.millis();
            List<StoredConvoy> all = convoys.values().stream()
                    .map(kept -> kept.convoy)
                    .filter(convoy -> convoy.machine().equals(machine))
                    .toList();
            List<Long> waiting = due.keySet().stream()
                    .filter(one -> one.at <= now && one.machine.equals(machine))
                    .map(one -> now - one.at)
                    .toList();
            List<Long> letters = outgoing.values().stream()
                    .filter(one -> one.convoy.machine.equals(machine))
                    .map(one -> now - one.since)
                    .toList();
            return new ConvoyCensus(
                    all.stream()
                            .collect(Collectors.groupingBy(
                                    convoy -> new ConvoyCensus.Group(convoy.state(), convoy.status()),
                                    Collectors.counting())),
                    all.stream().mapToLong(StoredConvoy::held).sum(),
                    waiting.size(),
                    first(waiting),
                    letters.size(),
                    first(letters));
        } finally {
            lock.unlock();
        }
    }

    private static long first(List<Long> waiting) {
        return waiting.isEmpty() ? 0 : waiting.get(0);
    }

    private void apply(Change change) {
        StoredConvoy after = change.after();
        Id id = new Id(after.machine(), after.key());
        Kept kept = convoys.computeIfAbsent(id, first -> new Kept(after));
        dueAt(kept.convoy, false);
        kept.convoy = after;
        dueAt(after, true);
        kept.history.addAll(change.history());
        change.history().forEach(entry -> kept.known.add(entry.messageId()));
        while (change.keep() > 0 && kept.history.size() > change.keep()) {
            kept.known.remove(kept.history.remove().messageId());
        }
        change.release().forEach(message -> kept.held.remove(message.order()));
        change.hold().forEach(message -> kept.held.put(message.order(), message));
        for (Outgoing letter : change.send()) {
            long number = ++lastId;
            outgoing.put(number, new Letters(id, stored(number, letter, 0), clock.millis(), 0));
        }
    }

    private static Outgoing stored(long number, Outgoing letter, long storedFor) {
        return new Outgoing(number, letter.key(), letter.queue(), letter.message(), letter.body(), storedFor);
    }

    private void dueAt(StoredConvoy convoy, boolean is) {
        if (convoy.dueAt() == 0) {
            return;
        }
        Due at = new Due(convoy.dueAt(), convoy.machine(), convoy.key());
        if (is) {
            due.put(at, new Id(convoy.machine(), convoy.key()));
        } else {
            due.remove(at);
        }
    }

    private @Nullable StoredConvoy find(Id id) {
        Kept kept = convoys.get(id);
        return kept == null ? null : kept.convoy;
    }

    /** Collects changes, and makes them all at the end if nobody else has made any. */
    private final class InMemoryTransaction implements Transaction {
        private final Map<Id, Change> changes = new LinkedHashMap<>();
        private final List<StoredConvoy> deleted = new ArrayList<>();
        private final Set<Id> mine = new HashSet<>();
        private final Set<Id> mineToSend = new HashSet<>();
        private final List<Outgoing> sent = new ArrayList<>();
        private final Map<Outgoing, Long> postponed = new LinkedHashMap<>();
        private final long now = clock.millis();

        @Override
        public Loaded load(String machine, String key, String messageId) {
            lock.lock();
            try {
                Kept kept = convoys.get(new Id(machine, key));
                if (kept == null) {
                    return new Loaded(null, false);
                }
                boolean known = !messageId.isEmpty()
                        && (kept.known.contains(messageId)
                                || kept.held.values().stream()
                                        .anyMatch(held -> held.messageId().equals(messageId)));
                return new Loaded(kept.convoy, known);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public List<HeldMessage> held(StoredConvoy convoy) {
            lock.lock();
            try {
                Kept kept = convoys.get(new Id(convoy.machine(), convoy.key()));
                return kept == null ? List.of() : List.copyOf(kept.held.values());
            } finally {
                lock.unlock();
            }
        }

        @Override
        public List<StoredConvoy> due(String machine, int limit) {
            lock.lock();
            try {
                List<StoredConvoy> found = new ArrayList<>();
                for (Map.Entry<Due, Id> entry : due.entrySet()) {
                    if (entry.getKey().at > now || found.size() == limit) {
                        break;
                    }
                    Id id = entry.getValue();
                    StoredConvoy convoy = find(id);
                    if (convoy != null && id.machine.equals(machine) && taken.add(id)) {
                        mine.add(id);
                        found.add(convoy);
                    }
                }
                return found;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public long untilDue(String machine) {
            lock.lock();
            try {
                return due.tailMap(new Due(now + 1, "", "")).keySet().stream()
                        .filter(one -> one.machine.equals(machine))
                        .mapToLong(one -> one.at - now)
                        .findFirst()
                        .orElse(Long.MAX_VALUE);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public long now() {
            return now;
        }

        @Override
        public void save(Change change) {
            StoredConvoy after = change.after();
            if (changes.put(new Id(after.machine(), after.key()), change) != null) {
                throw new IllegalStateException(after + " is changed twice in a transaction");
            }
        }

        @Override
        public void delete(StoredConvoy convoy) {
            deleted.add(convoy);
        }

        @Override
        public List<Outgoing> outgoing(String machine, int limit) {
            lock.lock();
            try {
                List<Outgoing> found = new ArrayList<>();
                Set<Id> barred = new HashSet<>();
                long bytes = 0;
                for (Letters letters : outgoing.values()) {
                    if (found.size() == limit) {
                        break;
                    }
                    Id id = letters.convoy;
                    if (!id.machine.equals(machine)) {
                        continue;
                    }
                    if (letters.from > now || sending.contains(id) && !mineToSend.contains(id)) {
                        barred.add(id);
                    }
                    if (!barred.contains(id)) {
                        bytes += letters.letter.body().length;
                        if (bytes > MOST_OUTGOING_BYTES && !found.isEmpty()) {
                            break;
                        }
                        sending.add(id);
                        mineToSend.add(id);
                        found.add(stored(letters.letter.id(), letters.letter, now - letters.since));
                    }
                }
                return found;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void sent(Collection<Outgoing> messages) {
            sent.addAll(messages);
        }

        @Override
        public void postpone(Collection<Outgoing> messages, long millis) {
            messages.forEach(message -> postponed.put(message, now + millis));
        }

        @Override
        public void commit() {
            lock.lock();
            try {
                changes.forEach((id, change) -> check(id, change.before()));
                deleted.forEach(convoy -> check(new Id(convoy.machine(), convoy.key()), convoy));
                changes.values().forEach(InMemoryConvoyStore.this::apply);
                for (StoredConvoy convoy : deleted) {
                    dueAt(convoy, false);
                    convoys.remove(new Id(convoy.machine(), convoy.key()));
                }
                sent.forEach(message -> outgoing.remove(message.id()));
                postponed.forEach((message, from) -> outgoing.computeIfPresent(
                        message.id(),
                        (id, letters) -> new Letters(letters.convoy, letters.letter, letters.since, from)));
            } finally {
                lock.unlock();
                close();
            }
        }

        private void check(Id id, StoredConvoy before) {
            StoredConvoy current = find(id);
            if ((current == null ? 0 : current.version()) != before.version()) {
                throw new StaleConvoyException(id.machine, id.key);
            }
        }

        @Override
        public <T> Optional<T> unwrap(Class<T> type) {
            return Optional.empty();
        }

        @Override
        public void close() {
            lock.lock();
            try {
                taken.removeAll(mine);
                mine.clear();
                sending.removeAll(mineToSend);
                mineToSend.clear();
            } finally {
                lock.unlock();
            }
        }
    }
}
