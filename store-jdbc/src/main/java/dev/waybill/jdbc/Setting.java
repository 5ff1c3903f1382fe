package dev.waybill.jdbc;

import java.time.Duration;

/** What the builders of the stores check alike. */
final class Setting {
    private Setting() {}

    /** @param what the setting, and of which store */
    static Duration checked(String what, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(what + " is " + value + " but must be " + least + " to " + most);
        }
        return value;
    }

    /** How long a statement of a store may take. */
    static Duration statementTimeout(String store, Duration timeout) {
        return checked("statementTimeout of the " + store, timeout, Duration.ofSeconds(1), Duration.ofMinutes(10));
    }
}
