package dev.waybill.it;

import dev.waybill.Codec;
import dev.waybill.Payload;
import dev.waybill.Queue;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.s3.S3PayloadStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A process that sends one large payload, receives one, or receives many until it is killed; in a heap of 64 MiB. It writes a line for
 * each that it has received, before it accepts it.
 */
final class PayloadProcess {
    private static final String HEAP = "-Xmx64m";

    private PayloadProcess() {}

    enum Role {
        SEND,
        RECEIVE,
        CONSUME
    }

    static Queue<Payload> queue(String name, PayloadStore store) {
        return Queue.named(name, Codec.payload())
                .maxDeliveries(10)
                .claimCheck(10_000, store)
                .build();
    }

    /** @param store a directory, or the address of an S3 end point, whose bucket has the name of the queue */
    static ProcessBuilder of(Role role, WaybillConfig config, String queue, String store, long bytes) {
        return TestProcess.of(
                List.of(HEAP, "-XX:MaxDirectMemorySize=64m"),
                PayloadProcess.class,
                config,
                role.name(),
                queue,
                store,
                Long.toString(bytes));
    }

    static S3Client s3(String uri) {
        return S3Client.builder()
                .endpointOverride(URI.create(uri))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
                .build();
    }

    static PayloadStore store(String store, String bucket) {
        return store.startsWith("http")
                ? S3PayloadStore.in(s3(store), bucket).build()
                : new FilePayloadStore("files", Path.of(store));
    }

    public static void main(String[] arguments) throws Exception {
        Role role = Role.valueOf(arguments[0]);
        Queue<Payload> queue = queue(arguments[1], store(arguments[2], arguments[1]));
        long bytes = Long.parseLong(arguments[3]);
        try (Waybill waybill = Waybill.open(TestProcess.config(arguments, 4))) {
            switch (role) {
                case SEND -> waybill.producer(queue).sendAndWait(Payload.of(new Pattern(bytes)));
                case RECEIVE -> receive(waybill, queue);
                case CONSUME -> {
                    waybill.consumer(queue).concurrency(4).start(delivery -> say(delivery.id()));
                    Thread.currentThread().join();
                }
            }
        }
    }

    private static void receive(Waybill waybill, Queue<Payload> queue) throws InterruptedException {
        CountDownLatch received = new CountDownLatch(1);
        waybill.consumer(queue).start(delivery -> {
            try (InputStream in = delivery.payload().open()) {
                say(Long.toString(Pattern.read(in)));
            }
            received.countDown();
        });
        received.await();
    }

    @SuppressWarnings("SystemOut") // whoever has started it reads that
    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }

    /** So many bytes, none of which is kept. */
    private static final class Pattern extends InputStream {
        private final long bytes;
        private long at;

        Pattern(long bytes) {
            this.bytes = bytes;
        }

        private static byte of(long at) {
            return (byte) (at ^ at >>> 8 ^ at >>> 16 ^ at >>> 24);
        }

        /** How many bytes are as they should be, up to the first that is not. */
        static long read(InputStream in) throws IOException {
            byte[] buffer = new byte[1 << 16];
            long at = 0;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                for (int i = 0; i < read; i++, at++) {
                    if (buffer[i] != of(at)) {
                        return at;
                    }
                }
            }
            return at;
        }

        @Override
        public int read() {
            return at == bytes ? -1 : of(at++) & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (at == bytes) {
                return -1;
            }
            int some = (int) Math.min(length, bytes - at);
            for (int i = 0; i < some; i++) {
                into[offset + i] = of(at++);
            }
            return some;
        }
    }
}
