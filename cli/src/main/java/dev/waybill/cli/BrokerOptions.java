package dev.waybill.cli;

import dev.waybill.ConfigException;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which broker. */
final class BrokerOptions {
    @Option(names = "--broker", paramLabel = "NAME", description = "rabbitmq, kafka or sqs: waybill.broker.")
    private @Nullable String broker;

    @Option(names = "--uri", paramLabel = "URI", description = "Its address: waybill.uri.")
    private @Nullable String uri;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any other key of the configuration. Passwords belong into WAYBILL_PASSWORD, not here.")
    private Map<String, String> settings = new LinkedHashMap<>();

    /** What exists is taken as it is: the tool does not know all that the application declares. */
    Waybill open() {
        WaybillConfig config = WaybillConfig.load().with("waybill.topology", "off");
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            config = config.with(setting.getKey(), setting.getValue());
        }
        if (broker != null) {
            config = config.with("waybill.broker", broker);
        }
        if (uri != null) {
            config = config.with("waybill.uri", uri);
        }
        if (!config.values().containsKey("waybill.broker")) {
            throw new ConfigException("no broker is chosen: give --broker, WAYBILL_BROKER or a waybill.conf");
        }
        if (!config.values().containsKey("waybill.client-name")) {
            config = config.with("waybill.client-name", "waybill-cli");
        }
        return Waybill.open(config);
    }
}
