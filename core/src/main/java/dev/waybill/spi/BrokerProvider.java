package dev.waybill.spi;

import java.util.Set;

/** The one public class of an adapter, named in {@code META-INF/services/dev.waybill.spi.BrokerProvider}. */
public interface BrokerProvider {

    /** The value of {@code waybill.broker} that chooses this adapter, such as {@code rabbitmq}. */
    String name();

    /**
     * The adapter's own configuration keys without their prefix {@code waybill.<name>.}; any other key under that prefix is
     * refused, except those under {@code waybill.<name>.native.}, which reach the vendor's client untouched.
     */
    Set<String> keys();

    /**
     * Opens the broker. May block for the connect timeout.
     *
     * @throws BrokerException if the broker cannot be reached or refuses, with the kind that says which
     * @throws dev.waybill.ConfigException if a setting is wrong
     */
    Broker open(BrokerContext context);
}
