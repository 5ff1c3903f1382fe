package dev.waybill.examples.orders;

import dev.waybill.Message;
import dev.waybill.examples.demo.BrokerOption;
import dev.waybill.examples.demo.DemoBroker;
import dev.waybill.examples.demo.DemoException;
import dev.waybill.examples.demo.Folders;
import dev.waybill.examples.demo.WorkFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of the order process. Ends with 0 if every event is accounted for, 1 if not. */
@Command(
        name = "orders",
        sortOptions = false,
        usageHelpWidth = 100,
        description = {
            "Sends events of orders, from a file, to a process that takes each order through its states: placed, paid, shipped, "
                    + "completed. Half-way that process is killed, and another goes on. Payments fail, a shipment comes before its "
                    + "payment, a payment never comes; the report shows each order's path.",
            ""
        })
public final class OrdersDemo implements Callable<Integer> {
    @Mixin
    private final BrokerOption broker = new BrokerOption();

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description = "Events, a JSON object a line: order, event, and what it says; by default our own sample.")
    private @Nullable Path input;

    @Option(
            names = "--queue",
            paramLabel = "NAME",
            description =
                    "The queue's name, by default ${DEFAULT-VALUE}. Two demos at once on one broker need two names.")
    private String queue = "waybill-orders";

    @Option(
            names = "--payment-timeout",
            paramLabel = "SECONDS",
            description =
                    "How long an order waits for its payment, 1 to 3600; by default ${DEFAULT-VALUE}. A broker needs some "
                            + "seconds until it gives another what the process that is killed had.")
    private int paymentTimeout = 20;

    @Option(names = "--diagram", description = "Only draws the state machine, for Mermaid.")
    private boolean diagram;

    @Option(names = "--help", usageHelp = true, description = "This text.")
    @SuppressWarnings("UnusedVariable") // read by picocli
    private boolean help;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (paymentTimeout < 1 || paymentTimeout > 3600) {
            throw new DemoException("--payment-timeout is " + paymentTimeout + " but must be 1 to 3600");
        }
        Path file = input == null ? Path.of("examples", "orders.jsonl") : Folders.given(input);
        if (diagram) {
            OrderProcess process = new OrderProcess(queue, Duration.ofSeconds(30), Duration.ofSeconds(paymentTimeout));
            System.out.print(process.machine(process.mails()).toMermaid());
            return 0;
        }
        List<Message<OrderEvent>> events = EventFile.read(file);
        try (WorkFolder folder = WorkFolder.make("waybill-orders");
                DemoBroker chosen = broker.open();
                OrderStore store = OrderStore.in(folder.path())) {
            OrderProcess process = new OrderProcess(queue, chosen.lock(), Duration.ofSeconds(paymentTimeout));
            System.out.printf("%d events from %s, on %s%n%n", events.size(), file, broker.name());
            OrdersReport report = new OrdersRun(chosen, process, store, events).run();
            System.out.print(report.text());
            return report.whole() ? 0 : 1;
        }
    }
}
