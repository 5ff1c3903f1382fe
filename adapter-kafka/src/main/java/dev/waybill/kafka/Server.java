package dev.waybill.kafka;

import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.SupportedVersionRange;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the server is and allows.
 *
 * @param version such as {@code 4.4}
 * @param deadLetterTopics whether its share groups write dead letters (KIP-1191)
 * @param config the configuration of one broker; empty where we may not read it
 */
record Server(String version, boolean deadLetterTopics, Map<String, String> config) {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** The metadata version with which 4.2 came; RENEW and general share groups are from then on. */
    private static final int OLDEST_METADATA_VERSION = 28;

    private static final int DEFAULT_MESSAGE_BYTES = 1024 * 1024;

    static Server ask(AdminCalls calls) {
        FeatureMetadata features = calls.await(
                "cannot reach Kafka", calls.admin().describeFeatures().featureMetadata());
        SupportedVersionRange metadata = features.supportedFeatures().get("metadata.version");
        int level = metadata == null ? 0 : metadata.maxVersion();
        String version = version(level);
        if (level < OLDEST_METADATA_VERSION) {
            throw new BrokerException(
                    Kind.REFUSED,
                    "the server is Kafka " + version + ", but queues need share groups, which 4.2 brought",
                    null);
        }
        FinalizedVersionRange share = features.finalizedFeatures().get("share.version");
        if (share == null || share.maxVersionLevel() < 1) {
            throw new BrokerException(
                    Kind.REFUSED,
                    "share groups are switched off on this Kafka " + version
                            + " cluster: kafka-features.sh upgrade --feature share.version=1 (2 for dead-letter topics)",
                    null);
        }
        return new Server(version, share.maxVersionLevel() >= 2, config(calls));
    }

    private static Map<String, String> config(AdminCalls calls) {
        Collection<Node> nodes = calls.await(
                "cannot list the brokers", calls.admin().describeCluster().nodes());
        Map<String, String> config = new HashMap<>();
        try {
            String id = nodes.iterator().next().idString();
            for (ConfigEntry entry :
                    calls.config(ConfigResource.Type.BROKER, id).entries()) {
                if (entry.value() != null) {
                    config.put(entry.name(), entry.value());
                }
            }
        } catch (BrokerException refused) {
            if (refused.kind() == Kind.UNAVAILABLE) {
                throw refused;
            }
            LOG.info(
                    "the brokers' configuration cannot be read, so Kafka's defaults are taken for it: {}",
                    refused.getMessage());
        }
        return Map.copyOf(config);
    }

    private static String version(int level) {
        return switch (level) {
            case 28, 29 -> "4.2";
            case 30 -> "4.3";
            case 31, 32, 33 -> "4.4";
            default -> level > 33 ? "4.5 or newer" : level >= 26 ? "4.1" : "4.0 or older";
        };
    }

    OptionalLong number(String key) {
        String value = config.get(key);
        return value == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(value));
    }

    /** The least and most that a group may set, from {@code group.share.min.<name>} and {@code max}; wide open if unknown. */
    Range range(String name) {
        return new Range(
                number("group.share.min." + name).orElse(Long.MIN_VALUE),
                number("group.share.max." + name).orElse(Long.MAX_VALUE));
    }

    String deadLetterPrefix() {
        return config.getOrDefault("errors.deadletterqueue.topic.name.prefix", Names.DEFAULT_PREFIX);
    }

    /** The largest record batch that a topic takes unless the topic says otherwise. */
    int maxBatchBytes() {
        return (int) number("message.max.bytes").orElse(DEFAULT_MESSAGE_BYTES);
    }

    /**
     * What a group may set something to.
     *
     * @param least the smallest value
     * @param most the largest
     */
    record Range(long least, long most) {
        boolean holds(long value) {
            return value >= least && value <= most;
        }
    }
}
