package dev.waybill.sqs;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.retry.RetryUtils;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;

/** Classifies what the SDK throws, and what SQS answers. */
final class Faults {
    /** The names of refusals for want of credentials or rights; SQS answers many of them with the status 400. */
    private static final Set<String> DENIALS = Set.of(
            "AccessDenied",
            "AuthFailure",
            "ExpiredToken",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSecurity",
            "InvalidSignature",
            "KMS.AccessDenied",
            "KmsAccessDenied",
            "MissingAuthenticationToken",
            "NotAuthorized",
            "OptInRequired",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "UnrecognizedClient");

    /** Refusals of now: too much in flight (120,000 messages of a queue), or a queue of that name deleted just before. */
    private static final Set<String> OF_NOW = Set.of("InternalError", "OverLimit", "QueueDeletedRecently");

    /** What follows it in a refused signature's message is what was signed, a session token among it. */
    private static final String SIGNED_TEXT = "The Canonical String";

    private Faults() {}

    static BrokerException of(RuntimeException failure) {
        return failure instanceof BrokerException known
                ? known
                : new BrokerException(kind(failure), describe(failure), tellsSecrets(failure) ? null : failure);
    }

    private static Kind kind(RuntimeException failure) {
        if (missing(failure)) {
            return Kind.MISSING;
        }
        if (failure instanceof AwsServiceException service) {
            return kind(code(service), service.statusCode(), service.isThrottlingException());
        }
        if (caused(failure, CertificateException.class)) {
            return Kind.REFUSED;
        }
        if (withoutCredentials(failure)) {
            return Kind.DENIED;
        }
        return failure instanceof SdkException || clientClosed(failure) ? Kind.UNAVAILABLE : Kind.REFUSED;
    }

    /** What an error code means, of a request or of one entry of a batch. */
    static Kind kind(String code, int status, boolean throttled) {
        String name = name(code);
        if (throttled || status >= 500 || OF_NOW.contains(name) || name.contains("Throttl")) {
            return Kind.UNAVAILABLE;
        }
        return status == 401 || status == 403 || DENIALS.contains(name) ? Kind.DENIED : Kind.REFUSED;
    }

    /** Without what depends on the protocol: a name space before it, {@code Exception} after it. */
    private static String name(String code) {
        String plain = code.substring(Math.max(code.lastIndexOf('#'), code.lastIndexOf('/')) + 1);
        if (plain.startsWith("AWS.SimpleQueueService.")) {
            plain = plain.substring("AWS.SimpleQueueService.".length());
        }
        return plain.endsWith("Exception") ? plain.substring(0, plain.length() - "Exception".length()) : plain;
    }

    private static String code(AwsServiceException service) {
        return service.awsErrorDetails() == null
                ? ""
                : String.valueOf(service.awsErrorDetails().errorCode());
    }

    /** Who asks is known, and has not the right to do this. */
    static boolean knownButNotAllowed(RuntimeException failure) {
        return failure instanceof AwsServiceException service
                && name(code(service)).equals("AccessDenied");
    }

    static boolean missing(RuntimeException failure) {
        return failure instanceof QueueDoesNotExistException
                || failure instanceof AwsServiceException service
                        && Set.of("NonExistentQueue", "QueueDoesNotExist").contains(name(code(service)));
    }

    /** Nothing was sent, since no credentials were found to sign it with. */
    private static boolean withoutCredentials(RuntimeException failure) {
        return failure instanceof SdkException
                && !(failure instanceof AwsServiceException)
                && !caused(failure, IOException.class)
                && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("credentials");
    }

    /** The SDK's own timer takes no more, so nothing was sent. */
    private static boolean clientClosed(Throwable failure) {
        return failure instanceof RejectedExecutionException;
    }

    private static boolean tellsSecrets(RuntimeException failure) {
        return String.valueOf(failure.getMessage()).contains(SIGNED_TEXT);
    }

    static String describe(Throwable failure) {
        if (failure instanceof AwsServiceException service && service.awsErrorDetails() != null) {
            String message = String.valueOf(service.awsErrorDetails().errorMessage());
            int signed = message.indexOf(SIGNED_TEXT);
            return code(service) + ": "
                    + (signed < 0 ? message : message.substring(0, signed).strip()) + " (request "
                    + service.requestId() + ")";
        }
        return clientClosed(failure) ? "the client is closed" : String.valueOf(failure.getMessage());
    }

    /** Why a send failed. */
    static Reason reason(RuntimeException failure) {
        if (missing(failure)) {
            return Reason.UNROUTABLE;
        }
        if (failure instanceof AwsServiceException service) {
            return reason(code(service));
        }
        if (clientClosed(failure)) {
            return Reason.CLOSED;
        }
        if (withoutCredentials(failure) || !(failure instanceof SdkException)) {
            return Reason.REJECTED;
        }
        return failure instanceof ApiCallTimeoutException ? Reason.TIMED_OUT : Reason.CONNECTION_LOST;
    }

    /** Why SQS did not take a batch, or one entry of it. */
    static Reason reason(@Nullable String code) {
        return String.valueOf(code).contains("TooLong") ? Reason.TOO_LARGE : Reason.REJECTED;
    }

    /** Whether a send that failed so may have been stored nevertheless. */
    static boolean maybeStored(RuntimeException failure) {
        if (failure instanceof AwsServiceException service) {
            return service.statusCode() >= 500 && !service.isThrottlingException();
        }
        return !clientClosed(failure)
                && !withoutCredentials(failure)
                && !caused(failure, ConnectException.class)
                && !caused(failure, ConnectTimeoutException.class)
                && !caused(failure, ConnectionRequestTimeoutException.class)
                && !caused(failure, NoRouteToHostException.class)
                && !caused(failure, SSLHandshakeException.class)
                && !caused(failure, UnknownHostException.class);
    }

    /**
     * Whether a send may be repeated: the service certainly has not stored it, and may take it in a moment, because it
     * throttles or because the SDK has just learnt how wrong this machine's clock is.
     */
    static boolean repeatable(Throwable failure) {
        return failure instanceof AwsServiceException service
                && !maybeStored(service)
                && (RetryUtils.isThrottlingException(service) || RetryUtils.isClockSkewException(service));
    }

    private static boolean caused(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }
}
