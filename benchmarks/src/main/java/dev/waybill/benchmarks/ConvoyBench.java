package dev.waybill.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How fast convoys go: against what their handlers and keys allow, and against a handler for each partition. */
@Command(
        name = "convoys",
        mixinStandardHelpOptions = true,
        description = {
            "Measures queues that are ordered by key, for numbers of keys and handler times, in one process.",
            "Ideal is min(keys, concurrency) / handler time, as the handler's own clock has measured it.",
            "Plain is the broker's client with one handler for each partition, in the same run; on RabbitMQ and Kafka.",
            "At last it measures what a step of a state machine costs in each store, and how soon 10,000 time-outs fire that are due"
                    + " at once."
        })
final class ConvoyBench implements Callable<Integer> {
    private static final int MOST = 50_000;
    private static final int LEAST = 500;
    private static final double SECONDS = 3;

    @Option(
            names = "--broker",
            split = ",",
            paramLabel = "NAME",
            description = "rabbitmq, kafka, sqs, in-memory; by default ${DEFAULT-VALUE}")
    private List<String> brokers = List.of("rabbitmq", "kafka", InMemory.BROKER);

    @Option(names = "--keys", split = ",", paramLabel = "N", description = "by default ${DEFAULT-VALUE}")
    private List<Integer> keys = List.of(1, 10, 1000, 100_000);

    @Option(
            names = "--millis",
            split = ",",
            paramLabel = "N",
            description = "handler times; by default ${DEFAULT-VALUE}")
    private List<Integer> millis = List.of(0, 1, 10);

    @Option(names = "--concurrency", paramLabel = "N", description = "handlers at once; by default ${DEFAULT-VALUE}")
    private int concurrency = 16;

    @Mixin
    private final ServersOption servers = new ServersOption();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                "| broker | keys | handler, ms | ideal, msg/s | Waybill, msg/s | of ideal | plain, msg/s | ratio to plain |");
        out.println("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (String broker : brokers) {
            if (broker.equals(InMemory.BROKER)) {
                measure(broker, Site.config(broker, "in-memory:"), null, out);
                continue;
            }
            try (Server server = servers.start(broker)) {
                measure(broker, Site.config(broker, server.uri()), PlainConvoys.of(broker, server.uri()), out);
            }
        }
        out.println();
        out.println("| store of 1,000 convoys, in memory | steps/s | µs/step and handler |");
        out.println("| --- | ---: | ---: |");
        try (EmbeddedPostgres postgreSql = EmbeddedPostgres.start()) {
            String url = postgreSql.getJdbcUrl("postgres", "postgres");
            for (StoreCost.Measured store : StoreCost.measure(concurrency, servers, url)) {
                out.printf(
                        Locale.ROOT, "| %s | %.0f | %.0f |%n", store.name(), store.rate(), store.micros(concurrency));
                out.flush();
            }
            try (HikariDataSource pool = StoreCost.pool(url, "postgres", concurrency)) {
                out.printf(
                        Locale.ROOT,
                        "%n%d time-outs that were due at once in PostgreSQL have fired within %d ms.%n",
                        TimeoutBurst.CONVOYS,
                        TimeoutBurst.millis(pool));
            }
        }
        return 0;
    }

    private void measure(String broker, WaybillConfig config, @Nullable PlainConvoys plain, PrintWriter out)
            throws Exception {
        for (int handler : millis) {
            for (int number : keys) {
                ConvoyTrial ours = new ConvoyTrial(number, handler, messages(number, handler));
                try (Waybill waybill = Waybill.open(config)) {
                    ours.run(waybill, newQueue(), concurrency);
                }
                @Nullable ConvoyTrial theirs = null;
                if (plain != null) {
                    theirs = new ConvoyTrial(number, handler, ours.messages());
                    plain.run(theirs);
                }
                double ideal = handler == 0 ? Double.NaN : ours.ideal(Math.min(number, concurrency));
                double compared = theirs == null ? Double.NaN : theirs.rate();
                out.println("| "
                        + String.join(
                                " | ",
                                broker,
                                Integer.toString(number),
                                Integer.toString(handler),
                                shown("%.0f", ideal),
                                shown("%.0f", ours.rate()),
                                shown("%.2f", ours.rate() / ideal),
                                shown("%.0f", compared),
                                shown("%.2f", ours.rate() / compared))
                        + " |");
                out.flush();
            }
        }
    }

    /** Nothing for what is not known. */
    private static String shown(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }

    private static Queue<byte[]> newQueue() {
        return Queue.named("bench-" + UUID.randomUUID(), Codec.bytes())
                .orderedByKey()
                .build();
    }

    /** As many as take some seconds. */
    private int messages(int number, int handler) {
        double rate = handler == 0 ? MOST : Math.min(number, concurrency) * 1000.0 / handler;
        return (int) Math.max(LEAST, Math.min(MOST, rate * SECONDS));
    }
}
