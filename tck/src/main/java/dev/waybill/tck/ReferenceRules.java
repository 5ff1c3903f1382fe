package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Health;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.claimcheck.ClaimCheck;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rules of what references may lead to: valet keys, and what is forged. */
abstract class ReferenceRules extends ClaimChapter {
    private static final byte[] SECRET = "a secret of sixteen bytes and more".getBytes(UTF_8);

    /** The SHA-256 of nothing. */
    private static final String EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /** Longer than any test. */
    private static final Duration HOUR = Duration.ofHours(1);

    private ValetHost host;
    private ValetHost elsewhere;

    @BeforeEach
    void openHosts() throws IOException {
        host = new ValetHost(store);
        elsewhere = new ValetHost(store);
        store.giveValetKeysOf(host);
    }

    @AfterEach
    void closeHosts() {
        host.close();
        elsewhere.close();
    }

    /** Of whoever has no credentials for the store. */
    private ClaimCheck.Builder byValetKey() {
        return ClaimCheck.byValetKey(host.address());
    }

    private static Queue<String> queue(String name, ClaimCheck.Builder check) {
        return Queue.named(name, Codec.text()).claimCheck(check.build()).build();
    }

    @Test
    void k6_1_byAValetKeyAPayloadArrivesWithoutTheStoreAndStays() {
        String name = newName();
        Queue<String> sending = queue(name, check().valetKeys(HOUR).signedWith("k1", SECRET));
        Queue<String> receiving = queue(name, byValetKey().signedWith("k1", SECRET));
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.producer(sending).send(text(50 * THRESHOLD)).join();
        store.down(true);
        waybill.consumer(receiving).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(seen).containsExactly(text(50 * THRESHOLD)));
        await().untilAsserted(() -> assertThat(waybill.depth(receiving)).isZero());
        stays(
                "its payload stays, without a note",
                () -> assertThat(store.keys()).containsExactlyElementsOf(store.written()));
    }

    @Test
    void k6_2_aValetKeyThatLeadsElsewhereIsNotFollowed() {
        String name = newName();
        String key = name + "/0";
        String good = host.valetKey(key, HOUR).toString();
        String place = host.address() + key;
        String query = good.substring(place.length());
        String start = reference("files", key, 5000, "0".repeat(64)) + "expires: 2126-01-02T03:04:05Z\n";
        List<String> forged = new ArrayList<>(List.of(
                start,
                start.replace("expires:", "valet-key: " + good + "\nexpired:"),
                start.replace("2126-01-02T03:04:05Z", "soon") + "valet-key: " + good + "\n"));
        List.of(
                        elsewhere.valetKey(key, HOUR).toString(),
                        good.replace("http:", "https:"),
                        good.replace("http:", "ftp:"),
                        good.replace("http:", ""),
                        good.replace("http://", "http://user@"),
                        good.replace("127.0.0.1", "127.0.0.1.elsewhere.example"),
                        good.replace("127.0.0.1", "localhost"),
                        good.replaceFirst(":\\d+", ""),
                        good.replaceFirst(":\\d+", ":99999"),
                        "file:///etc/passwd",
                        "nonsense",
                        good + "#fragment",
                        place.replace("/payloads/", "/other/") + query,
                        place.replace("/payloads/", "/payloads/../payloads/") + query,
                        place.replace("/payloads/", "/payloads/%2e%2e/payloads/") + query,
                        place.replace("/payloads/", "/payloads//") + query,
                        place + "1" + query,
                        host.address() + "x" + key + query,
                        host.address() + "another" + query,
                        host.address() + "another" + query + "/" + key)
                .forEach(address -> forged.add(start + "valet-key: " + address + "\n"));
        Producer<String> producer = waybill.producer(Queue.named(name, FORGER).build());
        forged.forEach(reference -> producer.send(reference).join());
        Queue<String> queue = queue(name, byValetKey());
        List<String> seen = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        await().untilAsserted(() -> assertThat(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100))
                .hasSize(forged.size()));
        assertThat(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 100))
                .allSatisfy(letter ->
                        assertThat(letter.reason()).contains("refused").doesNotContain("signature="))
                .extracting(letter -> new String(letter.body(), UTF_8))
                .containsExactlyInAnyOrderElementsOf(forged);
        assertThat(host.asked()).isEmpty();
        assertThat(elsewhere.asked()).isEmpty();
        assertThat(seen).isEmpty();
    }

    @Test
    void k6_3_aRedirectIsNotFollowed() {
        String name = newName();
        waybill.producer(queue(name, check().valetKeys(HOUR)))
                .send(text(2 * THRESHOLD))
                .join();
        host.redirectTo(elsewhere.valetKey(store.written().get(0), HOUR));
        List<String> seen = new CopyOnWriteArrayList<>();
        Queue<String> queue = queue(name, byValetKey());
        waybill.consumer(queue).start(delivery -> seen.add(delivery.payload()));
        DeadLetter letter = awaitDeadLetter(queue);
        assertThat(letter.reason())
                .contains("302")
                .contains("redirects are refused")
                .doesNotContain("signature=");
        assertThat(new String(letter.body(), UTF_8)).contains("valet-key: " + host.address());
        assertThat(host.asked()).hasSize(1);
        assertThat(elsewhere.asked()).isEmpty();
        assertThat(seen).isEmpty();
    }

    @Test
    void k6_4_aValetKeyThatHasExpiredMakesADeadLetterThatAConsumerWithTheStoreHandles() {
        String name = newName();
        Queue<String> sending = queue(name, check().valetKeys(Duration.ofMillis(1)));
        Queue<String> receiving = queue(name, byValetKey());
        waybill.producer(sending).send(text(2 * THRESHOLD)).join();
        Instant sent = Instant.now();
        await().until(() -> Instant.now().isAfter(sent.plusMillis(5)));
        List<String> seen = new CopyOnWriteArrayList<>();
        Subscription late = waybill.consumer(receiving).start(delivery -> seen.add("wrong: " + delivery.payload()));
        DeadLetter letter = awaitDeadLetter(receiving);
        assertThat(letter.reason()).contains("expired at ").contains("403").doesNotContain("signature=");
        late.close();
        waybill.consumer(sending).start(delivery -> seen.add(delivery.payload()));
        waybill.deadLetters(sending).redrive(DeadLetterFilter.all()).run();
        await().untilAsserted(() -> assertThat(seen).containsExactly(text(2 * THRESHOLD)));
    }

    @Test
    void k6_5_whileTheHostIsDownMessagesWaitAndNoneDies() {
        String name = newName();
        Queue<String> queue = queue(name, byValetKey());
        Ledger handled = new Ledger();
        List<Integer> counts = new CopyOnWriteArrayList<>();
        send(waybill.producer(queue(name, check().valetKeys(HOUR))), 10, i -> text(2 * THRESHOLD + i), handled);
        host.down(true);
        waybill.consumer(queue).concurrency(3).start(delivery -> {
            counts.add(delivery.deliveryCount());
            handled.seen(delivery);
        });
        await().untilAsserted(() -> assertThat(waybill.health().components()).anySatisfy(component -> {
            assertThat(component.status()).isEqualTo(Health.Status.DEGRADED);
            assertThat(component.detail()).contains("503").doesNotContain("signature=");
        }));
        CircuitBreaker breaker = waybill.circuitBreakers()
                .circuitBreaker("payload-store-" + URI.create(host.address()).getAuthority());
        await().untilAsserted(() -> assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.OPEN));
        stays("nothing is handled", () -> assertThat(handled.distinct()).isZero());
        host.down(false);
        awaitAllSeen(handled);
        assertThat(counts).hasSize(10).containsOnly(1);
        assertThat(waybill.deadLetters(queue).count()).isZero();
    }

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
