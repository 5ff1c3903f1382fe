package dev.waybill.claimcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.claimcheck.ClaimCheck.Deletion;
import dev.waybill.claimcheck.PayloadCollector.Entry;
import dev.waybill.claimcheck.PayloadCollector.Report;
import dev.waybill.claimcheck.PayloadCollector.Report.Age;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PayloadCollectorTest {
    private static final Instant NOW = Instant.parse("2026-11-28T10:00:00Z");

    @TempDir
    Path directory;

    private PayloadStore store;

    @BeforeEach
    void openStore() {
        store = new FilePayloadStore("files", directory);
    }

    private void stored(String key, int bytes, Duration ago) throws IOException {
        store.write(key, out -> out.write(new byte[bytes]));
        Files.setLastModifiedTime(directory.resolve(key), FileTime.from(NOW.minus(ago)));
    }

    private PayloadCollector collector(Deletion deletion) {
        return PayloadCollector.of(ClaimCheck.in(store).deletion(deletion).build(), () -> NOW);
    }

    private List<String> keys() {
        return store.list("", 100).stream().map(StoredPayload::key).toList();
    }

    @Test
    void whatHasNoNoteStaysAndIsReportedByItsAge() throws IOException {
        stored("q/a", 10, Duration.ofDays(100));
        stored("q/b.done", 0, Duration.ZERO);
        stored("q/c", 20, Duration.ofDays(30));
        stored("q/d", 30, Duration.ofDays(30).minusMillis(1));
        stored("q/e", 40, Duration.ofHours(1));
        stored("q/f", 50, Duration.ofSeconds(-1));
        Report report = collector(Deletion.afterAcknowledgement()).run();
        assertThat(report.needed()).isEqualTo(5);
        assertThat(report.neededBytes()).isEqualTo(150);
        assertThat(report.oldestNeeded()).contains(NOW.minus(Duration.ofDays(100)));
        assertThat(report.neededByAge())
                .containsExactly(
                        new Age(Duration.ofDays(90), 1, 10),
                        new Age(Duration.ofDays(30), 1, 20),
                        new Age(Duration.ofDays(14), 1, 30),
                        new Age(Duration.ZERO, 2, 90));
        assertThat(keys()).hasSize(6);
    }

    @Test
    void whatIsDoneIsDeletedWhenItHasBeenKeptAndItsNoteLater() throws IOException {
        stored("q/a", 10, Duration.ofDays(9));
        stored("q/a.done", 0, Duration.ofDays(7));
        stored("q/b", 20, Duration.ofDays(9));
        stored("q/b.done", 0, Duration.ofDays(6));
        stored("q/c.done", 0, Duration.ofDays(14));
        stored("q/d.done", 0, Duration.ofDays(13));
        PayloadCollector collector = collector(Deletion.keep(Duration.ofDays(7)));
        Report expected = new Report(1, 10, 1, 1, 0, 0, Optional.empty(), List.of());
        assertThat(collector.dryRun()).isEqualTo(expected);
        assertThat(keys()).hasSize(6);
        assertThat(collector.run()).isEqualTo(expected);
        assertThat(keys()).containsExactly("q/a.done", "q/b", "q/b.done", "q/d.done");
    }

    /** All were stored at one time, and those that are deleted with one that is locked stay. */
    private static PayloadStore store(NavigableSet<String> keys, String locked) {
        return (PayloadStore) Proxy.newProxyInstance(
                PayloadStore.class.getClassLoader(),
                new Class<?>[] {PayloadStore.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "name" -> "files";
                    case "list" ->
                        keys.tailSet((String) arguments[0], false).stream()
                                .limit((int) arguments[1])
                                .map(key -> new StoredPayload(key, 1, NOW.toEpochMilli()))
                                .toList();
                    case "delete" -> {
                        List<?> some = (List<?>) arguments[0];
                        if (some.contains(locked)) {
                            throw new PayloadStoreException(locked + " is locked", null);
                        }
                        keys.removeAll(some);
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Test
    void whatIsNotDeletedKeepsNothingElseAndIsToldAtTheEnd() {
        NavigableSet<String> keys = new TreeSet<>();
        for (int i = 1000; i < 2001; i++) {
            keys.add("q/" + i);
            keys.add("q/" + i + ".done");
        }
        keys.add("q/3000.done");
        store = store(keys, "q/1000");
        assertThatThrownBy(() -> collector(Deletion.afterAcknowledgement())
                        .keepNotes(Duration.ZERO)
                        .run())
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("up to 1000 of 1002")
                .hasMessageContaining("q/1000 is locked");
        assertThat(keys)
                .contains("q/1000", "q/1999")
                .doesNotContain("q/2000", "q/3000.done")
                .hasSize(1000 + 1001);
    }

    @Test
    void aClockOfTheStoreThatIsAheadKeepsNothing() throws IOException {
        stored("q/a", 10, Duration.ofSeconds(-5));
        stored("q/a.done", 0, Duration.ofSeconds(-5));
        stored("q/b.done", 0, Duration.ofSeconds(-5));
        collector(Deletion.afterAcknowledgement()).keepNotes(Duration.ZERO).run();
        assertThat(keys()).containsExactly("q/a.done");
    }

    @Test
    void payloadsAreListedWithWhetherTheyAreDone() throws IOException {
        stored("q/a", 10, Duration.ofDays(2));
        stored("q/a.done", 0, Duration.ofDays(1));
        stored("q/b.done", 0, Duration.ZERO);
        stored("q/c", 30, Duration.ofDays(3));
        stored("q/d", 40, Duration.ZERO);
        PayloadCollector collector = collector(Deletion.never());
        Entry a = new Entry("q/a", 10, NOW.minus(Duration.ofDays(2)), Optional.of(NOW.minus(Duration.ofDays(1))));
        Entry c = new Entry("q/c", 30, NOW.minus(Duration.ofDays(3)), Optional.empty());
        Entry d = new Entry("q/d", 40, NOW, Optional.empty());
        assertThat(collector.list(payload -> true, "", 3)).containsExactly(a, c, d);
        assertThat(collector.list(payload -> true, "", 2)).containsExactly(a, c);
        assertThat(collector.list(payload -> true, "q/a", 3)).containsExactly(c, d);
        assertThat(collector.list(payload -> payload.bytes() > 30, "", 1)).containsExactly(d);
        assertThatThrownBy(() -> collector.list(payload -> true, "", 0)).hasMessageContaining("max is 0");
    }

    @Test
    void aFileThatCannotBeDeletedKeepsNoOther() throws IOException {
        stored("q/a", 1, Duration.ZERO);
        stored("q/c", 1, Duration.ZERO);
        stored("q/b/in-its-place", 1, Duration.ZERO);
        assertThatThrownBy(() -> store.delete(List.of("q/a", "q/b", "q/c")))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining("'q/b'");
        assertThat(keys()).containsExactly("q/b/in-its-place");
    }

    @Test
    void aDirectoryThatIsNoStoreIsNotMadeOneByLooking() {
        assertThat(FilePayloadStore.existing("files", directory).name()).isEqualTo("files");
        Path other = directory.resolve("other");
        assertThatThrownBy(() -> FilePayloadStore.existing("files", other))
                .isInstanceOf(PayloadStoreException.class)
                .hasMessageContaining(other.toString());
        assertThat(other).doesNotExist();
    }
}
