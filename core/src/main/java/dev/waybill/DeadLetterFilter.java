package dev.waybill;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Chooses dead letters. Stateless; write one as a lambda for what is not here. */
@FunctionalInterface
public interface DeadLetterFilter {

    boolean matches(DeadLetter letter);

    /** Every one. */
    static DeadLetterFilter all() {
        return letter -> true;
    }

    /** That with this message id. */
    static DeadLetterFilter id(String id) {
        return letter -> letter.id().equals(id);
    }

    /** Those with this header, of the application, and this value. */
    static DeadLetterFilter header(String name, String value) {
        return letter -> value.equals(letter.headers().get(name));
    }

    /** Those that died of an exception of just this class; its subclasses are classes of their own. */
    static DeadLetterFilter error(Class<? extends Throwable> error) {
        return error(error.getName());
    }

    /** Those that died of an exception of this class, by its full or its simple name. */
    static DeadLetterFilter error(String className) {
        return letter -> letter.error()
                .filter(error ->
                        error.equals(className) || error.endsWith("." + className) || error.endsWith("$" + className))
                .isPresent();
    }

    /** Those that died before that time; one whose time of death is unknown counts by its time of sending. */
    static DeadLetterFilter diedBefore(Instant time) {
        return letter -> died(letter).filter(died -> died.isBefore(time)).isPresent();
    }

    /** Those that died at that time or later; one whose time of death is unknown counts by its time of sending. */
    static DeadLetterFilter diedSince(Instant time) {
        return letter -> died(letter).filter(died -> !died.isBefore(time)).isPresent();
    }

    private static Optional<Instant> died(DeadLetter letter) {
        return letter.diedAt().or(letter::sentAt);
    }

    /** Those in whose id, key, reason, error, headers or body, read as UTF-8, this text stands, in capitals or not. */
    static DeadLetterFilter text(String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        Predicate<String> has = each -> each.toLowerCase(Locale.ROOT).contains(wanted);
        return letter -> Stream.of(
                        Stream.of(letter.id(), letter.reason(), new String(letter.body(), StandardCharsets.UTF_8)),
                        letter.key().stream(),
                        letter.error().stream(),
                        letter.errorMessage().stream(),
                        letter.headers().values().stream())
                .flatMap(each -> each)
                .anyMatch(has);
    }

    /** What both choose. */
    default DeadLetterFilter and(DeadLetterFilter other) {
        return letter -> matches(letter) && other.matches(letter);
    }

    /** What this does not choose. */
    default DeadLetterFilter not() {
        return letter -> !matches(letter);
    }
}
