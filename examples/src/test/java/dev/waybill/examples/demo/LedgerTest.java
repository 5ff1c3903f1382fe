package dev.waybill.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private final Ledger ledger = new Ledger();

    @BeforeEach
    void threeMessagesAreSent() {
        for (String id : new String[] {"m1", "m2", "m3"}) {
            ledger.expect(id, id + ".json", "digest of " + id);
            ledger.stored(id);
        }
    }

    private static WorkResult result(String id, String attempt, boolean redelivered) {
        return new WorkResult(
                id,
                attempt,
                attempt.split("/")[0],
                redelivered,
                "issues",
                "octo/hello",
                "digest of " + id,
                10,
                "free",
                5);
    }

    private static DeadFile deadFile(String file) {
        return new DeadFile(file, "1", "broken");
    }

    @Test
    void everyMessageIsCountedUnderExactlyOneEnd() {
        ledger.processed(result("m1", "c1/1", false));
        ledger.dead("m2", deadFile("m2.json"), false, false);

        Summary summary = ledger.summary();

        assertThat(summary.totals().line()).isEqualTo("sent=3 processed=1 dead=1 redriven=0 lost=1 duplicates=0");
        assertThat(summary.totals().clean()).isFalse();
        assertThat(summary.lost()).containsExactly("m3.json");
        assertThat(ledger.done()).isEqualTo(2);
        assertThat(ledger.open()).isEqualTo(1);
    }

    @Test
    void aFlaggedDuplicateIsCountedAndIsNoError() {
        ledger.processed(result("m1", "c1/1", false));
        ledger.processed(result("m1", "c2/1", true));
        ledger.processed(result("m2", "c2/2", false));
        ledger.processed(result("m3", "c2/3", false));

        Totals totals = ledger.summary().totals();

        assertThat(totals.line()).isEqualTo("sent=3 processed=3 dead=0 redriven=0 lost=0 duplicates=1");
        assertThat(totals.clean()).isTrue();
        assertThat(ledger.summary().consumers()).containsEntry("c1", 1).containsEntry("c2", 3);
        assertThat(ledger.summary().types()).containsEntry("issues", 3);
        assertThat(ledger.summary().bytes()).isEqualTo(30);
    }

    @Test
    void aFlaggedDuplicateWhoseResultComesFirstIsNoErrorEither() {
        ledger.processed(result("m1", "c2/1", true));
        ledger.processed(result("m1", "c1/1", false));

        assertThat(ledger.summary().totals().duplicates()).isEqualTo(1);
        assertThat(ledger.summary().totals().unflagged()).isZero();
    }

    @Test
    void aDuplicateThatIsNotFlaggedIsAnError() {
        ledger.processed(result("m1", "c1/1", false));
        ledger.processed(result("m1", "c2/1", false));
        ledger.processed(result("m2", "c2/2", false));
        ledger.processed(result("m3", "c2/3", false));

        assertThat(ledger.summary().totals().unflagged()).isEqualTo(1);
        assertThat(ledger.summary().totals().clean()).isFalse();
    }

    @Test
    void anAttemptThatIsReportedTwiceIsCountedOnce() {
        ledger.processed(result("m1", "c1/1", false));
        ledger.processed(result("m1", "c1/1", false));

        assertThat(ledger.summary().totals().duplicates()).isZero();
        assertThat(ledger.summary().totals().unflagged()).isZero();
    }

    @Test
    void aDeadLetterThatIsReadAgainIsCountedOnceAndASecondOneIsADuplicate() {
        ledger.dead("m1", deadFile("m1.json"), false, false);
        ledger.dead("m1", deadFile("m1.json"), false, true);
        assertThat(ledger.summary().totals().duplicates()).isZero();

        ledger.dead("m1", deadFile("m1.json"), true, false);
        assertThat(ledger.summary().totals().duplicates()).isEqualTo(1);
        assertThat(ledger.summary().totals().unflagged()).isZero();
        assertThat(ledger.summary().totals().dead()).isEqualTo(1);
    }

    @Test
    void aMessageThatIsProcessedAndDeadIsCountedAsProcessedOnceAndAsADuplicate() {
        ledger.dead("m1", deadFile("m1.json"), true, false);
        ledger.processed(result("m1", "c1/1", false));

        Totals totals = ledger.summary().totals();

        assertThat(totals.processed()).isEqualTo(1);
        assertThat(totals.dead()).isZero();
        assertThat(totals.duplicates()).isEqualTo(1);
    }

    @Test
    void aResultWithAnotherDigestIsAnError() {
        ledger.processed(new WorkResult("m1", "c1/1", "c1", false, "issues", "octo/hello", "another", 10, "free", 5));

        assertThat(ledger.summary().totals().altered()).isEqualTo(1);
        assertThat(ledger.summary().totals().clean()).isFalse();
    }

    @Test
    void aMessageThatTheBrokerRefusedIsNeitherSentNorLost() {
        ledger.expect("m4", "m4.json", "digest");
        ledger.notStored("m4", "too large");

        Summary summary = ledger.summary();

        assertThat(summary.totals().sent()).isEqualTo(3);
        assertThat(summary.totals().lost()).isEqualTo(3);
        assertThat(summary.totals().unsent()).isEqualTo(1);
        assertThat(summary.totals().clean()).isFalse();
        assertThat(summary.unsent()).containsExactly("m4.json: too large");
    }

    @Test
    void aMessageWithoutAnAnswerThatComesOutOfTheQueueWasSent() {
        ledger.expect("m4", "m4.json", "digest of m4");
        ledger.notStored("m4", "timed out");
        ledger.processed(result("m4", "c1/1", false));

        assertThat(ledger.summary().totals().sent()).isEqualTo(4);
        assertThat(ledger.summary().totals().unsent()).isZero();
    }

    @Test
    void aResultThatComesBeforeTheConfirmLeavesNothingOpen() {
        ledger.expect("m4", "m4.json", "digest of m4");
        ledger.processed(result("m4", "c1/1", false));
        ledger.stored("m4");

        assertThat(ledger.open()).isEqualTo(3);
        assertThat(ledger.done()).isEqualTo(1);
    }

    @Test
    void messagesOfOtherRunsAreCountedApart() {
        ledger.processed(result("other", "c1/1", false));
        ledger.dead("another", deadFile("x"), true, false);

        assertThat(ledger.summary().strangers()).isEqualTo(2);
        assertThat(ledger.summary().totals().processed()).isZero();
    }
}
