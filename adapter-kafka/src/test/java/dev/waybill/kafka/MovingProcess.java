package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.RetryPolicy;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A process that moves what was delayed of a queue and receives nothing, to be killed. */
final class MovingProcess implements AutoCloseable {
    private static final String READY = "ready";

    private final Process process;

    MovingProcess(String uri, String queue) throws IOException {
        process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        MovingProcess.class.getName(),
                        uri,
                        queue))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Returns when it is a member of the group and moves. */
    @SuppressWarnings("resource") // ends with the process
    void awaitReady() throws IOException {
        assertThat(new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                        .readLine())
                .isEqualTo(READY);
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    @SuppressWarnings("SystemOut") // that is how it is heard
    public static void main(String[] arguments) throws InterruptedException {
        Broker broker = new KafkaBrokerProvider().open(new TestContext(arguments[0]));
        QueueDefinition definition =
                new QueueDefinition(arguments[1], 5, Duration.ofSeconds(20), RetryPolicy.immediate());
        Receiver receiver = broker.receiver(new Destination(definition, Destination.Role.MAIN), new ReceiverOptions(1));
        receiver.stop();
        System.out.println(READY);
        Thread.currentThread().join();
    }
}
