package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class UnsettledTest {
    private final Unsettled unsettled = new Unsettled();

    @Test
    void nothingIsSettledAtTheStart() {
        assertThat(unsettled.lowest()).isEqualTo(1);
        assertThat(unsettled.count()).isZero();
    }

    @Test
    void aGapHoldsTheLowestBack() {
        unsettled.settle(1);
        unsettled.settle(3);
        assertThat(unsettled.lowest()).isEqualTo(2);
        unsettled.settle(2);
        assertThat(unsettled.lowest()).isEqualTo(4);
    }

    @Test
    void aTagThatIsSettledTwiceCountsOnce() {
        unsettled.settle(1);
        unsettled.settle(1);
        assertThat(unsettled.count()).isEqualTo(1);
        for (long tag = 2; tag <= 20_000; tag++) {
            unsettled.settle(tag);
            unsettled.lowest();
        }
        unsettled.settle(1);
        assertThat(unsettled.count()).isEqualTo(20_000);
        assertThat(unsettled.lowest()).isEqualTo(20_001);
    }

    @Test
    void itAgreesWithASetOverManyTagsSettledInAnyOrder() {
        Random random = new Random(11);
        TreeSet<Long> open = new TreeSet<>();
        long delivered = 0;
        for (int round = 0; round < 400; round++) {
            for (int i = random.nextInt(300); i > 0; i--) {
                open.add(++delivered);
            }
            List<Long> some = new ArrayList<>(open);
            Collections.shuffle(some, random);
            for (long tag : some.subList(0, some.size() * 3 / 4)) {
                unsettled.settle(tag);
                open.remove(tag);
            }
            assertThat(unsettled.lowest()).isEqualTo(open.isEmpty() ? delivered + 1 : open.first());
            assertThat(delivered - unsettled.count()).isEqualTo(open.size());
        }
    }
}
