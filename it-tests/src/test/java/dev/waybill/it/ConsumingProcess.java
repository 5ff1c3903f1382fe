package dev.waybill.it;

import dev.waybill.Codec;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A consumer in a process of its own, to be killed. It writes the id of each message that it handles as a line. */
final class ConsumingProcess implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ConsumingProcess.class.getName());

    private final Process process;
    private final Set<String> handled = ConcurrentHashMap.newKeySet();
    private final Thread reader;

    ConsumingProcess(WaybillConfig config, String queue, Duration lock) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                ConsumingProcess.class.getName(),
                queue,
                lock.toString()));
        config.values().forEach((key, value) -> command.add(key + "=" + value));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        reader = new Thread(this::read, "consuming-process");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                handled.add(line);
            }
        } catch (IOException ended) {
            LOG.log(System.Logger.Level.TRACE, "the process was killed in mid-line", ended);
        }
    }

    /** The ids that it has said so far. */
    Set<String> handled() {
        return handled;
    }

    /** SIGKILL, and everything that it has said before is in {@link #handled}. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
        reader.join();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    public static void main(String[] arguments) throws InterruptedException {
        WaybillConfig config = WaybillConfig.of(Map.of());
        for (int i = 2; i < arguments.length; i++) {
            int equals = arguments[i].indexOf('=');
            config = config.with(arguments[i].substring(0, equals), arguments[i].substring(equals + 1));
        }
        Queue<String> queue = Queue.named(arguments[0], Codec.text())
                .maxDeliveries(10)
                .lockDuration(Duration.parse(arguments[1]))
                .build();
        PrintStream out = System.out;
        Waybill.open(config).consumer(queue).concurrency(4).prefetch(20).start(delivery -> {
            synchronized (out) {
                out.println(delivery.id());
                out.flush();
            }
        });
        Thread.currentThread().join();
    }
}
