package dev.waybill.servers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.GenericContainer;

/** A server in a container, at a port of this host that is chosen before it starts and so stays over restarts. */
abstract class ContainerServer implements TestServer {
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final int STOP_SECONDS = 10;

    private final String broker;
    private final GenericContainer<?> container;
    private final Ports ports = new Ports();
    private final List<String> bindings = new ArrayList<>();
    private @Nullable String product;
    private boolean running;
    private boolean closed;

    ContainerServer(String broker, GenericContainer<?> container) {
        this.broker = broker;
        this.container = container;
    }

    /** Asks the server by its own protocol who it is; fails while it does not serve. */
    abstract String probe() throws IOException;

    /** The last that a running server is asked before it is killed. */
    void beforeKill() {}

    /** A port of this host that leads to one of the container. */
    final int publish(int inside) {
        int port = ports.take();
        bindings.add("127.0.0.1:" + port + ":" + inside);
        return port;
    }

    /** Where this host's ports are, which is elsewhere if the engine is. */
    final String host() {
        String host = container.getHost();
        return host.equals("localhost") ? "127.0.0.1" : host;
    }

    final GenericContainer<?> container() {
        return container;
    }

    @Override
    public final String broker() {
        return broker;
    }

    @Override
    public final synchronized String product() {
        if (product == null) {
            throw new IllegalStateException("The " + broker + " server was never started");
        }
        return product;
    }

    @Override
    public final synchronized void start() {
        if (closed || running) {
            throw new IllegalStateException(
                    "The " + broker + " server at " + uri() + (closed ? " is closed" : " is running"));
        }
        running = true;
        try {
            if (container.getContainerId() == null) {
                container.setPortBindings(bindings);
                container.start();
            } else {
                docker().startContainerCmd(container.getContainerId()).exec();
            }
            product = serving();
        } catch (ContainerLaunchException | DockerException e) {
            close();
            throw new ServerException(
                    "The " + broker + " server does not start from " + container.getDockerImageName(), e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private String serving() {
        List<String> answers = new ArrayList<>();
        List<String> refusals = new ArrayList<>();
        Await.isTrue(START_LIMIT, () -> {
            try {
                answers.add(probe());
                return true;
            } catch (IOException e) {
                refusals.add(e.toString());
                return !container.isRunning();
            }
        });
        if (answers.isEmpty()) {
            throw new ServerException("The " + broker + " server at " + uri() + " does not serve (last: "
                    + refusals.get(refusals.size() - 1) + "). The end of its log:\n"
                    + Folders.tail(container.getLogs()));
        }
        return answers.get(0);
    }

    @Override
    public final synchronized void restart() {
        if (running) {
            docker().stopContainerCmd(container.getContainerId())
                    .withTimeout(STOP_SECONDS)
                    .exec();
            running = false;
        }
        start();
    }

    @Override
    public final synchronized void kill() {
        if (running) {
            beforeKill();
            docker().killContainerCmd(container.getContainerId()).exec();
            running = false;
        }
    }

    @Override
    public final synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        running = false;
        try {
            container.stop();
        } finally {
            ports.close();
        }
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }
}
