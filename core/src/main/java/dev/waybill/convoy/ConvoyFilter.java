package dev.waybill.convoy;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which convoys are meant. Immutable; each method returns another filter. */
public final class ConvoyFilter {
    private static final ConvoyFilter ALL = new ConvoyFilter(null, null, Duration.ZERO);

    private final @Nullable String state;
    private final @Nullable ConvoyStatus status;
    private final Duration age;

    private ConvoyFilter(@Nullable String state, @Nullable ConvoyStatus status, Duration age) {
        this.state = state;
        this.status = status;
        this.age = age;
    }

    /** Every convoy. */
    public static ConvoyFilter all() {
        return ALL;
    }

    /** Only those in this state. */
    public ConvoyFilter inState(String state) {
        return new ConvoyFilter(Objects.requireNonNull(state, "state"), status, age);
    }

    /** Only those that are doing like this. */
    public ConvoyFilter withStatus(ConvoyStatus status) {
        return new ConvoyFilter(state, Objects.requireNonNull(status, "status"), age);
    }

    /** Only those that have been in their state for so long. */
    public ConvoyFilter inStateFor(Duration age) {
        if (age.isNegative()) {
            throw new IllegalArgumentException("inStateFor is " + age + " but must not be negative");
        }
        return new ConvoyFilter(state, status, age);
    }

    public Optional<String> state() {
        return Optional.ofNullable(state);
    }

    public Optional<ConvoyStatus> status() {
        return Optional.ofNullable(status);
    }

    /** Zero if it does not matter. */
    public Duration age() {
        return age;
    }

    /** Whether a convoy is meant. */
    public boolean matches(StoredConvoy convoy, long now) {
        return (state == null || state.equals(convoy.state()))
                && (status == null || status == convoy.status())
                && now - convoy.since() >= age.toMillis();
    }
}
