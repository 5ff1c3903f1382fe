package dev.waybill.internal;

import dev.waybill.DeadLetterHeaders;
import dev.waybill.spi.Envelope;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A message as it goes to the dead-letter queue: its body as it came, its headers, and why, when and where it died. */
final class DeadLetterCopy {
    private static final int LONGEST_TEXT = 1024;
    private static final int LONGEST_STACK = 4096;
    private static final String HOST = host();

    private DeadLetterCopy() {}

    /** The copy with all that is known, and one with little, for a message that is as large as the broker takes. */
    static List<Envelope> of(HeldMessage<?> message, String reason, @Nullable Throwable failure, Engine engine) {
        Envelope dead = message.inbound().envelope();
        // Without what an earlier death left, if somebody put a dead letter back by other means.
        Map<String, String> brief = DeadLetterView.withoutDeath(dead.headers());
        if (message.priority() > 0) {
            // Of what other software has put into a lane.
            brief.put(CoreHeaders.PRIORITY, Integer.toString(message.priority()));
        }
        brief.put(DeadLetterHeaders.REASON, cut(reason, LONGEST_TEXT / 8));
        brief.put(DeadLetterHeaders.QUEUE, message.queue());
        brief.put(DeadLetterHeaders.DELIVERIES, Integer.toString(message.deliveryCount()));
        brief.put(DeadLetterHeaders.TIME, Long.toString(engine.time().epochMillis()));
        Map<String, String> full = new LinkedHashMap<>(brief);
        full.put(DeadLetterHeaders.REASON, cut(reason, LONGEST_TEXT));
        full.put(DeadLetterHeaders.CONSUMER, engine.clientName());
        full.put(DeadLetterHeaders.HOST, HOST);
        if (failure != null) {
            full.put(DeadLetterHeaders.EXCEPTION, failure.getClass().getName());
            full.put(DeadLetterHeaders.MESSAGE, cut(String.valueOf(failure.getMessage()), LONGEST_TEXT));
            full.put(DeadLetterHeaders.STACK, cut(stack(failure), LONGEST_STACK));
        }
        return List.of(CoreHeaders.with(dead, full), CoreHeaders.with(dead, brief));
    }

    private static String stack(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static String cut(String text, int longest) {
        if (text.length() <= longest) {
            return text;
        }
        // Not through the middle of a surrogate pair, which no broker would give back as it was.
        return text.substring(0, Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "unknown";
        }
    }
}
