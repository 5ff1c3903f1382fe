package dev.waybill.benchmarks;

import dev.waybill.WaybillConfig;
import java.util.Map;
import java.util.UUID;

/**
 * One server and the two that compete there.
 *
 * @param broker as Waybill names it
 */
record Site(String broker, PlainContender plain, WaybillContender waybill) implements AutoCloseable {
    /** SQS signs requests, also to a server that does not check. */
    static final String USERNAME = "bench";

    static final String PASSWORD = "bench";

    static Site open(String broker, String uri) throws Exception {
        PlainContender plain = switch (broker) {
            case "rabbitmq" -> new PlainRabbitMq(uri);
            case "kafka" -> new PlainKafka(uri);
            case "sqs" -> new PlainSqs(uri);
            default -> throw new IllegalArgumentException("broker '" + broker + "' has no plain client here");
        };
        return new Site(broker, plain, WaybillContender.open(config(broker, uri), Load.prefetch(broker)));
    }

    static WaybillConfig config(String broker, String uri) {
        WaybillConfig config = WaybillConfig.of(Map.of("waybill.broker", broker, "waybill.uri", uri));
        return broker.equals("sqs")
                ? config.with("waybill.username", USERNAME).with("waybill.password", PASSWORD)
                : config;
    }

    /** A queue that nobody has used, declared as that side does. */
    String newQueue(Contender by) throws Exception {
        String queue = "bench-" + UUID.randomUUID();
        by.outlet(queue).close();
        return queue;
    }

    @Override
    public void close() {
        waybill.close();
        plain.close();
    }
}
