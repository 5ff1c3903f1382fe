package dev.waybill.servers;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Where the servers come from. */
enum Mode {
    LOCAL,
    CONTAINERS,
    EXTERNAL;

    static final String KEY = "waybill.it.servers";

    static Mode current() {
        return parse(setting(KEY, System.getProperties(), System.getenv()).orElse("local"));
    }

    static Mode parse(String value) {
        return switch (value) {
            case "local" -> LOCAL;
            case "containers" -> CONTAINERS;
            case "external" -> EXTERNAL;
            default ->
                throw new IllegalArgumentException(
                        KEY + " is '" + value + "' but must be local, containers or external");
        };
    }

    /** A setting by its system property or else by its environment variable; a blank one counts as not set. */
    static Optional<String> setting(String key, Map<?, ?> properties, Map<String, String> environment) {
        Object property = properties.get(key);
        Object value = property != null
                ? property
                : environment.get(key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT));
        return Optional.ofNullable(value).map(Object::toString).filter(text -> !text.isBlank());
    }
}
