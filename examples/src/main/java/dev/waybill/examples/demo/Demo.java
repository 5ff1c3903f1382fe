package dev.waybill.examples.demo;

import dev.waybill.WaybillException;
import dev.waybill.examples.orders.OrdersDemo;
import dev.waybill.examples.thumbnails.ThumbnailsDemo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of the demo. Ends with 0 if nothing was lost, 1 if something was, 2 if it could not be run as asked. */
@Command(
        name = "./demo",
        sortOptions = false,
        usageHelpWidth = 100,
        subcommands = {OrdersDemo.class, ThumbnailsDemo.class},
        description = {
            "Sends every file of a folder, for premium, standard and free customers, through a queue with priorities to competing "
                    + "consumers and kills one of them half-way. Then the gateway that "
                    + "they call goes down, and the queue waits behind a circuit breaker; it comes back with a fault, and what it "
                    + "refuses is redriven from the dead-letter queue once it is mended. A file that is not JSON stays dead. A "
                    + "ledger proves that nothing was lost.",
            "",
            "With orders it shows another: orders that are placed, paid and shipped, each a state machine. With thumbnails a third: "
                    + "images of any size, which wait in a payload store while references to them travel.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  ./demo                                        our sample, on the broker inside the JVM",
            "  ./demo --input ~/webhooks --copies 100        a larger run of your own files",
            "  ./demo --broker kafka                         on a Kafka that is started for it",
            "  WAYBILL_PASSWORD=... ./demo --broker rabbitmq --uri amqp://demo@rabbit.example.com",
            "",
            "With --uri, further settings come from the environment or waybill.conf, as in any program with Waybill.",
            "The last line is the ledger. Exit code: 0 nothing was lost, 1 something was, 2 wrong usage or no broker."
        })
public final class Demo implements Callable<Integer> {
    private static final int WRONG = 2;
    /** The ledger keeps an entry for each. */
    private static final int MOST_MESSAGES = 1_000_000;

    private static final String SEE_HELP = "; see ./demo --help";

    @Mixin
    private final BrokerOption broker = new BrokerOption();

    @Option(
            names = "--input",
            paramLabel = "DIR",
            description =
                    "Each file in it is a message (not those in folders below); by default our own sample of webhooks.")
    private @Nullable Path input;

    @Option(
            names = "--consumers",
            paramLabel = "N",
            description =
                    "How many consumers compete, 2 to 64; by default ${DEFAULT-VALUE}. The first is killed half-way.")
    private int consumers = 4;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            description = "How many handlers each consumer has, 1 to 1000; by default ${DEFAULT-VALUE}.")
    private int concurrency = 2;

    @Option(
            names = "--copies",
            paramLabel = "N",
            description = "How often to send each file, 1 to 100000; by default ${DEFAULT-VALUE}.")
    private int copies = 1;

    @Option(
            names = "--queue",
            paramLabel = "NAME",
            description =
                    "The queue's name, by default ${DEFAULT-VALUE}. Two demos at once on one broker need two names.")
    private String queue = "waybill-demo";

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            description =
                    "How long nothing may happen before what has not come is called lost, 1 to 3600; by default ${DEFAULT-VALUE}.")
    private int patience = 60;

    @Option(
            names = "--outage",
            paramLabel = "SECONDS",
            description = "How long the gateway is down, 0 to 600; by default ${DEFAULT-VALUE}.")
    private int outage = 3;

    @Option(names = "--help", usageHelp = true, description = "This text.")
    @SuppressWarnings("UnusedVariable") // read by picocli
    private boolean help;

    public static void main(String[] args) {
        CommandLine command = new CommandLine(new Demo());
        command.setParameterExceptionHandler((wrong, given) -> fail(wrong.getMessage() + SEE_HELP));
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            if (failure instanceof WaybillException || failure instanceof DemoException) {
                return fail(failure.getMessage());
            }
            if (failure instanceof IOException unreadable) {
                return fail("cannot read " + unreadable.getMessage());
            }
            throw failure;
        });
        // Not by returning: a client library may leave a thread behind that is no daemon.
        System.exit(command.execute(args));
    }

    private static int fail(@Nullable String message) {
        System.err.println("demo: " + message);
        return WRONG;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Plan plan = plan();
        try (DemoBroker chosen = broker.open()) {
            System.out.printf(
                    "%d messages from %s to %d consumers with %d handlers each, on %s%n",
                    plan.messages(), plan.folder().path(), consumers, concurrency, broker.name());
            DemoRun.Result result;
            try (Progress progress = Progress.onStandardError(plan.messages())) {
                result = new DemoRun(plan, chosen, progress).run();
            }
            System.out.println();
            System.out.println(Report.of(result));
            return result.summary().totals().clean() ? 0 : 1;
        }
    }

    private Plan plan() {
        within("--consumers", consumers, 2, 64);
        within("--concurrency", concurrency, 1, 1000);
        within("--copies", copies, 1, 100_000);
        within("--patience", patience, 1, 3600);
        within("--outage", outage, 0, 600);
        if (!queue.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,50}")) {
            throw wrong("--queue is '" + queue + "' but must be 1 to 51 letters, digits, hyphens and underscores");
        }
        Path folder = input == null ? Path.of("examples", "sample") : Folders.given(input);
        InputFolder files = InputFolder.open(folder);
        if ((long) files.files().size() * copies > MOST_MESSAGES) {
            throw wrong(files.files().size() + " files and --copies " + copies + " are more than " + MOST_MESSAGES
                    + " messages, which the ledger does not hold");
        }
        return new Plan(
                files, copies, consumers, concurrency, queue, Duration.ofSeconds(patience), Duration.ofSeconds(outage));
    }

    private static void within(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw wrong(option + " is " + value + " but must be " + least + " to " + most);
        }
    }

    static DemoException wrong(String message) {
        return new DemoException(message + SEE_HELP);
    }
}
