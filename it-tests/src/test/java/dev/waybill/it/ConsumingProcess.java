package dev.waybill.it;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A consumer in a process of its own, to be killed. It writes each message that it handles as a line, before it settles it: its id, or,
 * of an ordered queue, a {@link Step}. One that is {@link #failing} accepts none.
 */
final class ConsumingProcess implements AutoCloseable {
    /** How many messages of an ordered queue it handles at once. */
    static final int CONVOYS_AT_ONCE = 16;

    private static final System.Logger LOG = System.getLogger(ConsumingProcess.class.getName());

    private final Process process;
    private final Set<String> handled = ConcurrentHashMap.newKeySet();
    private final Thread reader;

    private final Consumer<String> listener;

    ConsumingProcess(WaybillConfig config, Queue<String> queue) throws IOException {
        this(config, queue, line -> {});
    }

    /** @param listener is told each line */
    ConsumingProcess(WaybillConfig config, Queue<String> queue, Consumer<String> listener) throws IOException {
        this(config, queue, false, listener);
    }

    /**
     * One whose messages go round until it is killed: each is retried twice, at once or later, and dead-lettered, and all dead letters
     * are redriven again and again.
     */
    static ConsumingProcess failing(WaybillConfig config, Queue<String> queue, Consumer<String> listener)
            throws IOException {
        return new ConsumingProcess(config, queue, true, listener);
    }

    private ConsumingProcess(WaybillConfig config, Queue<String> queue, boolean failing, Consumer<String> listener)
            throws IOException {
        this.listener = listener;
        process = TestProcess.of(
                        ConsumingProcess.class,
                        config,
                        queue.name(),
                        queue.lockDuration().toString(),
                        Boolean.toString(queue.isOrderedByKey()),
                        Boolean.toString(failing))
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
                listener.accept(line);
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
        // By its handle: Process.destroyForcibly also closes our end of the pipe, with what has been said and not read.
        process.toHandle().destroyForcibly();
        process.waitFor();
        reader.join();
    }

    /** SIGSTOP: it stands still until it {@link #goesOn}. */
    void standsStill() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT: as if nothing had been. */
    void goesOn() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        String command = "kill -" + name + " " + process.pid();
        if (new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor() != 0) {
            throw new IOException(command + " failed");
        }
    }

    /** What it has handled so far, of an ordered queue. */
    List<Step> steps() {
        return handled.stream().map(Step::parse).toList();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /**
     * One message that was handled.
     *
     * @param number of the message within its key, from 1
     * @param began by the clock that all processes of the machine share
     * @param lockLost whether its lock had ended before it did: the process was held up for longer than that
     */
    record Step(String key, int number, boolean redelivered, long began, long ended, boolean lockLost) {
        static Step parse(String line) {
            String[] parts = line.split(" ");
            return new Step(
                    parts[0],
                    Integer.parseInt(parts[1]),
                    Boolean.parseBoolean(parts[2]),
                    Long.parseLong(parts[3]),
                    Long.parseLong(parts[4]),
                    Boolean.parseBoolean(parts[5]));
        }

        String line() {
            return key + " " + number + " " + redelivered + " " + began + " " + ended + " " + lockLost;
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        WaybillConfig config = TestProcess.config(arguments, 4);
        boolean ordered = Boolean.parseBoolean(arguments[2]);
        boolean failing = Boolean.parseBoolean(arguments[3]);
        Queue.Builder<String> declaration =
                Queue.named(arguments[0], Codec.text()).maxDeliveries(10).lockDuration(Duration.parse(arguments[1]));
        Queue<String> queue = ordered ? declaration.orderedByKey().build() : declaration.build();
        PrintStream out = System.out;
        Waybill waybill = Waybill.open(config);
        dev.waybill.Consumer<String> consumer = waybill.consumer(queue).prefetch(20);
        if (ordered) {
            consumer.concurrency(CONVOYS_AT_ONCE).start(delivery -> step(delivery, out));
        } else if (failing) {
            consumer.concurrency(4).startReturning(delivery -> fail(delivery, out));
            while (true) {
                waybill.deadLetters(queue).redrive(DeadLetterFilter.all()).run();
            }
        } else {
            consumer.concurrency(4).start(delivery -> say(delivery.id(), out));
        }
        Thread.currentThread().join();
    }

    private static Outcome fail(Delivery<String> delivery, PrintStream out) {
        say(delivery.id(), out);
        if (delivery.deliveryCount() > 2) {
            return Outcome.deadLetter("it has been tried");
        }
        return delivery.payload().endsWith("0") ? Outcome.retry(Duration.ZERO) : Outcome.retry(Duration.ofMillis(20));
    }

    private static void step(Delivery<String> delivery, PrintStream out) throws InterruptedException {
        long began = System.nanoTime();
        TimeUnit.MILLISECONDS.sleep(1);
        Step step = new Step(
                delivery.key().orElseThrow(),
                Integer.parseInt(delivery.payload()),
                delivery.redelivered(),
                began,
                System.nanoTime(),
                delivery.lockLost());
        say(step.line(), out);
    }

    private static void say(String line, PrintStream out) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }
}
