package dev.waybill.sqs;

import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.TlsSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.FileStoreTlsKeyManagersProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.SqsClientBuilder;

/**
 * Two clients over one pool of connections: {@code calls} with the SDK's standard retries, and {@code sends} with none, since a send
 * that is repeated after a lost response duplicates its messages.
 */
record Clients(SqsClient calls, SqsClient sends, SdkHttpClient http, String address) implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 64;
    private static final Duration LONGEST_POLL = Duration.ofSeconds(20);
    private static final String DEFAULT_REGION = "us-east-1";

    static Clients open(BrokerContext context) {
        if (!context.nativeSettings().isEmpty()) {
            String key = context.nativeSettings().keySet().iterator().next();
            throw new ConfigException(
                    "waybill.sqs.native." + key
                            + " is not known: the SQS client takes no native settings; the SDK reads its own from the environment and ~/.aws/config");
        }
        SdkHttpClient http = http(context);
        try {
            Duration sendTimeout = context.sendTimeout();
            SqsClient calls = builder(context, http)
                    .overrideConfiguration(o -> o.apiCallAttemptTimeout(LONGEST_POLL.plus(context.connectTimeout())))
                    .build();
            SqsClient sends = builder(context, http)
                    .overrideConfiguration(
                            o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()).apiCallTimeout(sendTimeout))
                    .build();
            return new Clients(calls, sends, http, context.uri().orElse("sqs"));
        } catch (SdkClientException wrong) {
            http.close();
            throw new ConfigException("the SQS client cannot be made: " + wrong.getMessage(), wrong);
        }
    }

    private static SqsClientBuilder builder(BrokerContext context, SdkHttpClient http) {
        SqsClientBuilder builder = SqsClient.builder().httpClient(http).credentialsProvider(credentials(context));
        Optional<String> region = context.setting(SqsBrokerProvider.REGION);
        String uri = context.uri().orElse("sqs://");
        if (uri.startsWith("sqs://")) {
            String named = uri.substring("sqs://".length());
            if (!named.isEmpty()) {
                builder.region(Region.of(named));
            } else {
                region.ifPresent(r -> builder.region(Region.of(r)));
            }
            return builder;
        }
        return builder.endpointOverride(endpoint(uri)).region(Region.of(region.orElse(DEFAULT_REGION)));
    }

    private static URI endpoint(String uri) {
        try {
            URI endpoint = URI.create(uri);
            if (endpoint.getHost() != null
                    && ("http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme()))) {
                return endpoint;
            }
        } catch (IllegalArgumentException malformed) {
            throw wrongUri(uri, malformed);
        }
        throw wrongUri(uri, null);
    }

    private static ConfigException wrongUri(String uri, @Nullable Throwable cause) {
        return new ConfigException(
                "waybill.uri is '" + uri.replaceAll("//[^/@]*@", "//***@")
                        + "' but must be sqs://REGION, http://host:port or https://host:port",
                cause);
    }

    private static AwsCredentialsProvider credentials(BrokerContext context) {
        if (context.username().isPresent() != context.password().isPresent()) {
            throw new ConfigException(
                    "waybill.username and waybill.password, the access key, must both be set or neither");
        }
        return context.username().isEmpty()
                ? DefaultCredentialsProvider.builder().build()
                : StaticCredentialsProvider.create(AwsBasicCredentials.create(
                        context.username().get(), context.password().orElse("")));
    }

    private static SdkHttpClient http(BrokerContext context) {
        Apache5HttpClient.Builder builder = Apache5HttpClient.builder()
                .maxConnections(MAX_CONNECTIONS)
                .connectionTimeout(context.connectTimeout())
                .connectionAcquisitionTimeout(context.sendTimeout())
                .socketTimeout(LONGEST_POLL.plus(context.connectTimeout()));
        context.tls().ifPresent(tls -> {
            Path trust = tls.trustStore();
            Path own = tls.keyStore();
            if (trust != null) {
                builder.tlsTrustManagersProvider(() -> TrustStores.managers(trust, tls.trustStorePassword()));
            }
            if (own != null) {
                builder.tlsKeyManagersProvider(
                        FileStoreTlsKeyManagersProvider.create(own, type(own), String.valueOf(password(tls))));
            }
        });
        return builder.build();
    }

    private static String password(TlsSettings tls) {
        String password = tls.keyStorePassword();
        return password == null ? "" : password;
    }

    private static String type(Path store) {
        return store.toString().endsWith(".jks") ? "JKS" : "PKCS12";
    }

    @Override
    public void close() {
        calls.close();
        sends.close();
        http.close();
    }

    @Override
    public String toString() {
        return "Clients[" + address + "]";
    }
}
