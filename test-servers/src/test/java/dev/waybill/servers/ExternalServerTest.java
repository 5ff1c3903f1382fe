package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExternalServerTest {
    private static final String ADDRESS = "waybill.it.sqs.uri";
    private String mode;

    @BeforeEach
    void chooseExternal() {
        mode = System.setProperty(Mode.KEY, "external");
    }

    @AfterEach
    void restore() {
        System.clearProperty(ADDRESS);
        if (mode == null) {
            System.clearProperty(Mode.KEY);
        } else {
            System.setProperty(Mode.KEY, mode);
        }
    }

    @Test
    void withoutAnAddressItIsRefusedWithTheMissingKey() {
        assertThatThrownBy(() -> TestServers.start("sqs"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(ADDRESS);
    }

    @Test
    void whereNobodyAnswersItIsRefused() {
        try (Ports ports = new Ports()) {
            System.setProperty(ADDRESS, "http://127.0.0.1:" + ports.take());
            assertThatThrownBy(() -> TestServers.start("sqs"))
                    .isInstanceOf(ServerException.class)
                    .hasMessageContaining(ADDRESS);
        }
    }

    @Test
    void aServerThatIsNotOursIsUsedButNeitherRestartedNorKilled() throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/", exchange -> {
            boolean listQueues =
                    "AmazonSQS.ListQueues".equals(exchange.getRequestHeaders().getFirst("X-Amz-Target"));
            exchange.getResponseHeaders().add("Server", "stub");
            exchange.sendResponseHeaders(listQueues ? 200 : 404, -1);
            exchange.close();
        });
        http.start();
        try {
            String uri = "http://127.0.0.1:" + http.getAddress().getPort();
            System.setProperty(ADDRESS, uri);
            try (TestServer server = TestServers.start("sqs")) {
                assertThat(server.uri()).isEqualTo(uri);
                assertThat(server.product()).isEqualTo("SQS by stub");
                assertThatThrownBy(server::restart)
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("cannot be restarted");
                assertThatThrownBy(server::kill)
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("cannot be killed");
            }
        } finally {
            http.stop(0);
        }
    }
}
