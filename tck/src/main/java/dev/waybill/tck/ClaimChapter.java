package dev.waybill.tck;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.waybill.Codec;
import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Queue;
import dev.waybill.claimcheck.ClaimCheck;
import dev.waybill.claimcheck.FilePayloadStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What the chapters on claim checks share: a store that can fail, payloads that do not travel, and references that are forged. */
abstract class ClaimChapter extends Chapter {
    static final int THRESHOLD = 1000;

    /** Sends what it is given as if it were a reference. */
    static final Codec<String> FORGER = new Codec<>() {
        @Override
        public byte[] encode(String payload) {
            return payload.getBytes(UTF_8);
        }

        @Override
        public String decode(byte[] body) {
            return new String(body, UTF_8);
        }

        @Override
        public String contentType() {
            return "application/vnd.waybill.claim-check";
        }
    };

    @TempDir
    Path directory;

    FaultyPayloadStore store;

    @BeforeEach
    void openStore() {
        store = new FaultyPayloadStore(new FilePayloadStore("files", directory.resolve("payloads")));
    }

    ClaimCheck.Builder check() {
        return ClaimCheck.in(store).threshold(THRESHOLD);
    }

    static String text(int length) {
        StringBuilder text = new StringBuilder(length);
        Random random = new Random(length);
        while (text.length() < length) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    DeadLetter awaitDeadLetter(Queue<?> queue) {
        List<DeadLetter> found = new CopyOnWriteArrayList<>();
        await().until(() -> {
            found.clear();
            found.addAll(waybill.deadLetters(queue).browse(DeadLetterFilter.all(), 0, 10));
            return !found.isEmpty();
        });
        return found.get(0);
    }

    static String reference(String store, String key, int bytes, String digest) {
        return "waybill-claim-check: 1\nstore: " + store + "\nkey: " + key + "\nbytes: " + bytes + "\nsha-256: "
                + digest + "\ncontent-type: text/plain; charset=utf-8\ncreated: 2026-01-02T03:04:05Z\n";
    }
}
