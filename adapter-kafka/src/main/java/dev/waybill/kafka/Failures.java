package dev.waybill.kafka;

import dev.waybill.ConfigException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/** What Kafka's exceptions mean to core. */
final class Failures {
    private Failures() {}

    static BrokerException broker(String doing, Throwable failure) {
        Throwable cause = unwrapped(failure);
        if (cause instanceof BrokerException known) {
            return known;
        }
        return new BrokerException(kind(cause), doing + ": " + text(cause), cause);
    }

    static Kind kind(Throwable failure) {
        if (failure instanceof AuthenticationException || failure instanceof AuthorizationException) {
            return Kind.DENIED;
        }
        if (failure instanceof UnknownTopicOrPartitionException) {
            return Kind.MISSING;
        }
        if (failure instanceof InvalidTopicException
                || failure instanceof InvalidConfigurationException
                || failure instanceof InvalidReplicationFactorException
                || failure instanceof InvalidRequestException
                || failure instanceof PolicyViolationException
                || failure instanceof UnsupportedVersionException) {
            return Kind.REFUSED;
        }
        return Kind.UNAVAILABLE;
    }

    /** Whether it came of how the client was set up, so that another try would meet it again. */
    static RuntimeException onCreate(String client, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof org.apache.kafka.common.config.ConfigException) {
                return new ConfigException(
                        "Kafka's " + client
                                + " refuses its settings (waybill.uri, waybill.tls.*, waybill.kafka.native.*): "
                                + cause.getMessage(),
                        cause);
            }
        }
        return broker("cannot create Kafka's " + client, failure);
    }

    static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    static String text(Throwable failure) {
        String message = failure.getMessage();
        return failure.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    }
}
