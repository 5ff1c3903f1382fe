package dev.waybill.tink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.StreamingAead;
import com.google.crypto.tink.streamingaead.PredefinedStreamingAeadParameters;
import com.google.crypto.tink.streamingaead.StreamingAeadConfig;
import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Queue;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.FilePayloadStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinkPayloadCipherTest {
    private static final byte[] HERE = "here".getBytes(UTF_8);

    @TempDir
    Path directory;

    @BeforeAll
    static void register() throws GeneralSecurityException {
        StreamingAeadConfig.register();
    }

    private static TinkPayloadCipher cipher() throws GeneralSecurityException {
        return TinkPayloadCipher.of(
                "orders-1",
                KeysetHandle.newBuilder()
                        .addEntry(KeysetHandle.generateEntryFromParameters(
                                        PredefinedStreamingAeadParameters.AES256_GCM_HKDF_1MB)
                                .withRandomId()
                                .makePrimary())
                        .build()
                        .getPrimitive(RegistryConfiguration.get(), StreamingAead.class));
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static byte[] encrypted(TinkPayloadCipher cipher, byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream secret = cipher.encrypting(out, HERE)) {
            secret.write(plain);
        }
        return out.toByteArray();
    }

    private static byte[] decrypted(TinkPayloadCipher cipher, byte[] secret, byte[] bound) throws IOException {
        try (InputStream plain = cipher.decrypting(new ByteArrayInputStream(secret), bound)) {
            return plain.readAllBytes();
        }
    }

    @Test
    void whatIsEncryptedIsDecryptedWithTheSameKeyInTheSamePlaceAndOnlyThen() throws Exception {
        TinkPayloadCipher cipher = cipher();
        for (int length : new int[] {0, 1, 100_000, 3 << 20}) {
            byte[] plain = bytes(length);
            byte[] secret = encrypted(cipher, plain);
            assertThat(decrypted(cipher, secret, HERE)).isEqualTo(plain);
            assertThatThrownBy(() -> decrypted(cipher, secret, "elsewhere".getBytes(UTF_8)))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> decrypted(cipher(), secret, HERE)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> decrypted(cipher, Arrays.copyOf(secret, secret.length - 1), HERE))
                    .isInstanceOf(IOException.class);
            secret[secret.length - 1] ^= 1;
            assertThatThrownBy(() -> decrypted(cipher, secret, HERE)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aPayloadIsSecretInItsStoreAndArrivesAndNoOtherDoes() throws Exception {
        FilePayloadStore store = new FilePayloadStore("files", directory.resolve("payloads"));
        Queue<String> secret = queue(ClaimCheck.in(store)
                .threshold(100)
                .compressed()
                .encryptedBy(cipher())
                .build());
        Queue<String> otherKey =
                queue(ClaimCheck.in(store).threshold(100).encryptedBy(cipher()).build());
        Queue<String> open = queue(ClaimCheck.in(store).threshold(100).build());
        String large = "a secret ".repeat(10_000);
        try (Waybill waybill = Waybill.open(WaybillConfig.of(Map.of("waybill.broker", "in-memory")))) {
            waybill.producer(secret).sendAndWait(large);
            Path payload = directory
                    .resolve("payloads")
                    .resolve(store.list("", 1).get(0).key());
            assertThat(new String(Files.readAllBytes(payload), UTF_8)).doesNotContain("secret");
            List<String> seen = new CopyOnWriteArrayList<>();
            Subscription subscription = waybill.consumer(secret).start(delivery -> seen.add(delivery.payload()));
            await().untilAsserted(() -> assertThat(seen).containsExactly(large));

            waybill.producer(otherKey).sendAndWait(large);
            assertThat(deadLetter(waybill, secret, 1).reason()).contains("cannot be read");
            waybill.producer(open).sendAndWait(large);
            assertThat(deadLetter(waybill, secret, 2).reason()).contains("not encrypted");
            subscription.close();
            assertThat(seen).containsExactly(large);

            // Whoever has the right key handles what has died.
            waybill.consumer(otherKey).start(delivery -> seen.add("redriven " + delivery.payload()));
            waybill.deadLetters(otherKey)
                    .redrive(DeadLetterFilter.all().and(DeadLetterFilter.text("cipher: orders-1")))
                    .run();
            await().untilAsserted(() -> assertThat(seen).containsExactly(large, "redriven " + large));
        }
    }

    private static Queue<String> queue(ClaimCheck check) {
        return Queue.named("secrets", Codec.text()).claimCheck(check).build();
    }

    /** The last of so many. */
    private static DeadLetter deadLetter(Waybill waybill, Queue<?> queue, int number) {
        await().untilAsserted(
                        () -> assertThat(waybill.deadLetters(queue).count()).isEqualTo(number));
        return waybill.deadLetters(queue)
                .browse(DeadLetterFilter.all(), number - 1, 1)
                .get(0);
    }
}
