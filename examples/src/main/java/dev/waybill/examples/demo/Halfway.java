package dev.waybill.examples.demo;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Kills one consumer when half of the messages are done and it holds some; then the gateway goes down. Used by one thread. */
final class Halfway {
    /** A consumer that gets nothing to hold, for instance of three messages, is killed all the same. */
    private static final Duration STALL = Duration.ofSeconds(10);

    private final Plan plan;
    private final Ledger ledger;
    private final Victim victim;
    private final HalfwayGate gate;
    private final Gateway gateway;
    private long pulse;
    private long stillSinceNanos = System.nanoTime();
    private long killedAtNanos;
    private @Nullable String kill;

    Halfway(Plan plan, Ledger ledger, Victim victim, HalfwayGate gate, Gateway gateway) {
        this.plan = plan;
        this.ledger = ledger;
        this.victim = victim;
        this.gate = gate;
        this.gateway = gateway;
    }

    /** Kills if it is time to. Returns what was done, in words, or null if it is too early or has been done. */
    @Nullable
    String step() {
        if (kill != null || !due()) {
            return null;
        }
        int done = ledger.done();
        int held = victim.held();
        String how = victim.kill();
        killedAtNanos = System.nanoTime();
        gateway.goDown(plan.outage());
        gate.open();
        kill = victim.name() + " was killed (" + how + ") after " + done + " of " + plan.messages()
                + " messages; it held " + held;
        return kill;
    }

    private boolean due() {
        long now = System.nanoTime();
        if (ledger.pulse() != pulse) {
            pulse = ledger.pulse();
            stillSinceNanos = now;
        }
        boolean half = ledger.done() >= plan.half() && victim.held() > 0;
        return half || now - stillSinceNanos > STALL.toNanos();
    }

    /** What was done, in words; empty if not yet. */
    String kill() {
        return kill == null ? "" : kill;
    }

    /** Whether the kill is longer ago than this. */
    boolean over(Duration since) {
        return kill != null && System.nanoTime() - killedAtNanos > since.toNanos();
    }
}
