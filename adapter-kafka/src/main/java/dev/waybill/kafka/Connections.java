package dev.waybill.kafka;

import dev.waybill.Health;
import dev.waybill.Health.Status;
import dev.waybill.spi.BrokerException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.jspecify.annotations.Nullable;

/** How the clients' connections are, from the clients' own counters. */
final class Connections {
    private static final String COUNT = "connection-count";

    private Connections() {}

    static List<Health.Component> health(
            String bootstrap,
            Admin admin,
            Collection<KafkaSender> senders,
            Collection<KafkaReceiver> receivers,
            Collection<OrderedReceiver> ordered,
            Collection<DelayPump> pumps) {
        List<Health.Component> components = new ArrayList<>();
        for (KafkaSender sender : senders) {
            String name = bootstrap + " sender to " + sender.topic();
            components.add(
                    sender.usable()
                            ? component(name, sender.producer().metrics())
                            : new Health.Component(
                                    "connection", name, Status.DOWN, "the producer is in a state of error"));
        }
        for (KafkaReceiver receiver : receivers) {
            components.add(receiver(bootstrap, receiver));
        }
        for (OrderedReceiver receiver : ordered) {
            String name = bootstrap + " receiver from " + receiver.topic();
            components.add(consumer(name, receiver.failure(), Status.DOWN, receiver.consumer()));
        }
        for (DelayPump pump : pumps) {
            components.add(pump(bootstrap + " delays of " + pump.queue(), pump));
        }
        if (components.isEmpty()) {
            components.add(component(bootstrap, admin.metrics()));
        }
        return components;
    }

    private static Health.Component receiver(String bootstrap, KafkaReceiver receiver) {
        String name = bootstrap + " receiver from " + receiver.topic();
        if (receiver.failure() != null) {
            return new Health.Component(
                    "connection",
                    name,
                    Status.DOWN,
                    String.valueOf(receiver.failure().getMessage()));
        }
        for (ShareWorker worker : receiver.crew().workers()) {
            ShareConsumer<byte[], byte[]> consumer = worker.consumer();
            if (consumer != null && connected(consumer.metrics())) {
                return new Health.Component("connection", name, Status.UP, "connected");
            }
        }
        return disconnected(name);
    }

    private static Health.Component pump(String name, DelayPump pump) {
        BrokerException failure = pump.failure();
        if (failure != null) {
            // It tries again whatever it met; not everything gets better by that.
            Status status = failure.kind().transientFault() ? Status.DEGRADED : Status.DOWN;
            return consumer(name, failure, status, null);
        }
        return consumer(name, null, Status.UP, pump.consumer());
    }

    /** @param failed how it is if there is a failure */
    private static Health.Component consumer(
            String name,
            @Nullable BrokerException failure,
            Status failed,
            @Nullable Consumer<byte[], byte[]> consumer) {
        if (failure != null) {
            return new Health.Component("connection", name, failed, String.valueOf(failure.getMessage()));
        }
        return consumer == null ? disconnected(name) : component(name, consumer.metrics());
    }

    private static Health.Component component(String name, Map<MetricName, ? extends Metric> metrics) {
        return connected(metrics)
                ? new Health.Component("connection", name, Status.UP, "connected")
                : disconnected(name);
    }

    private static Health.Component disconnected(String name) {
        return new Health.Component(
                "connection", name, Status.DEGRADED, "connected to no broker; the client connects again by itself");
    }

    private static boolean connected(Map<MetricName, ? extends Metric> metrics) {
        for (Map.Entry<MetricName, ? extends Metric> metric : metrics.entrySet()) {
            if (metric.getKey().name().equals(COUNT)) {
                return metric.getValue().metricValue() instanceof Number number && number.doubleValue() > 0;
            }
        }
        return false;
    }
}
