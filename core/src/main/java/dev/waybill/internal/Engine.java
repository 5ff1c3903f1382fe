package dev.waybill.internal;

import dev.waybill.WaybillObserver;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Limits;
import dev.waybill.spi.TimeSource;
import java.util.concurrent.Executor;

/**
 * What producers and subscriptions of one Waybill share.
 *
 * @param adapter the adapter's name
 * @param mdc whether handlers find their message in the MDC
 * @param spent what deletes payloads that are done with
 */
record Engine(
        Broker broker,
        Limits limits,
        Timer timer,
        Executor blocking,
        TimeSource time,
        WaybillObserver observer,
        Listeners listeners,
        String clientName,
        String adapter,
        boolean mdc,
        SpentPayloads spent) {}
