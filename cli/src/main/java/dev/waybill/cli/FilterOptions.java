package dev.waybill.cli;

import dev.waybill.DeadLetterFilter;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which dead letters; all that are given must hold. */
final class FilterOptions {
    @Option(names = "--id", paramLabel = "ID", description = "That with this message id.")
    private @Nullable String id;

    @Option(names = "--header", paramLabel = "NAME=VALUE", description = "Those with this header.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(names = "--error", paramLabel = "CLASS", description = "Those that died of this exception.")
    private @Nullable String error;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "Those that have this text in body, headers or reason.")
    private @Nullable String text;

    @Option(names = "--older-than", paramLabel = "PT1H", description = "Those that died longer ago than that.")
    private @Nullable Duration olderThan;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Those that died then (2026-11-24T10:00:00Z) or later.")
    private @Nullable Instant since;

    DeadLetterFilter filter() {
        DeadLetterFilter filter = DeadLetterFilter.all();
        if (id != null) {
            filter = filter.and(DeadLetterFilter.id(id));
        }
        for (Map.Entry<String, String> header : headers.entrySet()) {
            filter = filter.and(DeadLetterFilter.header(header.getKey(), header.getValue()));
        }
        if (error != null) {
            filter = filter.and(DeadLetterFilter.error(error));
        }
        if (text != null) {
            filter = filter.and(DeadLetterFilter.text(text));
        }
        if (olderThan != null) {
            filter = filter.and(DeadLetterFilter.diedBefore(Instant.now().minus(olderThan)));
        }
        if (since != null) {
            filter = filter.and(DeadLetterFilter.diedSince(since));
        }
        return filter;
    }
}
