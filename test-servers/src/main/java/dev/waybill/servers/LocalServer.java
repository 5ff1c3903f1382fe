package dev.waybill.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server as a process of this machine: its life; what to run and how to tell that it serves is the subclass's. */
abstract class LocalServer implements TestServer {
    private static final Logger LOG = LoggerFactory.getLogger(LocalServer.class);
    private static final Duration START_LIMIT = Duration.ofSeconds(90);

    private final String broker;
    private final Path data;
    private final Ports ports = new Ports();
    private final List<Supervised> running = new ArrayList<>();
    private @Nullable String product;
    private boolean closed;

    LocalServer(String broker) {
        this.broker = broker;
        // Made when it starts, so that what fails before leaves nothing behind.
        this.data = Path.of(System.getProperty("java.io.tmpdir"), "waybill-" + broker + "-" + UUID.randomUUID())
                .toAbsolutePath();
    }

    /** Starts the processes by {@link #run}, the one that serves last. */
    abstract void launch() throws IOException;

    /** Asks the server by its own protocol who it is; fails while it does not serve. */
    abstract String probe() throws IOException;

    /** The last that a running server is asked before it is killed. */
    void beforeKill() {}

    /**
     * How a server in Java begins. Where the system property {@code waybill.it.light} is set, as in the tests, it is one that is soon over:
     * the best compiler and its many threads would cost more than they bring.
     */
    static List<String> javaCommand() {
        String java = Command.jdk("java");
        return Boolean.getBoolean("waybill.it.light")
                ? List.of(java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
                : List.of(java);
    }

    final Path data() {
        return data;
    }

    final Path log() {
        return data.resolve("server.log");
    }

    final int takePort() {
        return ports.take();
    }

    final void run(String name, List<String> command, Map<String, String> environment) {
        running.add(Supervised.start(name, command, environment, data, log()));
    }

    @Override
    public final String broker() {
        return broker;
    }

    @Override
    public boolean keepsData() {
        return true;
    }

    @Override
    public final synchronized String product() {
        if (product == null) {
            throw new IllegalStateException("The " + broker + " server was never started");
        }
        return product;
    }

    /** The ids of its processes; none while it is down. */
    final synchronized List<Long> pids() {
        return running.stream().map(Supervised::pid).toList();
    }

    @Override
    public final synchronized void start() {
        if (closed || !running.isEmpty()) {
            throw new IllegalStateException(
                    "The " + broker + " server at " + uri() + (closed ? " is closed" : " is running"));
        }
        long started = System.nanoTime();
        try {
            Files.createDirectories(data);
            launch();
            product = serving();
        } catch (IOException e) {
            close();
            throw new UncheckedIOException("Starting " + broker, e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        LOG.info("{} at {} up after {} ms", product, uri(), (System.nanoTime() - started) / 1_000_000);
    }

    private String serving() {
        Supervised server = running.get(running.size() - 1);
        List<String> answers = new ArrayList<>();
        List<String> refusals = new ArrayList<>();
        boolean answered = Await.isTrue(START_LIMIT, () -> {
            try {
                answers.add(probe());
                return true;
            } catch (IOException e) {
                refusals.add(e.toString());
                return !server.isAlive();
            }
        });
        if (!answers.isEmpty()) {
            return answers.get(0);
        }
        String how = answered ? "ended by itself" : "does not serve after " + START_LIMIT;
        throw new ServerException("The " + broker + " server at " + uri() + " " + how + " (last: "
                + refusals.get(refusals.size() - 1) + "). The end of its log:\n" + Folders.tail(log()));
    }

    @Override
    public final synchronized void restart() {
        endAll(Supervised::stop);
        start();
    }

    @Override
    public final synchronized void kill() {
        if (!running.isEmpty()) {
            beforeKill();
        }
        endAll(Supervised::kill);
    }

    @Override
    public final synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            endAll(Supervised::kill);
        } finally {
            ports.close();
        }
        try {
            Folders.delete(data);
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting the data of " + broker, e);
        }
    }

    private void endAll(Consumer<Supervised> how) {
        List<Supervised> ending = new ArrayList<>(running);
        Collections.reverse(ending);
        ending.forEach(each -> {
            how.accept(each);
            running.remove(each);
        });
    }
}
