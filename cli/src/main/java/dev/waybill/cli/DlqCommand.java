package dev.waybill.cli;

import dev.waybill.DeadLetter;
import dev.waybill.DeadLetters;
import dev.waybill.Queue;
import dev.waybill.Redrive;
import dev.waybill.Redrive.Report;
import dev.waybill.Waybill;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "dlq",
        mixinStandardHelpOptions = true,
        description = "Dead letters.",
        subcommands = {
            DlqCommand.ListLetters.class,
            DlqCommand.ShowLetter.class,
            DlqCommand.RedriveLetters.class,
            DlqCommand.PurgeLetters.class
        })
final class DlqCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: list, show, redrive or purge");
    }

    /** What all of them have. */
    abstract static class OfQueue extends BrokerCommand {
        @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue whose dead letters it is about.")
        private String name = "";

        @Mixin
        private DeclarationOptions declaration = new DeclarationOptions();

        @Override
        int call(Waybill waybill) {
            return call(waybill.deadLetters(queue()));
        }

        final Queue<byte[]> queue() {
            return declaration.queue(name);
        }

        abstract int call(DeadLetters letters);

        final void report(Report report) {
            Map<String, Object> parts = OutputOption.row();
            parts.put("looked", report.looked());
            parts.put("matched", report.matched());
            parts.put("moved", report.moved());
            parts.put("failed", report.failed());
            output.one(out(), parts);
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Lists dead letters, the oldest first, and leaves them where they are.")
    static final class ListLetters extends OfQueue {
        @Mixin
        private FilterOptions filters = new FilterOptions();

        @Option(names = "--skip", paramLabel = "N", description = "Leave out so many; by default ${DEFAULT-VALUE}.")
        private int skip;

        @Option(names = "--max", paramLabel = "N", description = "So many at most; by default ${DEFAULT-VALUE}.")
        private int max = 50;

        @Override
        int call(DeadLetters letters) {
            List<Map<String, Object>> rows = new ArrayList<>();
            for (DeadLetter letter : letters.browse(filters.filter(), skip, max)) {
                Map<String, Object> row = OutputOption.row();
                row.put("id", letter.id());
                row.put("died", letter.diedAt().map(Object::toString).orElse(""));
                row.put("deliveries", letter.deliveries());
                row.put("error", letter.error().orElse(""));
                row.put("reason", letter.reason());
                rows.add(row);
            }
            output.rows(out(), List.of("id", "died", "deliveries", "error", "reason"), rows);
            return Main.DONE;
        }
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Shows one dead letter with all that is known of it; ends with 1 if it is not there.")
    static final class ShowLetter extends OfQueue {
        @Parameters(index = "1", paramLabel = "ID", description = "The message's id.")
        private String id = "";

        @Override
        int call(DeadLetters letters) {
            Optional<DeadLetter> found = letters.find(id);
            if (found.isEmpty()) {
                complain("there is no dead letter with id '" + id + "'");
                return Main.NOT_ALL;
            }
            DeadLetter letter = found.get();
            Map<String, Object> parts = OutputOption.row();
            parts.put("id", letter.id());
            parts.put("queue", letter.queue());
            parts.put("key", letter.key().orElse(""));
            parts.put("sent", letter.sentAt().map(Object::toString).orElse(""));
            parts.put("died", letter.diedAt().map(Object::toString).orElse(""));
            parts.put("deliveries", letter.deliveries());
            parts.put("reason", letter.reason());
            parts.put("error", letter.error().orElse(""));
            parts.put("errorMessage", letter.errorMessage().orElse(""));
            parts.put("stackTrace", letter.stackTrace().orElse(""));
            parts.put("consumer", letter.consumer().orElse(""));
            parts.put("host", letter.host().orElse(""));
            parts.put("contentType", letter.contentType().orElse(""));
            parts.put("headers", output.json() ? letter.headers() : String.valueOf(letter.headers()));
            @Nullable String text = text(letter.body());
            parts.put(text == null ? "bodyBase64" : "body", text == null ? base64(letter.body()) : text);
            output.one(out(), parts);
            return Main.DONE;
        }

        private static String base64(byte[] body) {
            return Base64.getEncoder().encodeToString(body);
        }

        /** Null if it is not UTF-8. */
        private static @Nullable String text(byte[] body) {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(body))
                        .toString();
            } catch (CharacterCodingException binary) {
                return null;
            }
        }
    }

    @Command(
            name = "redrive",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = {
                "Sends dead letters to their queue again, or to another one; each is deleted when the broker has it there. "
                        + "After an interruption, run it again. Ends with 1 if some could not be moved."
            })
    static final class RedriveLetters extends OfQueue {
        @Mixin
        private FilterOptions filters = new FilterOptions();

        @Option(names = "--to", paramLabel = "QUEUE", description = "Another queue.")
        private @Nullable String to;

        @Option(names = "--to-ordered", description = "As --ordered, of the other queue.")
        private boolean toOrdered;

        @Option(names = "--to-priorities", paramLabel = "N|NAME", description = "As --priorities, of the other queue.")
        private @Nullable String toPriorities;

        @Option(names = "--rate", paramLabel = "N", description = "At most so many a second.")
        private @Nullable Double rate;

        @Option(names = "--limit", paramLabel = "N", description = "At most so many in all.")
        private @Nullable Long limit;

        @Option(names = "--dry-run", description = "Only says how many there are.")
        private boolean dryRun;

        @Override
        int call(Waybill waybill) {
            if (to == null && (toOrdered || toPriorities != null)) {
                throw new IllegalArgumentException(
                        "--to-ordered and --to-priorities say how the queue of --to is declared,"
                                + " but --to is missing");
            }
            // Here it fails if the queue is not there, rather than with each letter.
            waybill.depth(target());
            return super.call(waybill);
        }

        private Queue<byte[]> target() {
            return to == null ? queue() : DeclarationOptions.queue(to, toOrdered, toPriorities);
        }

        @Override
        int call(DeadLetters letters) {
            Redrive redrive = letters.redrive(filters.filter()).to(target());
            if (rate != null) {
                redrive.perSecond(rate);
            }
            if (limit != null) {
                redrive.limit(limit);
            }
            if (dryRun) {
                report(redrive.dryRun());
                return Main.DONE;
            }
            Report report;
            if (Boolean.getBoolean("cli.terminal")) {
                try (ProgressBar bar = new ProgressBarBuilder()
                        .setTaskName("redrive")
                        .setInitialMax(letters.count())
                        .build()) {
                    report = redrive.onProgress(now -> bar.stepTo(now.moved() + now.failed()))
                            .run();
                }
            } else {
                report = redrive.run();
            }
            report(report);
            return report.failed() == 0 ? Main.DONE : Main.NOT_ALL;
        }
    }

    @Command(
            name = "purge",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Deletes dead letters for ever, if they are as many as expected: see redrive --dry-run. Payloads that "
                            + "are in a store stay there.")
    static final class PurgeLetters extends OfQueue {
        @Mixin
        private FilterOptions filters = new FilterOptions();

        @Option(
                names = "--expect",
                required = true,
                paramLabel = "N",
                description = "How many match; with any other number nothing is deleted, and it ends with 1.")
        private long expect;

        @Override
        int call(DeadLetters letters) {
            long deleted;
            try {
                deleted = letters.purge(filters.filter(), expect);
            } catch (IllegalStateException other) {
                complain(String.valueOf(other.getMessage()));
                return Main.NOT_ALL;
            }
            Map<String, Object> parts = OutputOption.row();
            parts.put("deleted", deleted);
            output.one(out(), parts);
            return deleted == expect ? Main.DONE : Main.NOT_ALL;
        }
    }
}
