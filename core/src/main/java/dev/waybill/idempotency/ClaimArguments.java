package dev.waybill.idempotency;

import java.time.Duration;

/** What every store refuses, so that all refuse the same. For those who write a store. */
public final class ClaimArguments {
    private static final Duration SHORTEST_LEASE = Duration.ofMillis(1);
    private static final Duration LONGEST_LEASE = Duration.ofDays(1);

    private ClaimArguments() {}

    /**
     * Refuses a queue or a message id that no store takes.
     *
     * @throws IllegalArgumentException if one of them is not as {@link IdempotencyStore} says
     */
    public static void checkMessage(String queue, String messageId) {
        checkName("queue", queue);
        checkName("message id", messageId);
    }

    /**
     * Refuses an owner that no store takes.
     *
     * @throws IllegalArgumentException if it is not as {@link IdempotencyStore} says
     */
    public static void checkOwner(String owner) {
        checkName("owner", owner);
        for (int i = 0; i < owner.length(); i++) {
            if (Character.isISOControl(owner.charAt(i))) {
                throw new IllegalArgumentException("owner has a control character at " + i);
            }
        }
    }

    /**
     * Refuses a lease that no store gives.
     *
     * @throws IllegalArgumentException if it is not as {@link IdempotencyStore} says
     */
    public static void checkLease(Duration lease) {
        if (lease.compareTo(SHORTEST_LEASE) < 0 || lease.compareTo(LONGEST_LEASE) > 0) {
            throw new IllegalArgumentException(
                    "lease is " + lease + " but must be " + SHORTEST_LEASE + " to " + LONGEST_LEASE);
        }
    }

    private static void checkName(String what, String value) {
        if (value.isEmpty() || value.length() > IdempotencyStore.LONGEST_NAME) {
            throw new IllegalArgumentException(what + " has " + value.length() + " characters but must have 1 to "
                    + IdempotencyStore.LONGEST_NAME);
        }
        for (int i = 0; i < value.length(); i++) {
            if (Character.isSurrogate(value.charAt(i))) {
                if (Character.isBmpCodePoint(value.codePointAt(i))) {
                    throw new IllegalArgumentException(what + " has half of a surrogate pair at " + i);
                }
                i++;
            }
        }
    }
}
