package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.ProducerOptions;
import dev.waybill.RetryPolicy;
import dev.waybill.TopologyMode;
import dev.waybill.inmemory.InMemoryBrokerProvider;
import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Destination.Role;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.QueueDefinition;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How the sender of a destination is opened. */
class SendPipeTest {
    private final SettableTime time = new SettableTime();
    private final Timer timer = new Timer();
    private final Broker broker = new InMemoryBrokerProvider()
            .open(new ContextImpl(new Settings(Map.of("waybill.broker", "in-memory")), Runnable::run, time));
    private final AtomicBoolean fails = new AtomicBoolean(true);

    @AfterEach
    void close() {
        broker.close();
        timer.close();
    }

    @Test
    void anErrorWhileItIsOpenedInTheBackgroundKeepsNobodyWaiting() throws Exception {
        QueueDefinition queue = new QueueDefinition("q", 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT);
        broker.declare(queue, TopologyMode.DECLARE);
        Engine engine = TestEngine.of(failingOnce(), timer, time);
        ProducerOptions options = new ProducerOptions(10, 1000, Duration.ofSeconds(10));
        SendPipe pipe = new SendPipe(engine, new Destination(queue, Role.MAIN), options, false, true);
        assertThat(fails).as("the first sender was asked for").isFalse();
        pipe.send(new Envelope("m", null, null, 0, Map.of(), new byte[0]), 0).get(20, TimeUnit.SECONDS);
        pipe.close();
    }

    private Broker failingOnce() {
        return (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("sender") && fails.getAndSet(false)) {
                        throw new NoClassDefFoundError("on purpose");
                    }
                    try {
                        return method.invoke(broker, arguments);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }
}
