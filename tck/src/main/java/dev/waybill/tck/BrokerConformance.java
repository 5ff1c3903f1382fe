package dev.waybill.tck;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The whole suite. An adapter's test extends this class and says what broker it is about:
 *
 * <pre>{@code
 * class MyBrokerConformanceIT extends BrokerConformance {
 *     protected BrokerHarness harness() {
 *         return new MyHarness();
 *     }
 * }
 * }</pre>
 *
 * A rule that rests on a capability is aborted, with the reason, where the broker declares it unsupported. Where JUnit's parallel execution is
 * enabled, rules run at the same time, on the same broker, but for those that restart it or cut its connections.
 */
@Execution(ExecutionMode.CONCURRENT)
public abstract class BrokerConformance {

    /** The broker under test; asked before every test, so it should be the same one. */
    protected abstract BrokerHarness harness();

    @Nested
    @DisplayName("sending")
    class Sending extends SendingRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("handling")
    class Handling extends HandlingRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("retry")
    class Retry extends RetryRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("flow")
    class Flow extends FlowRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("dead letters")
    class DeadLetters extends DeadLetterRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("poison")
    class Poison extends PoisonRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("idempotency")
    class Idempotency extends IdempotencyRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("redrive")
    class Redriving extends RedriveRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("breaker")
    class Breaker extends BreakerRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("priority")
    class Priority extends PriorityRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("convoy")
    class Convoy extends ConvoyRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("state machine")
    class Machine extends StateMachineRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("claim check")
    class Checking extends ClaimCheckRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("references")
    class Referring extends ReferenceRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("operation")
    class Operation extends OperationRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }

    @Nested
    @DisplayName("recovery")
    class Recovery extends RecoveryRules {
        @Override
        protected BrokerHarness harness() {
            return BrokerConformance.this.harness();
        }
    }
}
