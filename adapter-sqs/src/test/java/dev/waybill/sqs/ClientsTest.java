package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.waybill.ConfigException;
import dev.waybill.Health;
import dev.waybill.RetryPolicy;
import dev.waybill.SendException.Reason;
import dev.waybill.spi.Broker;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Sender;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The real client against an end point whose answers a test writes. */
class ClientsTest {
    private static final Destination QUEUE = new Destination(
            new QueueDefinition("q", 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT), Destination.Role.MAIN);

    private final ExecutorService blocking = Executors.newCachedThreadPool();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile Function<String, Answer> answers = call -> new Answer(200, "{\"QueueUrl\":\"http://q\"}");
    private HttpServer server;

    /** With the status 0 the connection is cut instead. */
    private record Answer(int status, String body) {
        static Answer error(int status, String code) {
            return new Answer(status, "{\"__type\":\"com.amazonaws.sqs#" + code + "\",\"message\":\"because\"}");
        }
    }

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(blocking);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            String call = exchange.getRequestHeaders().getFirst("X-Amz-Target").replace("AmazonSQS.", "");
            calls.add(call);
            Answer answer = answers.apply(call);
            if (answer.status == 0) {
                throw new IOException("cut");
            }
            byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.0");
            exchange.sendResponseHeaders(answer.status, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        blocking.shutdownNow();
    }

    private String uri() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private Sent sendOnce(Function<String, Answer> answers) {
        try (Broker broker = Fixture.open(uri(), blocking);
                Sender sender = broker.sender(QUEUE, null)) {
            this.answers = answers;
            calls.clear();
            Sent sent = new Sent("m");
            sender.send(List.of(sent));
            sent.join();
            return sent;
        }
    }

    @Test
    void a_send_whose_answer_is_lost_is_not_repeated_and_may_be_stored() {
        Sent sent = sendOnce(call -> new Answer(0, ""));
        assertThat(calls).containsExactly("SendMessageBatch");
        assertThat(sent.reason).isEqualTo(Reason.CONNECTION_LOST);
        assertThat(sent.maybeStored).isTrue();
    }

    @Test
    void a_send_that_meets_a_server_error_is_not_repeated_and_may_be_stored() {
        Sent sent = sendOnce(call -> Answer.error(503, "ServiceUnavailable"));
        assertThat(calls).containsExactly("SendMessageBatch");
        assertThat(sent.reason).isEqualTo(Reason.REJECTED);
        assertThat(sent.maybeStored).isTrue();
    }

    @Test
    void a_throttled_send_is_repeated_for_a_while_and_not_stored() {
        Sent sent = sendOnce(call -> Answer.error(400, "RequestThrottled"));
        assertThat(calls).hasSize(5).containsOnly("SendMessageBatch");
        assertThat(sent.reason).isEqualTo(Reason.REJECTED);
        assertThat(sent.maybeStored).isFalse();
    }

    @Test
    void a_refused_send_is_not_repeated() {
        Sent sent = sendOnce(call -> Answer.error(400, "AccessDeniedException"));
        assertThat(calls).containsExactly("SendMessageBatch");
        assertThat(sent.join()).startsWith("REJECTED: ").contains("because");
        assertThat(sent.maybeStored).isFalse();
    }

    @Test
    void who_may_not_list_queues_may_still_open() {
        answers = call -> Answer.error(400, "AccessDeniedException");
        try (Broker broker = Fixture.open(uri(), blocking)) {
            assertThat(broker.health()).extracting(Health.Component::status).containsExactly(Health.Status.UP);
        }
    }

    @Test
    void a_wrong_key_is_denied_at_the_opening() {
        answers = call -> Answer.error(400, "UnrecognizedClientException");
        assertThatThrownBy(() -> Fixture.open(uri(), blocking))
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        denied -> assertThat(denied.kind()).isEqualTo(Kind.DENIED));
    }

    @Test
    void an_address_where_nobody_listens_is_unavailable_at_the_opening() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        assertThatThrownBy(() -> Fixture.open("http://127.0.0.1:" + free, blocking))
                .isInstanceOfSatisfying(
                        BrokerException.class, gone -> assertThat(gone.kind()).isEqualTo(Kind.UNAVAILABLE));
    }

    private static Fixture.Context context(
            String uri, Optional<String> user, Optional<String> password, Map<String, String> natives) {
        return new Fixture.Context(Optional.of(uri), user, password, natives, Optional.empty(), Runnable::run);
    }

    @Test
    void a_native_setting_and_half_a_key_are_mistakes_of_the_configuration() {
        assertThatThrownBy(() -> new SqsBrokerProvider()
                        .open(context(uri(), Optional.of("a"), Optional.of("b"), Map.of("apiCallTimeout", "1s"))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.sqs.native.apiCallTimeout");
        assertThatThrownBy(() -> new SqsBrokerProvider()
                        .open(context(uri(), Optional.empty(), Optional.of("hunter2"), Map.of())))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.username")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void no_key_at_all_on_this_machine_says_what_to_set() {
        String[] sources = {"aws.disableEc2Metadata", "aws.sharedCredentialsFile", "aws.configFile"};
        String[] nothing = {"true", "/nowhere", "/nowhere"};
        for (int i = 0; i < sources.length; i++) {
            System.setProperty(sources[i], nothing[i]);
        }
        try {
            assertThatThrownBy(() ->
                            new SqsBrokerProvider().open(context(uri(), Optional.empty(), Optional.empty(), Map.of())))
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            denied -> assertThat(denied.kind()).isEqualTo(Kind.DENIED))
                    .hasMessageContaining("set waybill.username and waybill.password");
        } finally {
            for (String source : sources) {
                System.clearProperty(source);
            }
        }
    }
}
