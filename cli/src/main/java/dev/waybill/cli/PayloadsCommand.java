package dev.waybill.cli;

import dev.waybill.claimcheck.PayloadCollector;
import dev.waybill.claimcheck.PayloadCollector.Entry;
import dev.waybill.claimcheck.PayloadCollector.Report;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "payloads",
        mixinStandardHelpOptions = true,
        description = "Payloads of claim checks, in their store.",
        subcommands = {PayloadsCommand.ListPayloads.class, PayloadsCommand.Collect.class})
final class PayloadsCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: list or collect");
    }

    /** In its largest whole unit. */
    private static String age(Duration age) {
        return age.toDays() > 0 ? age.toDays() + "d" : age.toHours() > 0 ? age.toHours() + "h" : age.toMinutes() + "m";
    }

    /** What all of them have. */
    abstract static class OfStore extends OutputCommand {
        @Mixin
        private final PayloadStoreOptions store = new PayloadStoreOptions();

        @Override
        public final Integer call() {
            return store.with(this::call);
        }

        /** Returns the exit code. */
        abstract int call(PayloadCollector payloads);
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Lists payloads in the order of their keys: of one queue the oldest first.")
    static final class ListPayloads extends OfStore {
        @Option(
                names = "--older-than",
                paramLabel = "DURATION",
                description = "Only those that were stored so long ago, such as P30D or PT1H.")
        private Duration age = Duration.ZERO;

        @Option(
                names = "--not-done",
                description = "Only those without a note that their message is done: it may need them.")
        private boolean notDone;

        @Option(names = "--after", paramLabel = "KEY", description = "Only those after this key.")
        private String after = "";

        @Option(names = "--max", paramLabel = "N", description = "So many at most; by default ${DEFAULT-VALUE}.")
        private int max = 50;

        @Override
        int call(PayloadCollector payloads) {
            Instant now = Instant.now();
            Predicate<Entry> filter =
                    payload -> Duration.between(payload.storedAt(), now).compareTo(age) >= 0
                            && !(notDone && payload.doneAt().isPresent());
            output.rows(
                    out(),
                    List.of("key", "bytes", "stored", "age", "done"),
                    payloads.list(filter, after, max).stream()
                            .map(payload -> row(payload, now))
                            .toList());
            return Main.DONE;
        }

        private static Map<String, Object> row(Entry payload, Instant now) {
            Map<String, Object> row = OutputOption.row();
            row.put("key", payload.key());
            row.put("bytes", payload.bytes());
            row.put("stored", payload.storedAt().toString());
            row.put("age", age(Duration.between(payload.storedAt(), now)));
            row.put("done", payload.doneAt().map(Instant::toString).orElse(""));
            return row;
        }
    }

    @Command(
            name = "collect",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Deletes payloads whose messages are done, as notes in the store say, and old notes; reports those "
                            + "that may be needed, by age. To be run now and then.")
    static final class Collect extends OfStore {
        @Option(
                names = "--keep",
                required = true,
                paramLabel = "DURATION",
                description =
                        "How long payloads are kept after their messages were done: PT0S, or what the queues declare.")
        private Duration keep = Duration.ZERO;

        @Option(
                names = "--keep-notes",
                paramLabel = "DURATION",
                description = "How long a note stays, by which a late copy of a message is known; by default 14 days.")
        private Duration keepNotes = Duration.ofDays(14);

        @Option(names = "--dry-run", description = "Only says what would be done.")
        private boolean dryRun;

        @Override
        int call(PayloadCollector payloads) {
            payloads.keep(keep).keepNotes(keepNotes);
            Report report = dryRun ? payloads.dryRun() : payloads.run();
            Map<String, Object> parts = OutputOption.row();
            parts.put("dryRun", dryRun);
            parts.put("deleted", report.deleted());
            parts.put("deletedBytes", report.deletedBytes());
            parts.put("deletedNotes", report.deletedNotes());
            parts.put("kept", report.kept());
            parts.put("notDone", report.needed());
            parts.put("notDoneBytes", report.neededBytes());
            parts.put(
                    "oldestNotDone",
                    report.oldestNeeded().map(Instant::toString).orElse(""));
            List<Map<String, Object>> ages =
                    report.neededByAge().stream().map(Collect::row).toList();
            if (output.json()) {
                parts.put("notDoneByAge", ages);
            }
            output.one(out(), parts);
            if (!output.json() && !ages.isEmpty()) {
                out().println();
                output.rows(out(), List.of("atLeast", "payloads", "bytes"), ages);
            }
            return Main.DONE;
        }

        private static Map<String, Object> row(Report.Age of) {
            Map<String, Object> row = OutputOption.row();
            row.put("atLeast", age(of.atLeast()));
            row.put("payloads", of.payloads());
            row.put("bytes", of.bytes());
            return row;
        }
    }
}
