package dev.waybill.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What {@code ./bench} runs. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        subcommands = {ConvoyBench.class, PayloadBench.class},
        description = {
            "Compares Waybill with each broker's plain client, tuned and with the same guarantees, on the same server, in turn.",
            "In memory there is no plain client: plain is then the budget, 1000 ns and 200 bytes a message.",
            "With a stage around the handler (circuit-breaker, rate-limiter, bulkhead, time-limiter, idempotent), plain is the same "
                    + "without it.",
            "A ratio above 1 means that Waybill does better. Progress is on standard error."
        })
final class Bench implements Callable<Integer> {
    private static final Set<String> BROKERS = Set.of("rabbitmq", "kafka", "sqs", InMemory.BROKER);
    private static final int USUAL_ROUNDS = 5;
    private static final int QUICK_ROUNDS = 2;

    @Option(
            names = "--broker",
            split = ",",
            paramLabel = "NAME",
            description = "rabbitmq, kafka, sqs, in-memory; by default all")
    private List<String> brokers = List.of("rabbitmq", "kafka", "sqs", InMemory.BROKER);

    @Option(
            names = "--workload",
            split = ",",
            paramLabel = "NAME",
            description = {
                "send, consume-1, consume-8, consume-64, latency; by default all, and those of failures:",
                "retry: each message fails once and comes again at once; dead-letters: each is moved to the dead-letter queue;",
                "redrive: each is moved back from there (plain: consumed, sent with confirms, then acknowledged);",
                "and those of priorities, four levels and eight handlers: priority, on RabbitMQ, whose own client has them;",
                "priority-strict, priority-aging: plain is Waybill with a queue that has none"
            })
    private List<Workload> workloads = List.of(Workload.values());

    @Option(names = "--rounds", description = "how often each is measured; the medians count (by default 5)")
    private int rounds;

    @Option(names = "--messages", description = "messages of one measurement (by default what takes a few seconds)")
    private int messages;

    @Option(names = "--quick", description = "a look only: fewer messages and two rounds")
    private boolean quick;

    @Mixin
    private final ServersOption servers = new ServersOption();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    private boolean failed;

    private Bench() {}

    /** Exits with 0, with 1 if a measurement failed, or with 2 if the arguments are wrong. */
    public static void main(String[] arguments) {
        CommandLine line = new CommandLine(new Bench()).registerConverter(Workload.class, Workload::parse);
        System.exit(line.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        check();
        PrintWriter out = spec.commandLine().getOut();
        List<Result> results = new ArrayList<>();
        Consumer<Result> found = result -> {
            results.add(result);
            out.println(result.line());
            out.flush();
        };
        for (String broker : brokers) {
            if (broker.equals(InMemory.BROKER)) {
                InMemory.run(rounds()).forEach(found);
            } else {
                compare(broker, found);
            }
        }
        out.println();
        out.println("| broker | workload | plain | waybill | ratio | unit | plain CPU, µs/msg | Waybill CPU, µs/msg |");
        out.println("| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |");
        results.forEach(result -> out.println(result.row()));
        out.flush();
        return failed ? 1 : 0;
    }

    private void check() {
        for (String broker : brokers) {
            if (!BROKERS.contains(broker)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--broker is '" + broker + "' but must be rabbitmq, kafka, sqs or in-memory");
            }
        }
        if (rounds < 0 || messages < 0) {
            throw new ParameterException(spec.commandLine(), "--rounds and --messages must be at least 1");
        }
    }

    private void compare(String broker, Consumer<Result> found) throws Exception {
        PrintWriter progress = spec.commandLine().getErr();
        try (Server server = servers.start(broker);
                Site site = Site.open(broker, server.uri())) {
            progress.printf("%s: %s%n", broker, server.product());
            Comparison comparison = new Comparison(site, plan(broker), progress);
            for (Workload workload : workloads) {
                if (!workload.on(broker)) {
                    continue;
                }
                try {
                    found.accept(comparison.run(workload));
                } catch (BenchmarkException spoilt) {
                    failed = true;
                    progress.println(broker + " " + workload.label + " FAILED: " + spoilt.getMessage());
                    progress.flush();
                }
            }
        }
    }

    private int rounds() {
        return rounds > 0 ? rounds : quick ? QUICK_ROUNDS : USUAL_ROUNDS;
    }

    private Plan plan(String broker) {
        Plan usual = Plan.usual(broker);
        int number = messages > 0 ? messages : quick ? usual.messages() / 4 : usual.messages();
        return new Plan(rounds(), number, usual.rate(), quick ? 2 : usual.latencySeconds());
    }
}
