package dev.waybill.examples.orders;

import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.examples.demo.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A process that takes orders forward until it is killed, or its standard input ends. */
public final class OrderWorker {
    private OrderWorker() {}

    static Process launch(WaybillConfig config, OrderProcess orders, OrderStore store) {
        return ChildJvm.start(
                OrderWorker.class,
                config,
                store.url(),
                orders.name(),
                orders.lock().toString(),
                orders.patience().toString());
    }

    /**
     * Works.
     *
     * @param args the store, the queue's name, the lock duration, and how long an order waits for its payment
     */
    public static void main(String[] args) throws IOException {
        // What the process that is killed says about it is not for the reader of the report.
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
        BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Waybill waybill = Waybill.open(ChildJvm.config(stdin));
        new OrderProcess(args[1], Duration.parse(args[2]), Duration.parse(args[3]))
                .start(waybill, new OrderStore(args[0]).open());
        ChildJvm.endWith(stdin);
    }
}
