package dev.waybill.examples.demo;

import dev.waybill.WaybillConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The main class of a consumer in a process of its own. It reads its configuration from standard input, reports to standard
 * output, and ends when standard input does, so that it never outlives the demo.
 */
public final class WorkerProcess {
    static final String READY = "ready";
    static final String HOLDING = "holding ";

    private WorkerProcess() {}

    /**
     * Works until it is killed.
     *
     * @param args the consumer's name, its concurrency, how many messages it finishes before it holds what it takes, the
     *     queue's name, and the lock duration
     */
    public static void main(String[] args) throws IOException {
        BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        WaybillConfig config = ChildJvm.config(stdin);
        DemoQueues queues = new DemoQueues(args[3], Duration.parse(args[4]));
        HoldAfter hold = new HoldAfter(Long.parseLong(args[2]), id -> report(HOLDING + id));
        Worker.start(config, queues, args[0], Integer.parseInt(args[1]), hold, new Gateway());
        report(READY);
        ChildJvm.endWith(stdin);
    }

    private static synchronized void report(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
