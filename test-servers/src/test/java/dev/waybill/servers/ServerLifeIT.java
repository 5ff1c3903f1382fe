package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerLifeIT {
    private static final int MESSAGES = 20;

    @BeforeEach
    void onlyServersOfOurOwn() {
        assumeTrue(Mode.current() != Mode.EXTERNAL, "external servers cannot be restarted from here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rabbitmq", "rabbitmq-4.0", "kafka", "sqs", "redis"})
    void itsAddressAndWhatItConfirmedOutliveAKillAndARestart(String name) throws Exception {
        assumeTrue(TestServers.offers(name), name + " runs as a local process only");
        try (TestServer server = TestServers.start(name)) {
            String uri = server.uri();
            assertThat(server.product()).matches(".+ \\S+");
            Clients.send(server, MESSAGES);

            server.kill();
            assertThatThrownBy(() -> connect(uri)).isInstanceOf(ConnectException.class);
            server.start();
            assertThat(server.uri()).isEqualTo(uri);
            connect(uri);
            awaitMessages(server);

            server.restart();
            assertThat(server.uri()).isEqualTo(uri);
            awaitMessages(server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rabbitmq", "kafka", "sqs", "azure", "redis"})
    void closingLeavesNoProcessNoListenerAndNoFile(String name) {
        assumeTrue(TestServers.offers(name), name + " needs npm as a local process");
        TestServer server = TestServers.start(name);
        String uri = server.uri();
        List<Long> pids = server instanceof LocalServer local ? local.pids() : List.of();
        Path data = server instanceof LocalServer local ? local.data() : Path.of("no data of this host");
        assertThat(pids).allSatisfy(pid -> assertThat(ProcessHandle.of(pid)).isPresent());

        server.close();

        assertThatThrownBy(() -> connect(uri)).isInstanceOf(ConnectException.class);
        assertThat(pids).allSatisfy(pid -> assertThat(ProcessHandle.of(pid)).isEmpty());
        assertThat(data).doesNotExist();
        assertThatThrownBy(server::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    private static void awaitMessages(TestServer server) {
        if (server.keepsData()) {
            // A quorum queue elects its leader after the server takes connections.
            await().atMost(Duration.ofSeconds(20))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(Clients.count(server)).isEqualTo(MESSAGES));
        }
    }

    private static void connect(String uri) throws Exception {
        URI address = URI.create(uri);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), 2_000);
        }
    }
}
