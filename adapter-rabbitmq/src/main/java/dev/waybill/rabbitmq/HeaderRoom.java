package dev.waybill.rabbitmq;

import dev.waybill.spi.Envelope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How large the headers of a message may be. They travel in one frame, and to one that fills it the server adds its own when it delivers
 * the message again or dead-letters it: a client that is sent a larger frame than was agreed closes the connection, each time anew. So
 * an eighth of a frame is left to the server, and of the rest as much again by half to what core adds when a message dies.
 *
 * @param most the largest headers of all, in bytes
 * @param mostOfApplication the largest headers of the application's own
 */
record HeaderRoom(long most, long mostOfApplication) {
    /** On a dead letter: the names of the headers that are not whole. */
    static final String CUT = "waybill-cut";

    private static final String OURS = "waybill-";
    private static final int KEPT_CHARACTERS = 64;

    /** @param frameMax as agreed with the server, in bytes; 0 for no limit */
    static HeaderRoom of(int frameMax) {
        if (frameMax == 0) {
            return new HeaderRoom(Long.MAX_VALUE, Long.MAX_VALUE);
        }
        long most = frameMax - (long) frameMax / 8;
        return new HeaderRoom(most, most - (long) frameMax / 16);
    }

    /** Why a message cannot be sent, or null if it can. */
    @Nullable
    String refusal(Envelope envelope) {
        if (bytes(envelope) <= mostOfApplication) {
            return null;
        }
        long own = bytesOfApplication(envelope);
        return own > mostOfApplication
                ? "its headers have " + own + " bytes, but RabbitMQ takes " + mostOfApplication
                : defect(envelope);
    }

    /** Why a message cannot be delivered again, or null if it can. */
    @Nullable
    String defect(Envelope envelope) {
        long bytes = bytes(envelope);
        return bytes > most
                ? "its headers have " + bytes + " bytes, but RabbitMQ can deliver it again with at most " + most
                : null;
    }

    /**
     * A dead letter with the application's headers cut, the largest first, as far as they leave no room; only other software sends such
     * messages. The body is not touched.
     */
    Envelope fitting(Envelope letter) {
        long over = bytesOfApplication(letter) - mostOfApplication;
        if (over <= 0) {
            return letter;
        }
        Map<String, String> headers = new LinkedHashMap<>(letter.headers());
        List<String> cut = new ArrayList<>();
        List<Map.Entry<String, String>> largestFirst = letter.headers().entrySet().stream()
                .filter(header -> !header.getKey().startsWith(OURS))
                .sorted(Comparator.comparingInt(header -> -header.getValue().length()))
                .toList();
        for (Map.Entry<String, String> header : largestFirst) {
            if (over <= 0) {
                break;
            }
            String name = header.getKey();
            String value = header.getValue();
            headers.put(name, value.substring(0, Math.min(KEPT_CHARACTERS, value.length())));
            cut.add(name);
            over -= value.length() - KEPT_CHARACTERS;
        }
        headers.put(CUT, String.join(",", cut));
        return new Envelope(
                letter.id(), letter.key(), letter.contentType(), letter.sentAtMillis(), headers, letter.body());
    }

    private static long bytes(Envelope envelope) {
        return envelope.size() - envelope.body().length;
    }

    private static long bytesOfApplication(Envelope envelope) {
        Map<String, String> own = new LinkedHashMap<>(envelope.headers());
        own.keySet().removeIf(name -> name.startsWith(OURS));
        return bytes(new Envelope(
                envelope.id(), envelope.key(), envelope.contentType(), envelope.sentAtMillis(), own, envelope.body()));
    }
}
