package dev.waybill.benchmarks;

import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/** Message ids of the plain clients, as long as Waybill's. The secure generator's would cost them more than ours do. */
final class Ids {
    private Ids() {}

    static String next() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }
}
