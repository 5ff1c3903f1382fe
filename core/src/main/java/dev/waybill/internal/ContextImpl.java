package dev.waybill.internal;

import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.TimeSource;
import dev.waybill.spi.TlsSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What an adapter gets to see of the settings. */
record ContextImpl(Settings settings, Executor blocking, TimeSource time) implements BrokerContext {
    private static final String NATIVE = "native.";

    @Override
    public Optional<String> uri() {
        return settings.text(SettingKey.URI);
    }

    @Override
    public Optional<String> username() {
        return settings.text(SettingKey.USERNAME);
    }

    @Override
    public Optional<String> password() {
        return settings.text(SettingKey.PASSWORD);
    }

    @Override
    public Optional<TlsSettings> tls() {
        return settings.tls;
    }

    @Override
    public Optional<String> setting(String key) {
        return Optional.ofNullable(settings.ofBroker().get(key));
    }

    @Override
    public Map<String, String> nativeSettings() {
        Function<Map.Entry<String, String>, String> name =
                entry -> entry.getKey().substring(NATIVE.length());
        return settings.ofBroker().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(NATIVE))
                .collect(Collectors.toUnmodifiableMap(name, Map.Entry::getValue));
    }

    @Override
    public String clientName() {
        return settings.clientName;
    }

    @Override
    public Duration connectTimeout() {
        return settings.connectTimeout;
    }

    @Override
    public Duration sendTimeout() {
        return settings.producer.sendTimeout();
    }

    @Override
    public String toString() {
        return "BrokerContext[broker=" + settings.broker + "]";
    }
}
