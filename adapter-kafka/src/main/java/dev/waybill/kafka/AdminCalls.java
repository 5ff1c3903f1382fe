package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Questions to the broker, each answered or failed within the connect timeout. Thread-safe. */
final class AdminCalls {
    private final Admin admin;
    private final Duration timeout;

    AdminCalls(Admin admin, Duration timeout) {
        this.admin = admin;
        this.timeout = timeout;
    }

    Admin admin() {
        return admin;
    }

    <T> T await(String doing, KafkaFuture<T> future) {
        return await(doing, future, timeout);
    }

    <T> T await(String doing, KafkaFuture<T> future, Duration within) {
        try {
            return future.get(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            throw Failures.broker(doing, failed);
        } catch (TimeoutException late) {
            throw new BrokerException(
                    BrokerException.Kind.UNAVAILABLE, doing + ": no answer within " + within.toMillis() + " ms", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new BrokerException(BrokerException.Kind.UNAVAILABLE, doing + ": interrupted", interrupted);
        }
    }

    /** The topic, or empty if there is none. Asking creates nothing. */
    Optional<TopicDescription> topic(String name) {
        String doing = "cannot look at topic '" + name + "'";
        try {
            return Optional.ofNullable(
                    await(doing, admin.describeTopics(List.of(name)).allTopicNames())
                            .get(name));
        } catch (BrokerException failed) {
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw failed;
        }
    }

    /** Those of the topics that exist. Asking creates nothing. */
    Map<String, TopicDescription> topics(Collection<String> names) {
        String doing = "cannot look at topics " + names;
        Map<String, TopicDescription> existing = new HashMap<>();
        admin.describeTopics(names).topicNameValues().forEach((name, answer) -> {
            try {
                existing.put(name, await(doing, answer));
            } catch (BrokerException failed) {
                if (!(failed.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw failed;
                }
            }
        });
        return existing;
    }

    Config config(ConfigResource.Type type, String name) {
        return configs(type, List.of(name)).get(0);
    }

    /** In the order of the names. */
    List<Config> configs(ConfigResource.Type type, List<String> names) {
        List<ConfigResource> resources =
                names.stream().map(name -> new ConfigResource(type, name)).toList();
        String doing = "cannot read the configuration of " + type.name().toLowerCase(Locale.ROOT) + " "
                + String.join(", ", names);
        Map<ConfigResource, Config> answer =
                await(doing, admin.describeConfigs(resources).all());
        List<Config> configs = new ArrayList<>();
        for (ConfigResource resource : resources) {
            Config config = answer.get(resource);
            if (config == null) {
                throw new BrokerException(BrokerException.Kind.REFUSED, doing + ": the broker has none", null);
            }
            configs.add(config);
        }
        return configs;
    }
}
