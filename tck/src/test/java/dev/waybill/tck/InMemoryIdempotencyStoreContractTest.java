package dev.waybill.tck;

import dev.waybill.idempotency.IdempotencyStore;
import dev.waybill.idempotency.InMemoryIdempotencyStore;
import dev.waybill.inmemory.SettableTime;
import java.time.Duration;

class InMemoryIdempotencyStoreContractTest extends IdempotencyStoreContract {
    private final SettableTime time = new SettableTime();

    @Override
    protected IdempotencyStore store() {
        return new InMemoryIdempotencyStore(10_000, TIME_TO_LIVE, time);
    }

    @Override
    protected void elapse(Duration step) {
        time.advance(step);
    }
}
