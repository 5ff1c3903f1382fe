package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import org.jspecify.annotations.Nullable;

/** Classifies what the client throws. */
final class Faults {
    private Faults() {}

    static BrokerException of(Throwable failure) {
        if (failure instanceof BrokerException known) {
            return known;
        }
        return new BrokerException(kind(signal(failure)), describe(failure), failure);
    }

    private static Kind kind(@Nullable ShutdownSignalException signal) {
        if (signal == null || signal.isHardError()) {
            return Kind.UNAVAILABLE;
        }
        return switch (code(signal)) {
            case AMQP.NOT_FOUND -> Kind.MISSING;
            case AMQP.ACCESS_REFUSED -> Kind.DENIED;
            case AMQP.PRECONDITION_FAILED, AMQP.NOT_ALLOWED -> Kind.REFUSED;
            default -> Kind.UNAVAILABLE;
        };
    }

    /** The signal behind a failure, or null. */
    static @Nullable ShutdownSignalException signal(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ShutdownSignalException signal) {
                return signal;
            }
        }
        return null;
    }

    /** AMQP's reply code, or 0. */
    static int code(ShutdownSignalException signal) {
        Method reason = signal.getReason();
        if (reason instanceof AMQP.Channel.Close close) {
            return close.getReplyCode();
        }
        return reason instanceof AMQP.Connection.Close close ? close.getReplyCode() : 0;
    }

    /** What AMQP, or else the exception, says of it. */
    static String describe(@Nullable Throwable failure) {
        ShutdownSignalException signal = signal(failure);
        Method reason = signal == null ? null : signal.getReason();
        if (reason instanceof AMQP.Channel.Close close) {
            return close.getReplyText();
        }
        if (reason instanceof AMQP.Connection.Close close) {
            return close.getReplyText();
        }
        if (failure == null) {
            return "unknown";
        }
        String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : message;
    }
}
