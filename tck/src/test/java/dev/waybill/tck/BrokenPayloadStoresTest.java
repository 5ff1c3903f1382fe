package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.tck.broken.BrokenPayloadStore;
import dev.waybill.tck.broken.PayloadStoreFault;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** The contract is itself tested: every store here is wrong, and the test that is there to find it must fail. */
class BrokenPayloadStoresTest {

    /** What the subject below is to be; the kit makes it, so that it cannot be told. */
    private static @Nullable PayloadStoreFault current;

    @ParameterizedTest
    @EnumSource(PayloadStoreFault.class)
    void aWrongStoreFailsTheTestThatIsThereToFindIt(PayloadStoreFault fault) {
        current = fault;
        assertThat(run(fault, events -> events.failed().count()))
                .as("failures of %s with a store that %s", fault.foundBy(), fault)
                .isEqualTo(1);
    }

    /** Without the fault the same store passes, so that it is the fault that fails the test. */
    @ParameterizedTest
    @EnumSource(PayloadStoreFault.class)
    void theSameStoreWithoutItsFaultPassesTheTest(PayloadStoreFault fault) {
        current = null;
        assertThat(run(fault, events -> events.succeeded().count()))
                .as("successes of %s with a store that works", fault.foundBy())
                .isEqualTo(1);
    }

    private static long run(PayloadStoreFault fault, ToLongFunction<Events> count) {
        return count.applyAsLong(EngineTestKit.engine("junit-jupiter")
                .selectors(DiscoverySelectors.selectMethod(Subject.class, fault.foundBy()))
                .execute()
                .testEvents());
    }

    /** The contract as it runs on the broken store; only by the test above. */
    static class Subject extends PayloadStoreContract {
        @Override
        protected PayloadStore store() {
            return new BrokenPayloadStore(current);
        }
    }
}
