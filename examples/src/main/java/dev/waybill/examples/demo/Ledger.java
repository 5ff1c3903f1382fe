package dev.waybill.examples.demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the books: which messages were sent, what became of each, and how often. What it is told twice (an attempt, a dead
 * letter that is read again) it counts once. Thread-safe.
 */
final class Ledger {
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, Integer> types = new HashMap<>();
    private final Map<String, Integer> repositories = new HashMap<>();
    private final Map<String, Integer> consumers = new TreeMap<>();
    private final Map<String, List<Long>> waits = new HashMap<>();
    private final List<DeadFile> dead = new ArrayList<>();
    private long pulse;
    private int open;
    private int done;
    private int redelivered;
    private int unflagged;
    private int altered;
    private int strangers;
    private long bytes;
    private long redriven;

    /** One message. */
    private static final class Entry {
        final String file;
        final String sha256;
        final List<String> attempts = new ArrayList<>(1);
        boolean stored;

        @Nullable
        String refusal;

        int deaths;
        int unflagged;

        Entry(String file, String sha256) {
            this.file = file;
            this.sha256 = sha256;
        }

        boolean seen() {
            return !attempts.isEmpty() || deaths > 0;
        }

        /** The broker said so, or it came out of the queue, which proves it too. */
        boolean sent() {
            return stored || seen();
        }
    }

    /** A message is about to be sent. */
    synchronized void expect(String id, String file, String sha256) {
        pulse++;
        entries.put(id, new Entry(file, sha256));
    }

    /** The broker has it. */
    synchronized void stored(String id) {
        pulse++;
        Entry entry = entry(id);
        entry.stored = true;
        if (!entry.seen()) {
            open++;
        }
    }

    /** The broker does not have it, or does not say. */
    synchronized void notStored(String id, String reason) {
        pulse++;
        entry(id).refusal = reason;
    }

    private Entry entry(String id) {
        Entry entry = entries.get(id);
        if (entry == null) {
            throw new IllegalArgumentException("message " + id + " was not expected");
        }
        return entry;
    }

    /** A consumer has worked on a message. */
    synchronized void processed(WorkResult result) {
        pulse++;
        Entry entry = entries.get(result.messageId());
        if (entry == null) {
            strangers++;
            return;
        }
        if (entry.attempts.contains(result.attempt())) {
            return;
        }
        came(entry, result.redelivered());
        if (entry.attempts.isEmpty()) {
            types.merge(result.type(), 1, Integer::sum);
            repositories.merge(result.repository(), 1, Integer::sum);
            bytes += result.bytes();
            waits.computeIfAbsent(result.tier(), tier -> new ArrayList<>()).add(result.waitedMillis());
        }
        entry.attempts.add(result.attempt());
        consumers.merge(result.consumer(), 1, Integer::sum);
        if (result.redelivered()) {
            redelivered++;
        }
        if (!entry.sha256.equals(result.sha256())) {
            altered++;
        }
    }

    /**
     * A message has come to the dead-letter queue.
     *
     * @param redelivered whether the delivery on which it died was flagged as redelivered
     * @param again whether this reading of the dead-letter queue is flagged as redelivered
     */
    synchronized void dead(String id, DeadFile file, boolean redelivered, boolean again) {
        pulse++;
        Entry entry = entries.get(id);
        if (entry == null) {
            strangers++;
            return;
        }
        if (again && entry.deaths > 0) {
            return;
        }
        came(entry, redelivered);
        entry.deaths++;
        dead.add(file);
    }

    /** So many dead letters were sent to their queue again, whose deaths nobody has told of. */
    synchronized void redriven(long letters) {
        pulse++;
        redriven += letters;
    }

    private void came(Entry entry, boolean redelivered) {
        if (!entry.seen()) {
            done++;
            if (entry.stored) {
                open--;
            }
        }
        // Results may come in another order than the deliveries; but only one delivery of a message may be the first.
        if (!redelivered && ++entry.unflagged > 1) {
            unflagged++;
        }
    }

    /** How many messages have come to an end. */
    synchronized int done() {
        return done;
    }

    /** How many messages the broker has taken that have not come to an end. */
    synchronized int open() {
        return open;
    }

    /** How many entries have been made: it stands still when nothing happens. */
    synchronized long pulse() {
        return pulse;
    }

    synchronized Summary summary() {
        int sent = 0;
        int processed = 0;
        int died = 0;
        int duplicates = 0;
        List<String> lost = new ArrayList<>();
        List<String> unsent = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (!entry.sent()) {
                unsent.add(entry.file + ": " + (entry.refusal == null ? "no answer" : entry.refusal));
                continue;
            }
            sent++;
            duplicates += Math.max(0, entry.attempts.size() + entry.deaths - 1);
            if (!entry.attempts.isEmpty()) {
                processed++;
            } else if (entry.deaths > 0) {
                died++;
            } else {
                lost.add(entry.file);
            }
        }
        Totals totals =
                new Totals(sent, processed, died, redriven, lost.size(), duplicates, unflagged, altered, unsent.size());
        return new Summary(
                totals,
                Map.copyOf(types),
                Map.copyOf(repositories),
                new TreeMap<>(consumers),
                Map.copyOf(waits),
                redelivered,
                bytes,
                List.copyOf(dead),
                lost,
                unsent,
                strangers);
    }
}
