package dev.waybill.internal;

import dev.waybill.WaybillObserver;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Limits;
import dev.waybill.spi.TimeSource;
import java.util.concurrent.Executor;

/** What producers and subscriptions of one Waybill share. */
record Engine(
        Broker broker, Limits limits, Timer timer, Executor blocking, TimeSource time, WaybillObserver observer) {}
