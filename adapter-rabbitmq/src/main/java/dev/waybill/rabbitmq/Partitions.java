package dev.waybill.rabbitmq;

import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * How a queue that is ordered by key is spread over queues of the server, each of which has one active consumer. An exchange beside them
 * leads a message to that of its key.
 *
 * @param count how many there are; the same for all who use the queue, or a key would be in two of them
 * @param partitioner who finds the partition of a key, also the same for all
 */
record Partitions(int count, Partitioner partitioner) {
    private static final int USUAL = 16;
    private static final int MOST = 1000;
    /** Cannot be in the name of a queue as it is declared. */
    private static final String SEPARATOR = ".";

    private static final int LONGEST_ROUTING_KEY = 255;

    /** Who finds the partition of a key. */
    enum Partitioner {
        /** The server, by its plugin. Before 4.3 it may find another one after it was restarted. */
        EXCHANGE("x-consistent-hash"),
        /** The sender: CRC-32 of the key's UTF-8, unsigned, modulo the number of partitions. */
        CLIENT("direct");

        final String exchangeType;

        Partitioner(String exchangeType) {
            this.exchangeType = exchangeType;
        }
    }

    static Partitions of(BrokerContext context) {
        String count = RabbitMqBrokerProvider.PARTITIONS;
        String partitioner = RabbitMqBrokerProvider.PARTITIONER;
        return new Partitions(
                number(count, context.setting(count).orElse(Integer.toString(USUAL))),
                partitioner(partitioner, context.setting(partitioner).orElse("client")));
    }

    private static int number(String key, String value) {
        NumberFormatException cause = null;
        try {
            int number = Integer.parseInt(value.strip());
            if (number >= 1 && number <= MOST) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            cause = notANumber;
        }
        throw wrong(key, value, "a number, 1 to " + MOST, cause);
    }

    private static Partitioner partitioner(String key, String value) {
        try {
            return Partitioner.valueOf(value.strip().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            String allowed = Arrays.stream(Partitioner.values())
                    .map(each -> each.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(" or "));
            throw wrong(key, value, allowed, unknown);
        }
    }

    private static ConfigException wrong(String key, String value, String allowed, @Nullable Throwable cause) {
        return new ConfigException("waybill.rabbitmq." + key + " is '" + value + "' but must be " + allowed, cause);
    }

    /** The exchange that leads to the partitions of a queue. */
    static String exchange(String queue) {
        return queue + SEPARATOR + "partitions";
    }

    /** The queue that every receiver consumes and nobody sends to: who consumes a partition the server tells of the active one only. */
    static String receivers(String queue) {
        return queue + SEPARATOR + "receivers";
    }

    /** One of the queue's partitions, from 0. */
    static String partition(String queue, int index) {
        return queue + SEPARATOR + index;
    }

    /** All partitions of a queue. */
    List<String> of(String queue) {
        return IntStream.range(0, count)
                .mapToObj(index -> partition(queue, index))
                .toList();
    }

    /** Whether that is the name of a partition of the queue. */
    static boolean isPartition(String place, String queue) {
        String before = queue + SEPARATOR;
        return place.startsWith(before)
                && place.length() > before.length()
                && place.substring(before.length()).chars().allMatch(Character::isDigit);
    }

    /** By what the partition is bound to the exchange: for the server, how many parts of all keys it has. */
    String bindingKey(int index) {
        return partitioner == Partitioner.EXCHANGE ? "1" : Integer.toString(index);
    }

    /** By what a message is published to the exchange. Those without a key, which other software may send, are in one partition. */
    String routingKey(@Nullable String key) {
        byte[] bytes = key == null ? new byte[0] : key.getBytes(StandardCharsets.UTF_8);
        if (partitioner == Partitioner.CLIENT) {
            CRC32 hash = new CRC32();
            hash.update(bytes);
            return Long.toString(hash.getValue() % count);
        }
        if (key == null || bytes.length <= LONGEST_ROUTING_KEY) {
            return key == null ? "" : key;
        }
        return HexFormat.of().formatHex(sha256(bytes));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
