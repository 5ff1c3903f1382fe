package dev.waybill.internal;

import dev.waybill.inmemory.InMemoryBrokerProvider;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerProvider;
import dev.waybill.spi.Receiver;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import java.util.function.UnaryOperator;

/** The in-memory broker, but that it says that it waits for {@link #SESSION} for a sign of life; it knows of none. */
public final class SessionProvider implements BrokerProvider {
    static final Duration SESSION = Duration.ofSeconds(15);

    @Override
    public String name() {
        return "session";
    }

    @Override
    public Set<String> keys() {
        return Set.of();
    }

    @Override
    public Broker open(BrokerContext context) {
        return around(
                Broker.class,
                new InMemoryBrokerProvider().open(context),
                "receiver",
                receiver -> around(Receiver.class, (Receiver) receiver, "silenceNanos", never -> SESSION.toNanos()));
    }

    private static <T> T around(Class<T> type, T real, String method, UnaryOperator<Object> change) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, called, arguments) -> {
                    try {
                        Object result = called.invoke(real, arguments);
                        return called.getName().equals(method) ? change.apply(result) : result;
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                }));
    }
}
