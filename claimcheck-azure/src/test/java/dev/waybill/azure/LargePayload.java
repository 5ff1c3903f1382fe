package dev.waybill.azure;

import dev.waybill.claimcheck.PayloadStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** A process that writes a payload that does not fit into its heap, and reads it again. */
final class LargePayload {
    private static final int MEBIBYTES = 96;

    private LargePayload() {}

    static ProcessBuilder process(String uri, String container) {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-XX:MaxDirectMemorySize=64m",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        "-cp",
                        System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                        LargePayload.class.getName(),
                        uri,
                        container)
                .redirectErrorStream(true);
    }

    public static void main(String[] arguments) throws Exception {
        PayloadStore store = AzurePayloadStore.in(Azurite.withKey(arguments[0], arguments[1]))
                .build();
        byte[] mebibyte = new byte[1 << 20];
        store.write("q/large", out -> {
            Random content = new Random(1);
            for (int i = 0; i < MEBIBYTES; i++) {
                content.nextBytes(mebibyte);
                out.write(mebibyte);
            }
        });
        Random content = new Random(1);
        try (InputStream in = store.read("q/large")) {
            for (int i = 0; i < MEBIBYTES; i++) {
                content.nextBytes(mebibyte);
                if (!Arrays.equals(in.readNBytes(mebibyte.length), mebibyte)) {
                    throw new IOException("mebibyte " + i + " is another");
                }
            }
            if (in.read() >= 0) {
                throw new IOException("there is more than was written");
            }
        }
    }
}
