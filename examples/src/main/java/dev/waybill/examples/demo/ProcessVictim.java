package dev.waybill.examples.demo;

import dev.waybill.WaybillConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A consumer in a process of its own, which is killed by the operating system: nothing in it gets a chance to tidy up. */
final class ProcessVictim implements Victim {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessVictim.class);
    private static final long START_SECONDS = 60;

    private final String name;
    private final Process process;
    private final AtomicInteger held = new AtomicInteger();
    private final CountDownLatch ready = new CountDownLatch(1);
    private volatile boolean isReady;

    ProcessVictim(WaybillConfig config, DemoQueues queues, String name, int concurrency, long share) {
        this.name = name;
        process = ChildJvm.start(
                WorkerProcess.class,
                config,
                name,
                Integer.toString(concurrency),
                Long.toString(share),
                queues.name(),
                queues.lock().toString());
        try {
            awaitReady();
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    private void awaitReady() {
        Thread reader = new Thread(this::readReports, "demo-victim-reports");
        reader.setDaemon(true);
        reader.start();
        try {
            if (ready.await(START_SECONDS, TimeUnit.SECONDS) && isReady) {
                return;
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        throw new DemoException("the consumer process " + name + " did not start within " + START_SECONDS
                + " s, or ended; what it said stands above");
    }

    private void readReports() {
        try (BufferedReader reports = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reports.readLine(); line != null; line = reports.readLine()) {
                if (line.equals(WorkerProcess.READY)) {
                    isReady = true;
                    ready.countDown();
                } else if (line.startsWith(WorkerProcess.HOLDING)) {
                    held.incrementAndGet();
                }
            }
        } catch (IOException killed) {
            LOG.debug("the reports of {} ended", name, killed);
        } finally {
            ready.countDown();
        }
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
        close();
        return "process " + process.pid() + " by SIGKILL";
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
