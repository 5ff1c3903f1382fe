package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalServerIT {
    @BeforeEach
    void onlyLocalServers() {
        assumeTrue(Mode.current() == Mode.LOCAL, "about processes of this host");
    }

    /** Runs in a JVM of its own, to be killed. */
    static final class Victim {
        public static void main(String[] arguments) throws InterruptedException {
            LocalServer server = (LocalServer) TestServers.start("rabbitmq");
            String pids = server.pids().stream().map(String::valueOf).collect(Collectors.joining(" "));
            System.out.println("started " + server.data() + " " + pids);
            Thread.currentThread().join();
        }
    }

    @Test
    void noProcessAndNoDataOutliveAJvmThatIsKilled() throws Exception {
        Process jvm = new ProcessBuilder(
                        Command.jdk("java"), "-cp", System.getProperty("java.class.path"), Victim.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader printed = jvm.inputReader(StandardCharsets.UTF_8)) {
            String line = printed.lines()
                    .filter(each -> each.startsWith("started "))
                    .findFirst()
                    .orElseThrow();
            String[] words = line.split(" ");
            List<ProcessHandle> processes = Stream.of(words)
                    .skip(2)
                    .map(pid -> ProcessHandle.of(Long.parseLong(pid)).orElseThrow())
                    .toList();
            assertThat(processes).hasSize(2).allMatch(ProcessHandle::isAlive);

            jvm.destroyForcibly().waitFor();

            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(processes).noneMatch(ProcessHandle::isAlive));
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(Path.of(words[1])).doesNotExist());
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void aServerThatCannotStartFailsWithTheEndOfItsLogAndLeavesNothing() {
        LocalKafka server = new LocalKafka(ServerOptions.usual().with("group.share.max.delivery.count.limit", "none"));
        assertThatThrownBy(server::start)
                .isInstanceOf(ServerException.class)
                .hasMessageContaining("group.share.max.delivery.count.limit");
        assertThat(server.pids()).isEmpty();
        assertThat(server.data()).doesNotExist();
    }

    @Test
    void rabbitmqctlCommandsTheServerAndTellsWhatWentWrong() {
        try (RabbitMqServer server = TestServers.rabbitmq()) {
            assertThat(server.rabbitmqctl("status")).contains("RabbitMQ version: 4.3");
            assertThatThrownBy(() -> server.rabbitmqctl("no_such_command"))
                    .isInstanceOf(ServerException.class)
                    .hasMessageContaining("no_such_command");
        }
    }

    @Test
    void aSecondStartOfARunningServerIsRefused() {
        try (TestServer server = TestServers.start("sqs")) {
            assertThatThrownBy(server::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is running");
        }
    }
}
