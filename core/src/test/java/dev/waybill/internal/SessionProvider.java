package dev.waybill.internal;

import dev.waybill.inmemory.InMemoryBrokerProvider;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerProvider;
import dev.waybill.spi.Receiver;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** The in-memory broker, but that it says that it waits for {@link #SESSION} for a sign of life; it knows of none. */
public final class SessionProvider implements BrokerProvider {
    static final Duration SESSION = Duration.ofSeconds(15);

    /** How many receives succeed before one fails. */
    static final AtomicInteger RECEIVES_LEFT = new AtomicInteger(Integer.MAX_VALUE);

    /** What is to happen when a receiver has been opened; once. */
    static final AtomicReference<Runnable> OPENED = new AtomicReference<>();

    /** Receives answer when this is open, whatever happens meanwhile. */
    static volatile CountDownLatch answers = new CountDownLatch(0);

    /** Those that failed, whose messages are good for as long as they are not closed. */
    static final List<Receiver> FAILED = new CopyOnWriteArrayList<>();

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
        Broker real = new InMemoryBrokerProvider().open(context);
        return proxy(Broker.class, (self, called, arguments) -> {
            Object result = invoke(real, called, arguments);
            if (!(result instanceof Receiver receiver)) {
                return result;
            }
            Runnable opened = OPENED.getAndSet(null);
            if (opened != null) {
                opened.run();
            }
            return around(receiver);
        });
    }

    private static Receiver around(Receiver real) {
        return proxy(Receiver.class, (self, called, arguments) -> switch (called.getName()) {
            case "silenceNanos" -> SESSION.toNanos();
            case "receive" -> {
                if (RECEIVES_LEFT.getAndDecrement() == 0) {
                    FAILED.add(real);
                    throw new BrokerException(BrokerException.Kind.UNAVAILABLE, "for once", null);
                }
                Object brought = invoke(real, called, arguments);
                answers.await();
                yield brought;
            }
            case "close" -> FAILED.contains(real) ? null : invoke(real, called, arguments);
            default -> invoke(real, called, arguments);
        });
    }

    private static Object invoke(Object real, Method called, Object[] arguments) throws Throwable {
        try {
            return called.invoke(real, arguments);
        } catch (InvocationTargetException failed) {
            throw failed.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
