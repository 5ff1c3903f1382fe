package dev.waybill.internal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.waybill.ConfigException;
import dev.waybill.ProducerOptions;
import dev.waybill.TopologyMode;
import dev.waybill.spi.TlsSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The settings, checked: every value is of its kind and in its range, and every key is known. */
final class Settings {
    private static final int MOST_HANDLERS = 10_000;

    private final Map<String, String> values;

    final String broker;
    final String clientName;
    final Duration connectTimeout;
    final TopologyMode topology;
    final Optional<TlsSettings> tls;
    final ProducerOptions producer;
    final int concurrency;
    final int prefetch;
    final Duration drainTimeout;
    final boolean mdc;
    final PrioritySettings priorities;

    Settings(Map<String, String> values) {
        this.values = values;
        broker = text(SettingKey.BROKER)
                .orElseThrow(() ->
                        new ConfigException("waybill.broker is not set: it must be " + SettingKey.BROKER.allowed()));
        clientName = text(SettingKey.CLIENT_NAME).orElse("waybill");
        connectTimeout = duration(SettingKey.CONNECT_TIMEOUT, Duration.ofSeconds(10));
        topology = topologyMode();
        tls = tlsSettings();
        producer = new ProducerOptions(
                number(SettingKey.MAX_IN_FLIGHT, 1000, 1, 1_000_000),
                bytes(SettingKey.MAX_IN_FLIGHT_BYTES, 64L << 20),
                duration(SettingKey.SEND_TIMEOUT, Duration.ofSeconds(30)));
        concurrency = number(SettingKey.CONCURRENCY, 1, 1, MOST_HANDLERS);
        prefetch = number(SettingKey.PREFETCH, 16, 0, MOST_HANDLERS);
        drainTimeout = duration(SettingKey.DRAIN_TIMEOUT, Duration.ofSeconds(30));
        mdc = flag(SettingKey.MDC, true);
        priorities = new PrioritySettings(values);
    }

    Optional<String> text(SettingKey key) {
        return Optional.ofNullable(values.get(key.key())).filter(value -> !value.isBlank());
    }

    /** The settings under {@code waybill.<broker>.}, without that prefix. */
    Map<String, String> ofBroker() {
        return under("waybill." + broker + ".");
    }

    private Map<String, String> under(String prefix) {
        Map<String, String> found = new HashMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /**
     * Fails on a key that nobody knows.
     *
     * @param adapterKeys the chosen adapter's own keys
     * @param brokers the adapters on the class path; settings of one that is not chosen may stand there, to switch by one key
     */
    void checkKeys(Set<String> adapterKeys, Collection<String> brokers) {
        for (String key : values.keySet()) {
            if (SettingKey.of(key).isPresent()
                    || GuardSettings.knows(key)
                    || PrioritySettings.knows(key)
                    || knownToBroker(key, adapterKeys, brokers)) {
                continue;
            }
            List<String> known = new ArrayList<>();
            Arrays.stream(SettingKey.values()).map(SettingKey::key).forEach(known::add);
            adapterKeys.forEach(own -> known.add("waybill." + broker + "." + own));
            List<String> like = new ArrayList<>(GuardSettings.like(key));
            like.addAll(PrioritySettings.like(key));
            String nearest = Nearest.to(key, like.isEmpty() ? known : like);
            known.addAll(GuardSettings.patterns());
            known.addAll(PrioritySettings.patterns());
            throw new ConfigException("unknown key '" + key + "'; did you mean '" + nearest + "'? Known are "
                    + known.stream().sorted().collect(Collectors.joining(", ")) + " and waybill."
                    + broker + ".native.*");
        }
    }

    private boolean knownToBroker(String key, Set<String> adapterKeys, Collection<String> brokers) {
        String own = "waybill." + broker + ".";
        if (key.startsWith(own)) {
            String rest = key.substring(own.length());
            return rest.startsWith("native.") || adapterKeys.contains(rest);
        }
        return brokers.stream().anyMatch(other -> key.startsWith("waybill." + other + "."));
    }

    private TopologyMode topologyMode() {
        String value = text(SettingKey.TOPOLOGY).orElse("declare");
        for (TopologyMode mode : TopologyMode.values()) {
            if (mode.name().toLowerCase(Locale.ROOT).equals(value)) {
                return mode;
            }
        }
        throw wrong(SettingKey.TOPOLOGY, value, null);
    }

    /** A duration as any setting gives it; fails as {@link Duration#parse} and the configuration library do. */
    static Duration parseDuration(String value) {
        return value.startsWith("P")
                ? Duration.parse(value)
                : ConfigFactory.empty()
                        .withValue("v", ConfigValueFactory.fromAnyRef(value))
                        .getDuration("v");
    }

    private Optional<TlsSettings> tlsSettings() {
        @Nullable Path trust = file(SettingKey.TRUST_STORE);
        @Nullable Path own = file(SettingKey.KEY_STORE);
        if (trust == null && own == null) {
            return Optional.empty();
        }
        return Optional.of(new TlsSettings(
                trust,
                text(SettingKey.TRUST_STORE_PASSWORD).orElse(null),
                own,
                text(SettingKey.KEY_STORE_PASSWORD).orElse(null)));
    }

    private @Nullable Path file(SettingKey key) {
        Optional<String> value = text(key);
        if (value.isEmpty()) {
            return null;
        }
        Path path = Path.of(value.get());
        if (!Files.isReadable(path)) {
            throw new ConfigException(
                    key.key() + " is '" + path + "', which cannot be read: it must be " + key.allowed());
        }
        return path;
    }

    private boolean flag(SettingKey key, boolean byDefault) {
        String value = text(key).orElse(Boolean.toString(byDefault)).trim();
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, value, null);
        };
    }

    private int number(SettingKey key, int byDefault, int least, int most) {
        Optional<String> value = text(key);
        if (value.isEmpty()) {
            return byDefault;
        }
        try {
            int number = Integer.parseInt(value.get().trim());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notOne) {
            throw wrong(key, value.get(), notOne);
        }
        throw wrong(key, value.get(), null);
    }

    private long bytes(SettingKey key, long byDefault) {
        return parsed(key)
                .map(config -> {
                    long bytes = config.getBytes("v");
                    if (bytes < 1) {
                        throw wrong(key, config.getString("v"), null);
                    }
                    return bytes;
                })
                .orElse(byDefault);
    }

    private Duration duration(SettingKey key, Duration byDefault) {
        return parsed(key)
                .map(config -> {
                    String value = config.getString("v");
                    Duration duration = parseDuration(value);
                    if (duration.toMillis() < 1) {
                        throw wrong(key, value, null);
                    }
                    return duration;
                })
                .orElse(byDefault);
    }

    /** The value as the configuration library reads sizes and durations; any failure to do so names the key. */
    private Parsed parsed(SettingKey key) {
        return new Parsed(key, text(key).orElse(null));
    }

    private static ConfigException wrong(SettingKey key, String value, @Nullable Throwable cause) {
        return new ConfigException(key.key() + " is '" + value + "' but must be " + key.allowed(), cause);
    }

    private record Parsed(SettingKey key, @Nullable String value) {
        <T> Optional<T> map(java.util.function.Function<Config, T> read) {
            if (value == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(
                        read.apply(ConfigFactory.empty().withValue("v", ConfigValueFactory.fromAnyRef(value.trim()))));
            } catch (com.typesafe.config.ConfigException | java.time.format.DateTimeParseException bad) {
                throw wrong(key, value, bad);
            }
        }
    }
}
