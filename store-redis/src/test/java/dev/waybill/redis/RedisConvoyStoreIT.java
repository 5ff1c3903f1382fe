package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStore;
import dev.waybill.tck.ConvoyStoreContract;
import java.util.UUID;

class RedisConvoyStoreIT extends ConvoyStoreContract {
    @Override
    protected ConvoyStore store() {
        return RedisConvoyStore.on(TestRedis.client())
                .name(UUID.randomUUID().toString())
                .open();
    }
}
