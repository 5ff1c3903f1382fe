package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long END = 400;

    /** One owner of the partition after the other, each of which dies or ends at a random moment; against plain sets. */
    @RepeatedTest(200)
    void nothingIsLostAndWhatMayComeTwiceSaysSo() {
        Random random = new Random();
        // Of transactions, which no consumer sees.
        Set<Long> markers = new TreeSet<>();
        for (long offset = 1; offset < END; offset += 2 + random.nextInt(16)) {
            markers.add(offset);
        }
        Set<Long> handedOverOnce = new TreeSet<>();
        Set<Long> finishedForGood = new TreeSet<>();
        Set<Long> handled = new TreeSet<>();
        OffsetAndMetadata told = null;
        for (int owner = 0; owner < 8; owner++) {
            long position = told == null ? 0 : told.offset();
            Progress progress = Progress.from(position, END, told);
            List<Long> open = new ArrayList<>();
            Set<Long> finishedByIt = new TreeSet<>();
            long next = position;
            for (int step = random.nextInt(300); step > 0; step--) {
                switch (random.nextInt(4)) {
                    case 0 -> {
                        next += markers.contains(next) ? 1 : 0;
                        if (next < END) {
                            long offset = next++;
                            if (progress.fetched(offset)) {
                                assertThat(finishedForGood)
                                        .as("handed over again, though the group knows that it is finished")
                                        .doesNotContain(offset);
                                open.add(offset);
                            } else {
                                assertThat(handled).contains(offset);
                            }
                        }
                    }
                    case 1, 2 -> {
                        if (!open.isEmpty()) {
                            long offset = open.remove(random.nextInt(open.size()));
                            if (!progress.mayHandOver(offset)) {
                                told = progress.open();
                                progress.told(told);
                                finishedForGood.addAll(finishedByIt);
                            }
                            assertThat(progress.mayHandOver(offset)).isTrue();
                            if (!handedOverOnce.add(offset)) {
                                assertThat(progress.repeated(offset))
                                        .as("%s is flagged", offset)
                                        .isTrue();
                                assertThat(progress.deliveryCount(offset)).isGreaterThanOrEqualTo(2);
                            }
                            progress.handOver(offset);
                            if (random.nextInt(5) > 0) {
                                progress.finish(offset);
                                handled.add(offset);
                                finishedByIt.add(offset);
                            }
                        }
                    }
                    default -> {
                        OffsetAndMetadata said = progress.open();
                        // Not everything that is said arrives.
                        if (random.nextBoolean()) {
                            told = said;
                            progress.told(said);
                            finishedForGood.addAll(finishedByIt);
                        }
                    }
                }
            }
            if (random.nextBoolean()) {
                told = progress.clean();
                finishedForGood.addAll(finishedByIt);
            }
        }
        long from = told == null ? 0 : told.offset();
        assertThat(handled).as("all below %s", from).containsAll(seen(handedOverOnce, from));
    }

    /** What was handed over below that offset must be finished, or the group would never hear of it again. */
    private static Set<Long> seen(Set<Long> handedOver, long below) {
        Set<Long> seen = new TreeSet<>();
        handedOver.stream().filter(offset -> offset < below).forEach(seen::add);
        return seen;
    }

    @Test
    void aGroupThatHasCommittedNothingHasHandedOverNothing() {
        Progress progress = Progress.from(5, END, null);
        assertThat(progress.repeated(5)).isFalse();
        assertThat(progress.mayHandOver(5)).isFalse();
        assertThat(progress.untold()).isFalse();
    }

    @Test
    void afterAnOrderlyEndOnlyWhatWasHandedOverIsFlagged() {
        Progress first = Progress.from(0, END, null);
        for (long offset = 0; offset < 10; offset++) {
            first.fetched(offset);
        }
        first.handOver(0);
        first.handOver(1);
        first.handOver(2);
        first.finish(1);
        OffsetAndMetadata end = first.clean();
        assertThat(end.offset()).isZero();
        Progress second = Progress.from(0, END, end);
        assertThat(second.fetched(0)).isTrue();
        assertThat(second.fetched(1)).isFalse();
        assertThat(second.repeated(2)).isTrue();
        assertThat(second.repeated(3)).isFalse();
        assertThat(second.deliveryCount(0)).isEqualTo(2);
    }

    @Test
    void aRecordThatAllDieOfIsCountedAndItsNeighboursAreNot() {
        OffsetAndMetadata told = null;
        for (int death = 0; death < 4; death++) {
            Progress progress = Progress.from(0, END, told);
            progress.fetched(0);
            progress.fetched(1);
            told = progress.open();
        }
        Progress fifth = Progress.from(0, END, told);
        assertThat(fifth.deliveryCount(0)).isEqualTo(5);
        assertThat(fifth.deliveryCount(1)).isEqualTo(2);
        fifth.fetched(0);
        fifth.fetched(1);
        fifth.finish(0);
        assertThat(Progress.from(1, END, fifth.open()).deliveryCount(1))
                .as("the count is of the lowest, and begins anew with another")
                .isEqualTo(2);
    }

    @Test
    void nothingIsHandedOverBeforeTheGroupHasHeardOfTheTakeover() {
        Progress first = Progress.from(0, END, null);
        first.fetched(0);
        first.told(first.open());
        first.handOver(0);
        for (OffsetAndMetadata before : List.of(first.open(), first.clean())) {
            Progress next = Progress.from(0, END, before);
            next.fetched(0);
            assertThat(next.mayHandOver(0)).as("after '%s'", before.metadata()).isFalse();
            OffsetAndMetadata told = next.open();
            next.told(told);
            assertThat(next.mayHandOver(0)).isTrue();
            // Whoever dies of it the moment it is handed over is counted.
            assertThat(Progress.from(0, END, reopened(told)).deliveryCount(0)).isGreaterThan(2);
        }
    }

    /** As one more who takes over leaves it, and dies at once. */
    private static OffsetAndMetadata reopened(OffsetAndMetadata told) {
        Progress next = Progress.from(0, END, told);
        next.fetched(0);
        return next.open();
    }

    @Test
    void whatOtherSoftwareHasWrittenMeansThatAllMayHaveBeenHandedOver() {
        for (String text : List.of("", "someone's", "w1c:1:2", "w1o:x y:0:", "w2c:0:0:", "w1c:-5:0:")) {
            Progress progress = Progress.from(3, END, new OffsetAndMetadata(3, text));
            assertThat(progress.repeated(END - 1))
                    .as("beside the offset: '%s'", text)
                    .isTrue();
            assertThat(progress.repeated(END)).isFalse();
            assertThat(progress.fetched(3)).isTrue();
        }
    }

    @Test
    void whatOthersHaveFinishedFurtherOnDoesNotKeepItFromBeingFetched() {
        Progress dying = Progress.from(0, 10_000, null);
        for (long offset = 0; offset < 2_000; offset++) {
            dying.fetched(offset);
        }
        for (long offset = 11; offset < 2_000; offset += 2) {
            dying.finish(offset);
        }
        Progress next = Progress.from(0, 10_000, dying.open());
        for (long offset = 0; offset < 10; offset++) {
            next.fetched(offset);
        }
        assertThat(next.full(next.open())).isTrue();
        for (long offset = 0; offset < 10; offset++) {
            next.finish(offset);
        }
        OffsetAndMetadata told = next.open();
        assertThat(told.metadata().length()).isGreaterThan(Progress.LONGEST);
        assertThat(next.full(told))
                .as("nothing is in hand whose end would make room")
                .isFalse();
    }

    @Test
    void whatIsWrittenBesideAnOffsetStaysShort() {
        Progress progress = Progress.from(0, 1_000_000, null);
        for (long offset = 0; offset < 20_000; offset++) {
            progress.fetched(offset);
        }
        for (long offset = 1; offset < 20_000; offset += 2) {
            progress.finish(offset);
        }
        OffsetAndMetadata told = progress.open();
        assertThat(told.metadata().length()).isLessThan(4096);
        assertThat(progress.full(told)).isTrue();
        // What did not fit comes again, as a repetition.
        Progress next = Progress.from(0, 1_000_000, told);
        assertThat(next.fetched(1)).isFalse();
        assertThat(next.fetched(19_999)).isTrue();
        assertThat(next.repeated(19_999)).isTrue();
    }
}
