package dev.waybill;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** A message in a dead-letter queue, whoever moved it there. A copy: to change or keep it does nothing to the queue. */
public interface DeadLetter {

    /** The message's id, the same as before its death. */
    String id();

    Optional<String> key();

    /** The application's headers. Unmodifiable. */
    Map<String, String> headers();

    /** The body as it came. */
    byte[] body();

    /** The media type of the body, if known. */
    Optional<String> contentType();

    /** The queue it died in. */
    String queue();

    /** Why it died, in words. */
    String reason();

    /** The class name of the exception, if there was one. */
    Optional<String> error();

    /** The exception's message, if there was one, cut. */
    Optional<String> errorMessage();

    /** The exception's stack trace, if there was one, cut. */
    Optional<String> stackTrace();

    /** How often it had been delivered; 0 if unknown. */
    int deliveries();

    /** When it was first sent, if known. */
    Optional<Instant> sentAt();

    /** When it died, if known: a broker that moved it by its own limit may not tell. */
    Optional<Instant> diedAt();

    /** The consumer that gave it up ({@code waybill.client-name}), if one did. */
    Optional<String> consumer();

    /** The host of that consumer. */
    Optional<String> host();
}
