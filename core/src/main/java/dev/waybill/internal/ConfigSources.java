package dev.waybill.internal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import dev.waybill.spi.BrokerProvider;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Where settings come from: files on the class path, the environment, the system properties. */
public final class ConfigSources {
    private static final Pattern SECRET =
            Pattern.compile("password|secret|token|credential|jaas|private|\\.key$", Pattern.CASE_INSENSITIVE);

    private ConfigSources() {}

    public static Map<String, String> load() {
        TreeMap<String, String> values = new TreeMap<>();
        try {
            Config files = ConfigFactory.parseResourcesAnySyntax(classLoader(), "waybill")
                    .resolve();
            files.entrySet().forEach(entry -> put(values, entry));
        } catch (ConfigException bad) {
            throw new dev.waybill.ConfigException("waybill.conf cannot be read: " + bad.getMessage(), bad);
        }
        values.putAll(
                fromEnvironment(System.getenv(), WaybillRuntime.providers().keySet()));
        System.getProperties().stringPropertyNames().stream()
                // waybill.it.* chooses the servers of the integration tests, not the broker of an application.
                .filter(name -> name.startsWith("waybill.") && !name.startsWith("waybill.it."))
                .forEach(name -> values.put(name, System.getProperty(name)));
        return values;
    }

    /** That of the calling thread, unless it does not know Waybill, as on the threads of the JDK's common pool in a fat jar. */
    static ClassLoader classLoader() {
        ClassLoader ours = BrokerProvider.class.getClassLoader();
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        if (context == null) {
            return ours;
        }
        try {
            return context.loadClass(BrokerProvider.class.getName()) == BrokerProvider.class ? context : ours;
        } catch (ClassNotFoundException unknown) {
            return ours;
        }
    }

    private static void put(Map<String, String> values, Map.Entry<String, ConfigValue> entry) {
        String key = String.join(".", ConfigUtil.splitPath(entry.getKey()));
        if (key.startsWith("waybill.")) {
            values.put(key, String.valueOf(entry.getValue().unwrapped()));
        }
    }

    /**
     * {@code WAYBILL_SEND_TIMEOUT} cannot tell a dot from a hyphen, so the portable keys are matched by name; what follows
     * {@code WAYBILL_<BROKER>_NATIVE_} has dots, and what follows {@code WAYBILL_<BROKER>_} hyphens.
     *
     * @param brokers the adapters on the class path, since which of them is chosen may be said later
     */
    static Map<String, String> fromEnvironment(Map<String, String> environment, Collection<String> brokers) {
        TreeMap<String, String> values = new TreeMap<>();
        for (SettingKey key : SettingKey.values()) {
            String value = environment.get(variable(key.key()));
            if (value != null) {
                values.put(key.key(), value);
            }
        }
        values.putAll(GuardSettings.fromEnvironment(environment));
        values.putAll(PrioritySettings.fromEnvironment(environment));
        for (String broker : brokers) {
            String prefix = variable("waybill." + broker) + "_";
            environment.forEach((name, value) -> {
                if (name.startsWith(prefix)) {
                    String rest = name.substring(prefix.length()).toLowerCase(Locale.ROOT);
                    String key = rest.startsWith("native_")
                            ? "native." + rest.substring("native_".length()).replace('_', '.')
                            : rest.replace('_', '-');
                    values.put("waybill." + broker + "." + key, value);
                }
            });
        }
        return values;
    }

    private static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** The same settings, secrets masked and credentials in an address too. */
    public static Map<String, String> masked(Map<String, String> values) {
        TreeMap<String, String> masked = new TreeMap<>();
        values.forEach((key, value) ->
                masked.put(key, SECRET.matcher(key).find() ? "***" : key.endsWith("uri") ? maskUri(value) : value));
        return masked;
    }

    /** An address without the user and password in it. */
    public static String maskUri(String uri) {
        return uri.replaceAll("//[^/@]*@", "//***@");
    }
}
