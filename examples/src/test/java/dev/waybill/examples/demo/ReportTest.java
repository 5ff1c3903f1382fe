package dev.waybill.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static String report(Totals totals, Map<String, Integer> types, List<DeadFile> dead, List<String> lost) {
        Summary summary = new Summary(
                totals,
                types,
                Map.of("octo/hello", 3, "octo/other", 4),
                new TreeMap<>(Map.of("consumer-1", 1, "consumer-2", 3)),
                Map.of("free", List.of(100L, 400L, 400L), "premium", List.of(10L, 20L)),
                2,
                12_345,
                dead,
                lost,
                List.of(),
                0);
        return Report.of(new DemoRun.Result(
                summary, "Broker 1.0", "consumer-1 was killed", "the gateway was down", Duration.ofMillis(1500)));
    }

    @Test
    void theLastLineIsTheLedgers() {
        String report = report(new Totals(5, 4, 1, 0, 0, 0, 0, 0, 0), Map.of(), List.of(), List.of());

        assertThat(report.lines().reduce((first, second) -> second))
                .hasValue("sent=5 processed=4 dead=1 redriven=0 lost=0 duplicates=0");
    }

    @Test
    void theMostFrequentComeFirstAndEqualsByName() {
        String report = report(
                new Totals(5, 5, 0, 0, 0, 0, 0, 0, 0), Map.of("push", 2, "issues", 2, "star", 7), List.of(), List.of());

        assertThat(report)
                .containsSubsequence("star", "issues", "push")
                .containsSubsequence("octo/other", "octo/hello");
    }

    @Test
    void eachConsumerHasItsShare() {
        assertThat(report(new Totals(4, 4, 0, 0, 0, 0, 0, 0, 0), Map.of(), List.of(), List.of()))
                .contains("consumer-1         1   25 %")
                .contains("consumer-2         3   75 %");
    }

    @Test
    void theWaitOfEachTierIsABarAndTheHighestComesFirst() {
        assertThat(report(new Totals(4, 4, 0, 0, 0, 0, 0, 0, 0), Map.of(), List.of(), List.of()))
                .containsPattern("premium +2 +20 +20 +##\\n *free +3 +400 +400 +#{40}\\n");
    }

    @Test
    void deadLettersThatAreAlikeShareALine() {
        DeadFile broken = new DeadFile("broken.json", "1", "undecodable");
        String report = report(new Totals(5, 3, 2, 0, 0, 0, 0, 0, 0), Map.of(), List.of(broken, broken), List.of());

        assertThat(report).containsPattern("broken\\.json +2 +1 +undecodable");
    }

    @Test
    void aLostFileIsNamed() {
        assertThat(report(new Totals(5, 4, 0, 0, 1, 0, 0, 0, 0), Map.of(), List.of(), List.of("gone.json")))
                .containsSubsequence("LOST", "gone.json");
    }

    @Test
    void controlCharactersOfFileNamesDoNotReachTheTerminal() {
        DeadFile nasty = new DeadFile("a\u001b[2Jb\nc", "1", "x\ty");

        assertThat(report(new Totals(1, 0, 1, 0, 0, 0, 0, 0, 0), Map.of(), List.of(nasty), List.of()))
                .doesNotContain("\u001b")
                .contains("a [2Jb c");
    }
}
