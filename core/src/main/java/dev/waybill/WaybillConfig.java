package dev.waybill;

import dev.waybill.internal.ConfigSources;
import dev.waybill.spi.TimeSource;
import java.util.Map;
import java.util.TreeMap;

/**
 * The configuration: {@code waybill.*} keys and their values. Immutable. It is checked when {@link Waybill#open} reads it; every
 * key is described in {@code docs/CONFIGURATION.md}.
 */
public final class WaybillConfig {
    private final Map<String, String> values;
    private final WaybillObserver observer;
    private final TimeSource time;

    private WaybillConfig(Map<String, String> values, WaybillObserver observer, TimeSource time) {
        this.values = values;
        this.observer = observer;
        this.time = time;
    }

    /**
     * Reads {@code waybill.conf}, {@code .json} or {@code .properties} from the class path, then the environment
     * ({@code WAYBILL_BROKER} is {@code waybill.broker}), then the system properties; the later wins.
     *
     * @throws ConfigException if a file cannot be parsed
     */
    public static WaybillConfig load() {
        return of(ConfigSources.load());
    }

    /** Just these settings; neither files, nor environment, nor system properties. */
    public static WaybillConfig of(Map<String, String> values) {
        return new WaybillConfig(new TreeMap<>(values), WaybillObserver.NONE, TimeSource.system());
    }

    /** A copy with one setting more, or changed. */
    public WaybillConfig with(String key, String value) {
        TreeMap<String, String> copy = new TreeMap<>(values);
        copy.put(key, value);
        return new WaybillConfig(copy, observer, time);
    }

    /** A copy that reports to an observer. */
    public WaybillConfig observer(WaybillObserver observer) {
        return new WaybillConfig(values, observer, time);
    }

    /** A copy that reads time from somewhere else, for tests. */
    public WaybillConfig time(TimeSource time) {
        return new WaybillConfig(values, observer, time);
    }

    /** The settings as they are, secrets included. Unmodifiable. */
    public Map<String, String> values() {
        return java.util.Collections.unmodifiableMap(values);
    }

    public WaybillObserver observer() {
        return observer;
    }

    public TimeSource time() {
        return time;
    }

    /** The settings with secrets masked. */
    @Override
    public String toString() {
        return ConfigSources.masked(values).toString();
    }
}
