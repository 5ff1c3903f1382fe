package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Rules of what references may lead to: what is forged, and what is not signed. */
abstract class ReferenceRules extends ClaimChapter {
    private static final byte[] SECRET = "a secret of sixteen bytes and more".getBytes(UTF_8);

    /** The SHA-256 of nothing. */
    private static final String EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    @Test
    void k7_1_aForgedReferenceIsNotFollowed() {
        String name = newName();
        Queue<String> queue =
                Queue.named(name, Codec.text()).claimCheck(check().build()).build();
        String good = reference("files", name + "/0", 5000, "0".repeat(64));
        List<String> forged = List.of(
                "",
                "nonsense",
                good.substring(0, good.length() / 2),
                good.substring(0, good.length() - 1),
                good.replace("store: files", "store"),
                reference("other", name + "/0", 5000, "0".repeat(64)),
                reference("files", "../../../etc/passwd", 5000, "0".repeat(64)),
                reference("files", "/etc/passwd", 5000, "0".repeat(64)),
                reference("files", name + "/..", 5000, "0".repeat(64)),
                reference("files", name + "/0.done", 0, EMPTY),
                reference("files", name + "/0.txt", 5000, "0".repeat(64)),
                reference("files", "https://elsewhere.example/0", 5000, "0".repeat(64)),
                reference("files", name + "/0", -1, "0".repeat(64)),
                reference("files", name + "/0", 5000, "0".repeat(63)),
                good.replace("check: 1", "check: 2"),
                good + "key: " + name + "/1\n",
                good + "address: https://elsewhere.example/0\n",
                good + "encoding: zip\n",
                good + "cipher: unknown\n",
                good + "x".repeat(10_000));
        Producer<String> producer = waybill.producer(Queue.named(name, FORGER).build());
        forged.forEach(reference -> producer.send(reference).join());
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100))
                .hasSize(forged.size()));
        assertThat(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100))
                .allSatisfy(letter -> assertThat(letter.reason()).contains("refused"))
                .extracting(letter -> new String(letter.body(), UTF_8))
                .containsExactlyInAnyOrderElementsOf(forged);
        assertThat(store.asked()).isEmpty();
        assertThat(seen).isEmpty();
    }

    @Test
    void k7_2_aReferenceThatIsNotSignedAsDeclaredIsNotFollowed() {
        String name = newName();
        Queue<String> signing = Queue.named(name, Codec.text())
                .claimCheck(check().signedWith("k1", SECRET).build())
                .build();
        Queue<String> unsigned =
                Queue.named(name, Codec.text()).claimCheck(check().build()).build();
        Queue<String> otherSecret = Queue.named(name, Codec.text())
                .claimCheck(check().signedWith("k1", text(20).getBytes(UTF_8)).build())
                .build();
        Queue<String> otherName = Queue.named(name, Codec.text())
                .claimCheck(check().signedWith("k2", SECRET).build())
                .build();
        waybill.producer(unsigned).send(text(2 * THRESHOLD)).join();
        waybill.producer(otherSecret).send(text(3 * THRESHOLD)).join();
        waybill.producer(otherName).send(text(4 * THRESHOLD)).join();
        List<String> seen = new CopyOnWriteArrayList<>();
        int asked = store.asked().size();
        Subscription subscription = waybill.consumer(signing).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(waybill.deadLetters(signing).browse(DeadLetterFilter.all(), 0, 10))
                .hasSize(3));
        assertThat(store.asked()).hasSize(asked);
        waybill.producer(signing).send(text(5 * THRESHOLD)).join();
        await().untilAsserted(() -> assertThat(seen).containsExactly(text(5 * THRESHOLD)));
        subscription.close();
        // A secret is replaced: the old one is still trusted.
        Queue<String> rotated = Queue.named(name, Codec.text())
                .claimCheck(check().signedWith("k3", text(32).getBytes(UTF_8))
                        .trusting("k1", SECRET)
                        .build())
                .build();
        waybill.producer(signing).send(text(6 * THRESHOLD)).join();
        waybill.producer(rotated).send(text(7 * THRESHOLD)).join();
        waybill.consumer(rotated).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(seen)
                .containsExactlyInAnyOrder(text(5 * THRESHOLD), text(6 * THRESHOLD), text(7 * THRESHOLD)));
    }
}
