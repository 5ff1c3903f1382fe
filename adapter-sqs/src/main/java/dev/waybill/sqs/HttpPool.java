package dev.waybill.sqs;

import dev.waybill.spi.BrokerContext;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;

/** The connections to SQS. */
final class HttpPool {
    /** The longest that SQS lets a poll wait for messages. */
    static final Duration LONGEST_POLL = Duration.ofSeconds(20);

    /**
     * Never the bound, which would let the long polls of many subscriptions starve the sends: a subscription opens at most
     * {@code Limits.maxReceivers} polls, a producer {@code Limits.maxSendCalls} sends.
     */
    private static final int MAX_CONNECTIONS = 10_000;

    /** Shorter than the minute after which servers close, so that no request meets a connection that is just closed. */
    private static final Duration MAX_IDLE = Duration.ofSeconds(20);

    private HttpPool() {}

    static SdkHttpClient open(BrokerContext context) {
        Apache5HttpClient.Builder builder = Apache5HttpClient.builder()
                .maxConnections(MAX_CONNECTIONS)
                .connectionMaxIdleTime(MAX_IDLE)
                .connectionTimeout(context.connectTimeout())
                .socketTimeout(LONGEST_POLL.plus(context.connectTimeout()));
        context.tls().ifPresent(tls -> {
            Path trust = tls.trustStore();
            Path own = tls.keyStore();
            if (trust != null) {
                TrustManager[] managers = Tls.trust(trust, tls.trustStorePassword());
                builder.tlsTrustManagersProvider(() -> managers);
            }
            if (own != null) {
                KeyManager[] managers = Tls.keys(own, tls.keyStorePassword());
                builder.tlsKeyManagersProvider(() -> managers);
            }
        });
        return builder.build();
    }
}
