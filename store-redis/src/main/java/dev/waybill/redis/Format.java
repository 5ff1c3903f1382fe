package dev.waybill.redis;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.Outgoing;
import dev.waybill.convoy.StoredConvoy;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How things are written, see the package. What cannot be read throws an {@link IllegalArgumentException}. */
final class Format {
    static final String VERSION = "1";

    /** The fields of a convoy, in the order in which {@link #convoy} expects their values. */
    static final List<String> CONVOY = List.of(
            "state",
            "status",
            "version",
            "machine-version",
            "data",
            "created",
            "since",
            "due",
            "held",
            "failures",
            "failed-message",
            "failure",
            "steps",
            "alerted");

    private Format() {}

    /** Adds names and values; what is null is left out. */
    static void convoy(StoredConvoy convoy, Call call) {
        String failedMessage = convoy.failedMessage();
        String failure = convoy.failure();
        call.arg(2L * (CONVOY.size() - (failedMessage == null ? 1 : 0) - (failure == null ? 1 : 0)));
        call.arg("state").arg(convoy.state());
        call.arg("status").arg(convoy.status().name());
        call.arg("version").arg(convoy.version());
        call.arg("machine-version").arg(convoy.machineVersion());
        call.arg("data").arg(convoy.data());
        call.arg("created").arg(convoy.createdAt());
        call.arg("since").arg(convoy.since());
        call.arg("due").arg(convoy.dueAt());
        call.arg("held").arg(convoy.held());
        call.arg("failures").arg(convoy.failures());
        call.arg("steps").arg(convoy.steps());
        call.arg("alerted").arg(convoy.alerted() ? 1 : 0);
        if (failedMessage != null) {
            call.arg("failed-message").arg(failedMessage);
        }
        if (failure != null) {
            call.arg("failure").arg(failure);
        }
    }

    static StoredConvoy convoy(String machine, String key, List<byte[]> values) {
        return new StoredConvoy(
                machine,
                key,
                text(values, 0),
                ConvoyStatus.valueOf(text(values, 1)),
                number(values, 2),
                Math.toIntExact(number(values, 3)),
                value(values, 4),
                number(values, 5),
                number(values, 6),
                number(values, 7),
                number(values, 13) == 1,
                Math.toIntExact(number(values, 8)),
                number(values, 12),
                Math.toIntExact(number(values, 9)),
                textOrNull(values.get(10)),
                textOrNull(values.get(11)));
    }

    private static byte[] value(List<byte[]> values, int field) {
        byte[] value = values.get(field);
        if (value == null) {
            throw new IllegalArgumentException("there is no field " + CONVOY.get(field));
        }
        return value;
    }

    private static String text(List<byte[]> values, int field) {
        return Keys.text(value(values, field));
    }

    private static long number(List<byte[]> values, int field) {
        return Long.parseLong(text(values, field));
    }

    private static @Nullable String textOrNull(byte @Nullable [] value) {
        return value == null ? null : Keys.text(value);
    }

    /** Of the field that counts its convoys. */
    static ConvoyCensus.Group group(String field) {
        int space = field.indexOf(' ');
        if (space < 0) {
            throw new IllegalArgumentException("field '" + field + "' names no status and state");
        }
        return new ConvoyCensus.Group(field.substring(space + 1), ConvoyStatus.valueOf(field.substring(0, space)));
    }

    static byte[] history(HistoryEntry entry) {
        return Fields.withoutBody()
                .with("version", entry.version())
                .with("at", entry.at())
                .with("message", entry.messageId())
                .with("event", entry.event())
                .with("from", entry.from())
                .with("to", entry.to())
                .encode();
    }

    static HistoryEntry history(byte[] encoded) {
        Fields fields = Fields.decode(encoded);
        return new HistoryEntry(
                Long.parseLong(fields.get("version")),
                Long.parseLong(fields.get("at")),
                fields.get("message"),
                fields.get("event"),
                fields.get("from"),
                fields.get("to"));
    }

    static byte[] held(HeldMessage message) {
        return Fields.of(message.body())
                .with("id", message.messageId())
                .with("type", message.type())
                .withAll("h.", message.headers())
                .encode();
    }

    static HeldMessage held(byte[] order, byte[] encoded) {
        Fields fields = Fields.decode(encoded);
        return new HeldMessage(
                Long.parseLong(Keys.text(order)),
                fields.get("id"),
                fields.get("type"),
                fields.all("h."),
                fields.body());
    }

    /** Without its number, which it gets when it is stored. */
    static byte[] letter(Outgoing letter) {
        return Fields.of(letter.body())
                .with("queue", letter.queue())
                .withAll("m.", letter.message())
                .encode();
    }

    static Outgoing letter(String convoy, byte[] encoded, byte[] storedFor) {
        int space = 0;
        while (space < encoded.length && encoded[space] != ' ') {
            space++;
        }
        if (space == encoded.length) {
            throw new IllegalArgumentException("a letter has no number");
        }
        long id = Long.parseLong(Keys.text(Arrays.copyOf(encoded, space)));
        Fields fields = Fields.decode(Arrays.copyOfRange(encoded, space + 1, encoded.length));
        return new Outgoing(
                id, convoy, fields.get("queue"), fields.all("m."), fields.body(), Long.parseLong(Keys.text(storedFor)));
    }
}
