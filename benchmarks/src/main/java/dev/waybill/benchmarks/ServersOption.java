package dev.waybill.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Where the servers are. */
final class ServersOption {
    @Option(
            names = "--uri",
            split = ",",
            paramLabel = "BROKER=URI",
            description = "a server that runs already, instead of one started for this")
    private Map<String, String> uris = new LinkedHashMap<>();

    Server start(String broker) {
        return Server.at(broker, uris.get(broker));
    }
}
