package dev.waybill.examples.demo;

import dev.waybill.PriorityPolicy;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The report at the end, as text; its last line is the ledger's. */
final class Report {
    private static final int MOST_TYPES = 10;
    private static final int MOST_REPOSITORIES = 5;
    private static final int MOST_FILES = 10;
    private static final int LONGEST_BAR = 40;

    private Report() {}

    static String of(DemoRun.Result result) {
        Summary summary = result.summary();
        StringBuilder out = new StringBuilder();
        counted(out, "Type", summary.types(), MOST_TYPES);
        counted(out, "Repository", summary.repositories(), MOST_REPOSITORIES);
        consumers(out, summary);
        waits(out, summary.waits());
        deadLetters(out, summary.dead());
        files(out, "LOST", summary.lost());
        files(out, "NOT SENT", summary.unsent());
        facts(out, result);
        return out.append(summary.totals().line()).toString();
    }

    private static void counted(StringBuilder out, String what, Map<String, Integer> counts, int most) {
        TextTable table = new TextTable(
                what + (counts.size() > most ? " (the first " + most + " of " + counts.size() + ")" : ""),
                "name",
                "messages");
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(most)
                .forEach(entry -> table.row(entry.getKey(), entry.getValue()));
        table.appendTo(out);
    }

    private static void consumers(StringBuilder out, Summary summary) {
        int all = summary.consumers().values().stream()
                .mapToInt(Integer::intValue)
                .sum();
        TextTable table = new TextTable("Consumers", "name", "messages", "share");
        summary.consumers().forEach((name, count) -> table.row(name, count, Math.round(100.0 * count / all) + " %"));
        table.appendTo(out);
    }

    /** The bar ends at what nine of ten waited at most. */
    private static void waits(StringBuilder out, Map<String, List<Long>> waits) {
        long longest =
                waits.values().stream().mapToLong(all -> part(all, 90)).max().orElse(0);
        TextTable table =
                new TextTable("Wait for a handler, by tier", "tier", "messages", "half, ms", "9 of 10, ms", "");
        for (PriorityPolicy.Tier tier : Tiers.POLICY.tiers()) {
            List<Long> all = waits.getOrDefault(tier.name(), List.of());
            if (!all.isEmpty()) {
                long nine = part(all, 90);
                String bar = "#".repeat((int) (LONGEST_BAR * nine / Math.max(1, longest)));
                table.row(tier.name(), all.size(), part(all, 50), nine, bar);
            }
        }
        table.appendTo(out);
    }

    private static long part(List<Long> waits, int percent) {
        List<Long> sorted = waits.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }

    private static void deadLetters(StringBuilder out, List<DeadFile> dead) {
        Map<DeadFile, Long> alike =
                dead.stream().collect(Collectors.groupingBy(file -> file, LinkedHashMap::new, Collectors.counting()));
        TextTable table = new TextTable("Dead letters", "file", "messages", "deliveries", "reason");
        alike.entrySet().stream().limit(MOST_FILES).forEach(entry -> {
            DeadFile file = entry.getKey();
            table.row(file.file(), entry.getValue(), file.deliveries(), file.reason());
        });
        table.appendTo(out);
        more(out, alike.size());
    }

    private static void files(StringBuilder out, String what, List<String> files) {
        Map<String, Integer> alike = new HashMap<>();
        files.forEach(file -> alike.merge(file, 1, Integer::sum));
        counted(out, what, alike, MOST_FILES);
    }

    private static void more(StringBuilder out, int size) {
        if (size > MOST_FILES) {
            out.append("  and ").append(size - MOST_FILES).append(" more\n\n");
        }
    }

    private static void facts(StringBuilder out, DemoRun.Result result) {
        Summary summary = result.summary();
        Totals totals = summary.totals();
        double seconds = result.took().toMillis() / 1000.0;
        out.append(String.format(
                Locale.ROOT,
                "%s: %,d bytes in %.1f s; every SHA-256 digest %s%n",
                result.broker(),
                summary.bytes(),
                seconds,
                totals.altered() == 0 ? "is that of the file" : "but " + totals.altered() + " is that of the file"));
        out.append(result.kill()).append('\n');
        out.append(result.gateway()).append('\n');
        out.append(String.format(
                Locale.ROOT,
                "%d processed on a redelivery; duplicates without a redelivery flag: %d%n",
                summary.redelivered(),
                totals.unflagged()));
        if (summary.strangers() > 0) {
            out.append("taken from the queues, left over by other runs: ")
                    .append(summary.strangers())
                    .append('\n');
        }
    }
}
