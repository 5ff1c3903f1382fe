package dev.waybill;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What one broker can do, at the version of its server. Immutable.
 *
 * <p>Every {@link Capability} has an entry; what an adapter does not mention is {@link Level#UNSUPPORTED}.
 */
public final class Capabilities {
    private static final Support NONE = new Support(Level.UNSUPPORTED, "");

    private final String broker;
    private final Map<Capability, Support> support;

    private Capabilities(String broker, Map<Capability, Support> support) {
        this.broker = broker;
        this.support = support;
    }

    /** Starts with everything unsupported; {@code broker} is the product and version, such as {@code RabbitMQ 4.3.6}. */
    public static Builder of(String broker) {
        return new Builder(broker);
    }

    /** The product and version of the server. */
    public String broker() {
        return broker;
    }

    public Support support(Capability capability) {
        return Objects.requireNonNullElse(support.get(capability), NONE);
    }

    /** Whether it is there, native or emulated. */
    public boolean has(Capability capability) {
        return support(capability).level() != Level.UNSUPPORTED;
    }

    @Override
    public String toString() {
        return broker + " " + support;
    }

    /** How a capability comes about. */
    public enum Level {
        NATIVE,
        EMULATED,
        UNSUPPORTED
    }

    /**
     * One entry.
     *
     * @param level how it comes about
     * @param note by what broker construct, what an emulation costs, or why it is not there
     */
    public record Support(Level level, String note) {}

    /** Collects entries. Not thread-safe. */
    public static final class Builder {
        private final String broker;
        private final EnumMap<Capability, Support> support = new EnumMap<>(Capability.class);

        private Builder(String broker) {
            this.broker = broker;
        }

        public Builder nativeBy(Capability capability, String construct) {
            support.put(capability, new Support(Level.NATIVE, construct));
            return this;
        }

        public Builder emulated(Capability capability, String how) {
            support.put(capability, new Support(Level.EMULATED, how));
            return this;
        }

        public Builder unsupported(Capability capability, String why) {
            support.put(capability, new Support(Level.UNSUPPORTED, why));
            return this;
        }

        public Capabilities build() {
            return new Capabilities(broker, new EnumMap<>(support));
        }
    }
}
