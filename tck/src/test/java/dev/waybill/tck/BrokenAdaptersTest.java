package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.WaybillConfig;
import dev.waybill.tck.broken.Fault;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/** The suite is itself tested: every adapter here is wrong, and the rule that is there to find it must fail. */
@Tag("once")
class BrokenAdaptersTest {
    private static final List<Class<?>> CHAPTERS = List.of(
            SendingRules.class,
            HandlingRules.class,
            RetryRules.class,
            FlowRules.class,
            DeadLetterRules.class,
            PoisonRules.class,
            RedriveRules.class,
            IdempotencyRules.class,
            BreakerRules.class,
            PriorityRules.class,
            ConvoyRules.class,
            StateMachineRules.class,
            ClaimCheckRules.class,
            ReferenceRules.class,
            OperationRules.class,
            RecoveryRules.class);

    /** What the subject below is to be; the kit makes it, so that it cannot be told. */
    private static @Nullable Fault current;

    /** Timed locks, or priorities, for the fault that forgets them. */
    private static String emulation = "";

    @ParameterizedTest
    @EnumSource(Fault.class)
    void aWrongAdapterFailsTheRuleThatIsThereToFindIt(Fault fault) {
        current = fault;
        assertThat(run(
                        fault,
                        events -> events.failed().stream()
                                .filter(BrokenAdaptersTest::bySomethingThatIsAsserted)
                                .count()))
                .as("failures of %s with an adapter that %s", fault.foundBy().number(), fault)
                .isEqualTo(1);
    }

    /** And not because the wrong adapter falls over, which shows nothing of the rule. */
    private static boolean bySomethingThatIsAsserted(Event failed) {
        Throwable failure = failed.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .orElseThrow();
        return failure instanceof AssertionError || failure instanceof ConditionTimeoutException;
    }

    /** Without the fault the same adapter passes, so that it is the fault that fails the rule. */
    @ParameterizedTest
    @EnumSource(Fault.class)
    void theSameAdapterWithoutItsFaultPassesTheRule(Fault fault) {
        current = null;
        assertThat(run(fault, events -> events.succeeded().count()))
                .as(
                        "successes of %s with an adapter that works",
                        fault.foundBy().number())
                .isEqualTo(1);
    }

    private static long run(Fault fault, ToLongFunction<Events> count) {
        emulation = switch (fault) {
            case FORGETS_THE_LOCK -> "?emulate=sqs";
            case FORGETS_THE_PRIORITY, FORGETS_THE_PRIORITY_OF_WHAT_WAITS -> "?emulate=rabbitmq";
            default -> "";
        };
        Method test = testOf(fault.foundBy());
        return count.applyAsLong(EngineTestKit.engine("junit-jupiter")
                .selectors(DiscoverySelectors.selectNestedMethod(
                        List.of(Subject.class), nestOf(test.getDeclaringClass()), test.getName()))
                .execute()
                .testEvents());
    }

    @Test
    void everyRuleHasOneTestThatIsNamedAfterIt() {
        for (Rule rule : Rule.values()) {
            assertThat(testsOf(rule))
                    .as("tests of %s: %s", rule.number(), rule.sentence())
                    .hasSize(1);
        }
        assertThat(CHAPTERS.stream().flatMap(BrokenAdaptersTest::tests)).hasSize(Rule.values().length);
    }

    @Test
    void theDocumentListsEveryRuleWithItsSentence() throws Exception {
        List<String> lines = Files.readAllLines(Path.of("..", "docs", "GUARANTEES.md"));
        for (Rule rule : Rule.values()) {
            assertThat(lines)
                    .as("docs/GUARANTEES.md")
                    .anyMatch(line -> line.startsWith("| " + rule.number() + " | " + rule.sentence()));
        }
        assertThat(lines.stream().filter(line -> line.matches("\\| [A-Z]\\d+\\.\\d+ \\|.*")))
                .hasSize(Rule.values().length);
    }

    private static Method testOf(Rule rule) {
        return testsOf(rule).get(0);
    }

    private static List<Method> testsOf(Rule rule) {
        String prefix = rule.name().toLowerCase(java.util.Locale.ROOT) + "_";
        return CHAPTERS.stream()
                .flatMap(BrokenAdaptersTest::tests)
                .filter(method -> method.getName().startsWith(prefix)
                        && !Character.isDigit(method.getName().charAt(prefix.length())))
                .toList();
    }

    private static java.util.stream.Stream<Method> tests(Class<?> chapter) {
        return Arrays.stream(chapter.getDeclaredMethods()).filter(method -> method.isAnnotationPresent(Test.class));
    }

    private static Class<?> nestOf(Class<?> chapter) {
        return Arrays.stream(BrokerConformance.class.getDeclaredClasses())
                .filter(chapter::isAssignableFrom)
                .findFirst()
                .orElseThrow();
    }

    /** The suite as it runs on the broken adapter; only by the test above. */
    static class Subject extends BrokerConformance {
        @Override
        protected BrokerHarness harness() {
            return new BrokenHarness("" + System.identityHashCode(this));
        }
    }

    private record BrokenHarness(String number) implements EmbeddedHarness {
        @Override
        public WaybillConfig config() {
            WaybillConfig config = WaybillConfig.of(
                    Map.of("waybill.broker", "broken", "waybill.uri", "in-memory:broken" + number + emulation));
            return current == null ? config : config.with("waybill.broken.fault", current.name());
        }

        @Override
        public Duration patience() {
            return Duration.ofSeconds(3);
        }

        @Override
        public Duration step() {
            return Duration.ofMillis(200);
        }
    }
}
