package dev.waybill.internal;

import dev.waybill.WaybillObserver;
import dev.waybill.inmemory.SettableTime;
import dev.waybill.spi.Broker;

/** Engines of tests, whose blocking work is done by whoever asks for it. */
final class TestEngine {
    private TestEngine() {}

    static Engine of(Broker broker, Timer timer, SettableTime time) {
        return new Engine(
                broker,
                broker.limits(),
                timer,
                Runnable::run,
                time,
                WaybillObserver.NONE,
                new Listeners(),
                "test",
                "in-memory",
                false,
                new SpentPayloads(timer, Runnable::run));
    }
}
