package dev.waybill.benchmarks;

import dev.waybill.DeadLetterHeaders;
import java.util.Map;

/** What a plain client writes onto a message that it puts aside, and takes off again. */
final class DeathHeaders {
    static final String PREFIX = "waybill-death-";

    private DeathHeaders() {}

    /** Why, where and when. */
    static Map<String, String> of(String queue) {
        return Map.of(
                DeadLetterHeaders.REASON,
                "benchmark",
                DeadLetterHeaders.QUEUE,
                queue,
                DeadLetterHeaders.DELIVERIES,
                "1",
                DeadLetterHeaders.TIME,
                Long.toString(System.currentTimeMillis()));
    }

    static boolean says(String header) {
        return header.startsWith(PREFIX);
    }
}
