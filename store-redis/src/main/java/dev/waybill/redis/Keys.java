package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStore;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The keys of a store, all in one slot of a cluster. Thread-safe. */
final class Keys {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,48}");

    private final String name;
    /** They are few, and asked for with every key. */
    private final Map<String, Machine> machines = new ConcurrentHashMap<>();

    Keys(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("name of the convoy store is '" + name
                    + "' but must be 1 to 48 letters, digits, dots, underscores and hyphens");
        }
        this.name = name;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    byte[] store() {
        return key("store");
    }

    byte[] probe() {
        return key("probe");
    }

    private byte[] key(String rest) {
        return bytes("{" + name + "}:" + rest);
    }

    /** A machine's keys. */
    Machine machine(String machine) {
        return machines.computeIfAbsent(
                machine, name -> new Machine(URLEncoder.encode(checked("machine", name), StandardCharsets.UTF_8)));
    }

    /** One of a convoy's keys. */
    byte[] of(Part part, String machine, String key) {
        return machine(machine).of(part.name + ":" + checked("convoy", key));
    }

    private static String checked(String what, String text) {
        if (text.length() > ConvoyStore.LONGEST_NAME) {
            throw new IllegalArgumentException("the key of a " + what + " has " + text.length()
                    + " characters but may have " + ConvoyStore.LONGEST_NAME + ": '" + text + "'");
        }
        return text;
    }

    @Override
    public String toString() {
        return name;
    }

    /** What there is of a convoy. */
    enum Part {
        CONVOY("convoy"),
        HISTORY("history"),
        IDS("ids"),
        HELD("held"),
        LETTERS("letters");

        private final String name;

        Part(String name) {
            this.name = name;
        }
    }

    /** Of all convoys of a machine. */
    final class Machine {
        private final String prefix;
        private final byte[] index;
        private final byte[] counts;
        private final byte[] outbox;
        private final Claimable due;
        private final Claimable sending;

        private Machine(String machine) {
            prefix = machine + ":";
            index = of("index");
            counts = of("counts");
            outbox = of("outbox");
            due = claimable("due");
            sending = claimable("sending");
        }

        private byte[] of(String rest) {
            return key(prefix + rest);
        }

        private Claimable claimable(String what) {
            return new Claimable(of(what), of(what + ":leases"), of(what + ":owners"));
        }

        byte[] index() {
            return index;
        }

        byte[] counts() {
            return counts;
        }

        byte[] outbox() {
            return outbox;
        }

        Claimable due() {
            return due;
        }

        Claimable sending() {
            return sending;
        }
    }

    /** Where convoys wait that one transaction at a time may have. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Claimable(byte[] candidates, byte[] leases, byte[] owners) {}
}
