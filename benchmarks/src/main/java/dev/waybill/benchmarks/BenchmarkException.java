package dev.waybill.benchmarks;

import org.jspecify.annotations.Nullable;

/** A measurement that is worth nothing, such as one that lost a message. */
final class BenchmarkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BenchmarkException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
