package dev.waybill.sqs;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;

/** Classifies what the SDK throws. */
final class Faults {
    private Faults() {}

    static BrokerException of(RuntimeException failure) {
        return failure instanceof BrokerException known
                ? known
                : new BrokerException(kind(failure), describe(failure), failure);
    }

    private static Kind kind(RuntimeException failure) {
        if (missing(failure)) {
            return Kind.MISSING;
        }
        if (failure instanceof AwsServiceException service && !service.isThrottlingException()) {
            int status = service.statusCode();
            return status == 403 || status == 401 ? Kind.DENIED : status >= 500 ? Kind.UNAVAILABLE : Kind.REFUSED;
        }
        return Kind.UNAVAILABLE;
    }

    static boolean missing(RuntimeException failure) {
        return failure instanceof QueueDoesNotExistException
                || failure instanceof AwsServiceException service
                        && service.awsErrorDetails() != null
                        && String.valueOf(service.awsErrorDetails().errorCode()).endsWith("NonExistentQueue");
    }

    static String describe(Throwable failure) {
        if (failure instanceof AwsServiceException service && service.awsErrorDetails() != null) {
            return service.awsErrorDetails().errorCode() + ": "
                    + service.awsErrorDetails().errorMessage();
        }
        return String.valueOf(failure.getMessage());
    }

    /** Why a send failed. */
    static Reason reason(RuntimeException failure) {
        if (missing(failure)) {
            return Reason.UNROUTABLE;
        }
        if (failure instanceof AwsServiceException service) {
            String code = service.awsErrorDetails() == null
                    ? ""
                    : String.valueOf(service.awsErrorDetails().errorCode());
            return code.contains("TooLong") ? Reason.TOO_LARGE : Reason.REJECTED;
        }
        return failure instanceof ApiCallTimeoutException ? Reason.TIMED_OUT : Reason.CONNECTION_LOST;
    }

    /** Whether a send that failed so may have been stored nevertheless. */
    static boolean maybeStored(RuntimeException failure) {
        if (failure instanceof AwsServiceException service) {
            return service.statusCode() >= 500;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException
                    || cause instanceof UnknownHostException
                    || cause instanceof NoRouteToHostException) {
                return false;
            }
        }
        // Neither a connection nor credentials: nothing was sent. Anything else may have been.
        return !(failure instanceof SdkException
                && String.valueOf(failure.getMessage()).contains("credentials"));
    }
}
