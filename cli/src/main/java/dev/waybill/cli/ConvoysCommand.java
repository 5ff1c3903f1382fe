package dev.waybill.cli;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStatus;
import dev.waybill.convoy.StoredConvoy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "convoys",
        mixinStandardHelpOptions = true,
        description = "Convoys of a state machine, in their store.",
        subcommands = {
            ConvoysCommand.HealthOfConvoys.class,
            ConvoysCommand.ListConvoys.class,
            ConvoysCommand.ShowConvoy.class,
            ConvoysCommand.Retry.class,
            ConvoysCommand.Skip.class,
            ConvoysCommand.Cancel.class
        })
final class ConvoysCommand implements Runnable {
    private static final List<String> COLUMNS = List.of("key", "state", "status", "since", "held", "failure");

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "a command is missing: health, list, show, retry, skip or cancel");
    }

    private static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }

    private static Map<String, Object> row(StoredConvoy convoy) {
        Map<String, Object> row = OutputOption.row();
        row.put("key", convoy.key());
        row.put("state", convoy.state());
        row.put("status", convoy.status());
        row.put("since", time(convoy.since()));
        row.put("held", convoy.held());
        row.put("failure", convoy.failure() == null ? "" : convoy.failure());
        return row;
    }

    /** What all of them have. */
    abstract static class OfMachine extends OutputCommand {
        @Parameters(index = "0", paramLabel = "MACHINE", description = "The name of the state machine.")
        private String machine = "";

        @Mixin
        private final StoreOptions store = new StoreOptions();

        @Override
        public final Integer call() {
            return store.with(machine, this::call);
        }

        /** Returns the exit code. */
        abstract int call(ConvoyOperations convoys);
    }

    @Command(
            name = "health",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = {
                "How many convoys there are, and what waits.",
                "Ends with 1 if one is stuck, or if what is due or to be sent waits for too long: then no process runs the"
                        + " machine, or its work in the background has come to a stop."
            })
    static final class HealthOfConvoys extends OfMachine {
        @Option(
                names = "--patience",
                paramLabel = "DURATION",
                description = "How long is too long; by default ${DEFAULT-VALUE}.")
        private Duration patience = Duration.ofMinutes(1);

        @Override
        int call(ConvoyOperations convoys) {
            ConvoyCensus census = convoys.census();
            List<Map<String, Object>> groups = census.convoys().entrySet().stream()
                    .map(group -> {
                        Map<String, Object> row = OutputOption.row();
                        row.put("state", group.getKey().state());
                        row.put("status", group.getKey().status());
                        row.put("convoys", group.getValue());
                        return row;
                    })
                    .sorted(Comparator.comparing(row -> row.get("state") + " " + row.get("status")))
                    .toList();
            Map<String, Object> waiting = OutputOption.row();
            waiting.put("held", census.held());
            waiting.put("due", census.due());
            waiting.put("due for", Duration.ofMillis(census.dueMillis()).toString());
            waiting.put("still to send", census.outgoing());
            waiting.put(
                    "to send for", Duration.ofMillis(census.outgoingMillis()).toString());
            if (output.json()) {
                waiting.put("convoys", groups);
                output.one(out(), waiting);
            } else {
                output.one(out(), waiting);
                out().println();
                output.rows(out(), List.of("state", "status", "convoys"), groups);
            }
            boolean stuck = census.convoys().keySet().stream().anyMatch(one -> one.status() == ConvoyStatus.STUCK);
            long longest = Math.max(census.dueMillis(), census.outgoingMillis());
            return stuck || longest > patience.toMillis() ? Main.NOT_ALL : Main.DONE;
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Lists convoys in the order of their keys.")
    static final class ListConvoys extends OfMachine {
        @Option(names = "--state", paramLabel = "STATE", description = "Only those in this state.")
        private @Nullable String state;

        @Option(
                names = "--status",
                paramLabel = "STATUS",
                description = "Only those that are doing like this: ${COMPLETION-CANDIDATES}.")
        private @Nullable ConvoyStatus status;

        @Option(
                names = "--older-than",
                paramLabel = "DURATION",
                description = "Only those that have been in their state for so long, such as PT30M.")
        private Duration age = Duration.ZERO;

        @Option(names = "--after", paramLabel = "KEY", description = "Only those after this key.")
        private String after = "";

        @Option(names = "--max", paramLabel = "N", description = "So many at most; by default ${DEFAULT-VALUE}.")
        private int max = 50;

        @Override
        int call(ConvoyOperations convoys) {
            ConvoyFilter filter = ConvoyFilter.all().inStateFor(age);
            if (state != null) {
                filter = filter.inState(state);
            }
            if (status != null) {
                filter = filter.withStatus(status);
            }
            output.rows(
                    out(),
                    COLUMNS,
                    convoys.list(filter, after, max).stream()
                            .map(ConvoysCommand::row)
                            .toList());
            return Main.DONE;
        }
    }

    /** Those that are about one. */
    abstract static class OfConvoy extends OfMachine {
        @Parameters(index = "1", paramLabel = "KEY", description = "The key of the convoy.")
        private String key = "";

        final String key() {
            return key;
        }
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Shows a convoy: where it is, how it came there, and what it holds.")
    static final class ShowConvoy extends OfConvoy {
        @Override
        int call(ConvoyOperations convoys) {
            ConvoyDetails details = convoys.show(key());
            StoredConvoy convoy = details.convoy();
            Map<String, Object> parts = row(convoy);
            parts.put("due", convoy.dueAt() == 0 ? "" : time(convoy.dueAt()));
            parts.put("failed message", convoy.failedMessage() == null ? "" : convoy.failedMessage());
            parts.put("still to send", details.outgoing());
            parts.put("forgotten", details.forgotten());
            parts.put("data", new String(convoy.data(), StandardCharsets.UTF_8));
            List<Map<String, Object>> history = new ArrayList<>();
            details.history().forEach(entry -> {
                Map<String, Object> row = OutputOption.row();
                row.put("at", time(entry.at()));
                row.put("event", entry.event());
                row.put("from", entry.from());
                row.put("to", entry.to());
                row.put("message", entry.messageId());
                history.add(row);
            });
            List<Map<String, Object>> held = new ArrayList<>();
            details.held().forEach(message -> {
                Map<String, Object> row = OutputOption.row();
                row.put("type", message.type());
                row.put("message", message.messageId());
                row.put("body", new String(message.body(), StandardCharsets.UTF_8));
                held.add(row);
            });
            if (output.json()) {
                parts.put("history", history);
                parts.put("held", held);
                output.one(out(), parts);
                return Main.DONE;
            }
            output.one(out(), parts);
            out().println();
            output.rows(out(), List.of("at", "event", "from", "to", "message"), history);
            if (!held.isEmpty()) {
                out().println();
                output.rows(out(), List.of("type", "message", "body"), held);
            }
            return Main.DONE;
        }
    }

    /** Those that change it. */
    abstract static class Change extends OfConvoy {
        private final BiFunction<ConvoyOperations, String, StoredConvoy> change;

        Change(BiFunction<ConvoyOperations, String, StoredConvoy> change) {
            this.change = change;
        }

        @Override
        int call(ConvoyOperations convoys) {
            output.one(out(), row(change.apply(convoys, key())));
            return Main.DONE;
        }
    }

    @Command(
            name = "retry",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Has a convoy that is stuck try again what has failed.")
    static final class Retry extends Change {
        Retry() {
            super(ConvoyOperations::retry);
        }
    }

    @Command(
            name = "skip",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Has a convoy that is stuck drop the message that has failed, and go on.")
    static final class Skip extends Change {
        Skip() {
            super(ConvoyOperations::skip);
        }
    }

    @Command(
            name = "cancel",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Ends a convoy where it is, with what it holds.")
    static final class Cancel extends Change {
        Cancel() {
            super(ConvoyOperations::cancel);
        }
    }
}
