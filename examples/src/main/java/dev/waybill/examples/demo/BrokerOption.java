package dev.waybill.examples.demo;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which broker. */
public final class BrokerOption {
    private static final List<String> BROKERS = List.of("in-memory", "rabbitmq", "kafka", "sqs");

    @Option(
            names = "--broker",
            paramLabel = "NAME",
            description =
                    "in-memory, rabbitmq, kafka or sqs; by default ${DEFAULT-VALUE}. Started for the demo, but for --uri.")
    private String name = "in-memory";

    @Option(names = "--uri", paramLabel = "URI", description = "The address of a broker that runs already.")
    private @Nullable String uri;

    public String name() {
        return name;
    }

    /** The one that runs already, or that is started for the demo. */
    public DemoBroker open() {
        if (!BROKERS.contains(name)) {
            throw Demo.wrong("--broker is '" + name + "' but must be " + String.join(", ", BROKERS));
        }
        if (name.equals("in-memory")) {
            if (uri != null) {
                throw Demo.wrong("--uri needs --broker rabbitmq, kafka or sqs: the in-memory broker has no address");
            }
            return DemoBroker.inMemory();
        }
        if (uri != null) {
            return DemoBroker.at(name, uri);
        }
        System.err.println("starting " + name + ", which is fetched the first time");
        return DemoBroker.started(name);
    }
}
