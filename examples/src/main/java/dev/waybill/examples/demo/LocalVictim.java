package dev.waybill.examples.demo;

import dev.waybill.WaybillConfig;
import java.util.concurrent.atomic.AtomicInteger;

/** On the broker inside this JVM no other process can take part: this one is closed without waiting for its handlers. */
final class LocalVictim implements Victim {
    private final String name;
    private final AtomicInteger held = new AtomicInteger();
    private final Worker worker;

    LocalVictim(WaybillConfig config, DemoQueues queues, String name, int concurrency, long share) {
        this.name = name;
        worker = Worker.start(
                config,
                queues,
                name,
                concurrency,
                new HoldAfter(share, messageId -> held.incrementAndGet()),
                new Gateway());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int held() {
        return held.get();
    }

    @Override
    public String kill() {
        worker.kill();
        return "closed at once, its handlers interrupted";
    }

    @Override
    public void close() {
        worker.kill();
    }
}
