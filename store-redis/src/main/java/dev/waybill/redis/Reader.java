package dev.waybill.redis;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStore.Loaded;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.redis.Keys.Machine;
import dev.waybill.redis.Keys.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Asks for convoys. Thread-safe. */
final class Reader {
    /** What one script looks at: a millisecond or so, in which nobody else is served. */
    private static final int PAGE = 500;

    private final Server server;
    private final Keys keys;

    Reader(Server server) {
        this.server = server;
        keys = server.keys();
    }

    /** With the time. */
    record Found(long now, Loaded loaded) {}

    /** With the time; null for those that are not there or not meant. */
    record Several(long now, List<@Nullable StoredConvoy> convoys) {}

    Found load(String machine, String key, String messageId) {
        byte[] convoy = keys.of(Part.CONVOY, machine, key);
        List<?> answer = server.list(server.call(Script.LOAD)
                .key(convoy)
                .key(keys.of(Part.IDS, machine, key))
                .arg(messageId)
                .args(Format.CONVOY));
        return new Found(
                number(answer, 0), new Loaded(convoy(machine, key, convoy, answer.get(2)), number(answer, 1) == 1));
    }

    private @Nullable StoredConvoy convoy(String machine, String key, byte[] at, @Nullable Object fields) {
        return fields == null ? null : server.read(at, () -> Format.convoy(machine, key, values(fields)));
    }

    /** The convoys of these keys. */
    Several convoys(String machine, List<String> convoys, ConvoyFilter filter) {
        Call call = server.call(Script.CONVOYS)
                .arg(filter.state().orElse(""))
                .arg(filter.status().map(Enum::name).orElse(""))
                .arg(filter.age().toMillis())
                .args(Format.CONVOY);
        convoys.forEach(key -> call.key(keys.of(Part.CONVOY, machine, key)));
        List<?> answer = server.list(call);
        List<?> rows = (List<?>) answer.get(1);
        List<@Nullable StoredConvoy> found = new ArrayList<>();
        for (int i = 0; i < convoys.size(); i++) {
            // What is nothing at the end of a list is not in it.
            Object row = i < rows.size() ? rows.get(i) : null;
            found.add(convoy(machine, convoys.get(i), call.keys().get(i + 1), row));
        }
        return new Several(number(answer, 0), found);
    }

    List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit) {
        List<StoredConvoy> found = new ArrayList<>();
        String last = after;
        boolean more = true;
        while (more && found.size() < limit) {
            List<?> answer = server.list(server.call(Script.PAGE)
                    .key(keys.machine(machine).index())
                    .arg(last)
                    .arg(PAGE));
            List<String> page = texts(answer.get(1));
            more = page.size() == PAGE;
            if (!page.isEmpty()) {
                last = page.get(page.size() - 1);
                for (StoredConvoy convoy : convoys(machine, page, filter).convoys()) {
                    if (convoy != null && found.size() < limit) {
                        found.add(convoy);
                    }
                }
            }
        }
        return found;
    }

    /** @param script whether with bodies */
    List<HeldMessage> held(Script script, String machine, String key) {
        byte[] held = keys.of(Part.HELD, machine, key);
        return held(held, server.list(server.call(script).key(held)));
    }

    private List<HeldMessage> held(byte[] at, Object answer) {
        List<byte[]> orderAndMessage = values(answer);
        List<HeldMessage> held = new ArrayList<>();
        for (int i = 0; i < orderAndMessage.size(); i += 2) {
            byte[] order = orderAndMessage.get(i);
            byte[] message = orderAndMessage.get(i + 1);
            held.add(server.read(at, () -> Format.held(order, message)));
        }
        held.sort(Comparator.comparingLong(HeldMessage::order));
        return held;
    }

    Optional<ConvoyDetails> show(String machine, String key) {
        byte[] convoy = keys.of(Part.CONVOY, machine, key);
        byte[] held = keys.of(Part.HELD, machine, key);
        byte[] history = keys.of(Part.HISTORY, machine, key);
        List<?> answer = server.list(server.call(Script.SHOW)
                .key(convoy)
                .key(held)
                .key(history)
                .key(keys.of(Part.LETTERS, machine, key))
                .args(Format.CONVOY));
        StoredConvoy found = convoy(machine, key, convoy, answer.get(1));
        if (found == null) {
            return Optional.empty();
        }
        List<HistoryEntry> entries = values(answer.get(3)).stream()
                .map(entry -> server.read(history, () -> Format.history(entry)))
                .toList();
        return Optional.of(new ConvoyDetails(found, entries, held(held, answer.get(2)), number(answer, 4)));
    }

    ConvoyCensus census(String machine) {
        Machine of = keys.machine(machine);
        List<?> answer = server.list(server.call(Script.CENSUS)
                .key(of.counts())
                .key(of.due().candidates())
                .key(of.outbox()));
        List<String> counts = texts(answer.get(0));
        Map<ConvoyCensus.Group, Long> groups = new HashMap<>();
        long held = 0;
        for (int i = 0; i < counts.size(); i += 2) {
            String field = counts.get(i);
            String value = counts.get(i + 1);
            long count = server.read(of.counts(), () -> Long.parseLong(value));
            if (field.equals("held")) {
                held = count;
            } else if (count > 0) {
                groups.put(server.read(of.counts(), () -> Format.group(field)), count);
            }
        }
        return new ConvoyCensus(
                groups, held, number(answer, 1), number(answer, 2), number(answer, 3), number(answer, 4));
    }

    static long number(List<?> answer, int place) {
        return (Long) answer.get(place);
    }

    @SuppressWarnings("unchecked") // what Jedis makes of an array of strings
    static List<byte[]> values(Object answer) {
        return (List<byte[]>) answer;
    }

    static List<String> texts(Object answer) {
        return values(answer).stream().map(Keys::text).toList();
    }
}
