package dev.waybill.sqs;

import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.retry.RetryUtils;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.SqsClientBuilder;

/**
 * Two clients over one pool of connections: {@code calls} with the SDK's standard retries, and {@code sends}, which repeats
 * only what was certainly not stored, since a send that is repeated after a lost response duplicates its messages.
 */
record Clients(SqsClient calls, SqsClient sends, SdkHttpClient http, Reachability reachability)
        implements AutoCloseable {
    private static final int MAX_SEND_ATTEMPTS = 5;

    /** In all at most three seconds: within any send timeout, which would otherwise leave it open whether it was stored. */
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(200);

    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(2);

    static Clients open(BrokerContext context) {
        if (!context.nativeSettings().isEmpty()) {
            String key = context.nativeSettings().keySet().iterator().next();
            throw new ConfigException("waybill.sqs.native." + key + " is not known: the SQS adapter has no native"
                    + " settings; the SDK reads its own from the environment and ~/.aws/config");
        }
        Address address = Address.of(context.uri(), context.setting(SqsBrokerProvider.REGION));
        if (!address.tls() && context.tls().isPresent()) {
            throw context.tls().get().unused(address.toString(), "https://... or sqs://REGION");
        }
        AwsCredentialsProvider credentials = credentials(context, address);
        Reachability reachability = new Reachability(address.toString());
        SdkHttpClient http = HttpPool.open(context);
        try {
            SqsClient calls = builder(address, credentials, http)
                    .overrideConfiguration(o -> o.addExecutionInterceptor(reachability))
                    .build();
            SqsClient sends = builder(address, credentials, http)
                    .overrideConfiguration(o -> sends(o, context.sendTimeout()).addExecutionInterceptor(reachability))
                    .build();
            return new Clients(calls, sends, http, reachability);
        } catch (SdkClientException wrong) {
            http.close();
            throw new ConfigException("the SQS client cannot be made: " + wrong.getMessage(), wrong);
        }
    }

    private static ClientOverrideConfiguration.Builder sends(
            ClientOverrideConfiguration.Builder configuration, Duration timeout) {
        return configuration
                .apiCallTimeout(timeout)
                .retryStrategy(StandardRetryStrategy.builder()
                        .useClientDefaults(false)
                        .maxAttempts(MAX_SEND_ATTEMPTS)
                        .throttlingBackoffStrategy(BackoffStrategy.exponentialDelay(FIRST_BACKOFF, LONGEST_BACKOFF))
                        .retryOnException(Faults::repeatable)
                        .treatAsThrottling(
                                failure -> failure instanceof SdkException sdk && RetryUtils.isThrottlingException(sdk))
                        .build());
    }

    private static SqsClientBuilder builder(Address address, AwsCredentialsProvider credentials, SdkHttpClient http) {
        SqsClientBuilder builder = SqsClient.builder().httpClient(http).credentialsProvider(credentials);
        if (address.region() != null) {
            builder.region(address.region());
        }
        if (address.endpoint() != null) {
            builder.endpointOverride(address.endpoint());
        }
        return builder;
    }

    private static AwsCredentialsProvider credentials(BrokerContext context, Address address) {
        if (context.username().isPresent() != context.password().isPresent()) {
            throw new ConfigException(
                    "waybill.username and waybill.password, the access key, must both be set or neither");
        }
        if (context.username().isPresent()) {
            return StaticCredentialsProvider.create(AwsBasicCredentials.create(
                    context.username().get(), context.password().orElse("")));
        }
        AwsCredentialsProvider chain = DefaultCredentialsProvider.builder().build();
        try {
            chain.resolveCredentials();
            return chain;
        } catch (RuntimeException none) {
            String hint = address.local()
                    ? "; a double of SQS on this machine takes any, so set waybill.username and waybill.password"
                    : "";
            throw new BrokerException(
                    Kind.DENIED,
                    "waybill.username and waybill.password are not set and the SDK's default chain finds no"
                            + " credentials" + hint + ": " + none.getMessage(),
                    none);
        }
    }

    @Override
    public void close() {
        calls.close();
        sends.close();
        http.close();
    }

    @Override
    public String toString() {
        return "Clients[" + reachability + "]";
    }
}
