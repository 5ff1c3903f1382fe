package dev.waybill.examples.orders;

import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.examples.demo.ConfigPipe;
import dev.waybill.examples.demo.DemoException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A process that takes orders forward until it is killed, or its standard input ends. */
public final class OrderWorker {
    private OrderWorker() {}

    static Process launch(WaybillConfig config, OrderProcess orders, OrderStore store) {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                OrderWorker.class.getName(),
                store.url(),
                orders.name(),
                orders.lock().toString(),
                orders.patience().toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        try {
            Process process = builder.start();
            ConfigPipe.write(config, process);
            return process;
        } catch (IOException failed) {
            throw new DemoException("cannot start a process: " + failed.getMessage());
        }
    }

    /**
     * Works.
     *
     * @param args the store, the queue's name, the lock duration, and how long an order waits for its payment
     */
    public static void main(String[] args) throws IOException {
        BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Waybill waybill = Waybill.open(ConfigPipe.read(stdin));
        new OrderProcess(args[1], Duration.parse(args[2]), Duration.parse(args[3]))
                .start(waybill, new OrderStore(args[0]).open());
        while (stdin.readLine() != null) {
            // Nothing more is said; the end is what counts.
        }
        Runtime.getRuntime().halt(1);
    }
}
