package dev.waybill.examples.demo;

import dev.waybill.PriorityPolicy;
import java.time.Duration;

/** The customers, by what they pay: one in ten is premium, three are standard, the others have it for free. */
final class Tiers {
    static final PriorityPolicy POLICY = PriorityPolicy.strict(3)
            .aging(Duration.ofSeconds(10))
            .tier("premium", 2, Duration.ofMillis(500))
            .tier("standard", 1, Duration.ofSeconds(5))
            .tier("free", 0, Duration.ofMinutes(1));

    private Tiers() {}

    /** Whose message that is. */
    static String of(int number) {
        int tenth = number % 10;
        return tenth == 0 ? "premium" : tenth < 4 ? "standard" : "free";
    }
}
