package dev.waybill.servers;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How the tests want Redis: what it has confirmed outlives a power failure. */
final class RedisSettings {
    private RedisSettings() {}

    /** @param ours what depends on where it runs */
    static String configuration(Map<String, String> ours, ServerOptions options) {
        Map<String, String> lines = new TreeMap<>(Map.of("appendonly", "yes", "appendfsync", "always", "save", "\"\""));
        lines.putAll(ours);
        lines.putAll(options.config());
        return lines.entrySet().stream()
                .map(line -> line.getKey() + " " + line.getValue() + "\n")
                .collect(Collectors.joining());
    }
}
