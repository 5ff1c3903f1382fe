package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.claimcheck.PayloadStoreException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SpentPayloadsTest {
    private static final String BAD = "q/bad";
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Timer timer = new Timer();
    private final SpentPayloads spent = new SpentPayloads(timer, Runnable::run);
    private final Store store = new Store();

    @AfterEach
    void close() {
        timer.close();
    }

    /** Deletes all of them or none, and one of them never. */
    private static final class Store extends StubPayloadStore {
        final Set<String> deleted = ConcurrentHashMap.newKeySet();
        final List<List<String>> refused = new CopyOnWriteArrayList<>();
        volatile boolean down;

        @Override
        public void delete(List<String> keys) {
            if (down || keys.contains(BAD)) {
                refused.add(keys);
                throw new PayloadStoreException("not now", null);
            }
            deleted.addAll(keys);
        }
    }

    private static List<String> keys(String begin, int count) {
        return IntStream.range(0, count).mapToObj(i -> "q/" + begin + i).toList();
    }

    /** Has it asked without a pause. */
    private void tryAgain() {
        spent.close(SECOND);
    }

    @Test
    void whatAStoreDoesNotDeleteKeepsNothingElse() {
        store.down = true;
        keys("a", 100).forEach(key -> spent.delete(store, key, false));
        spent.delete(store, BAD, false);
        keys("b", 900).forEach(key -> spent.delete(store, key, false));
        store.down = false;
        for (int i = 0; i < 40; i++) {
            tryAgain();
        }
        assertThat(store.deleted).hasSize(1000);
        assertThat(store.refused).last().isEqualTo(List.of(BAD));
    }

    @Test
    void whatAStoreThatWorksDoesNotDeleteIsLeftAfterSomeTries() {
        spent.delete(store, BAD, true);
        tryAgain();
        List<String> others = keys("a", SpentPayloads.MOST_REFUSALS + 2);
        others.forEach(key -> spent.delete(store, key, false));
        assertThat(store.deleted).containsAll(others);
        assertThat(store.refused).hasSize(SpentPayloads.MOST_REFUSALS + 3);
        tryAgain();
        spent.delete(store, "q/last", false);
        assertThat(store.refused).hasSize(SpentPayloads.MOST_REFUSALS + 3);
    }

    @Test
    void howLongAStoreIsDownMakesNoDifference() {
        spent.delete(store, "q/before", false);
        store.down = true;
        spent.delete(store, "q/meanwhile", false);
        for (int i = 0; i < 2 * SpentPayloads.MOST_REFUSALS; i++) {
            tryAgain();
        }
        assertThat(store.refused).hasSizeGreaterThan(SpentPayloads.MOST_REFUSALS);
        store.down = false;
        tryAgain();
        assertThat(store.deleted).containsExactlyInAnyOrder("q/before", "q/meanwhile");
    }

    @Test
    void aPayloadThatIsNotDeletedDoesNotKeepTheNotesOfOthers() {
        spent.delete(store, "q/a", true);
        spent.delete(store, BAD, true);
        assertThat(store.deleted).containsExactly("q/a");
        spent.close(SECOND);
        assertThat(store.deleted).containsExactlyInAnyOrder("q/a", "q/a.done");
    }
}
