package dev.waybill.sqs;

import java.util.stream.Stream;

/** What the threads of this JVM do. */
final class Threads {
    private Threads() {}

    static boolean areIn(Class<?> type) {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Stream::of)
                .anyMatch(frame -> frame.getClassName().equals(type.getName()));
    }
}
