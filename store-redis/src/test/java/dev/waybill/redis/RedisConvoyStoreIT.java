package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStore;
import dev.waybill.tck.ConvoyStoreContract;

class RedisConvoyStoreIT extends ConvoyStoreContract {
    @Override
    protected ConvoyStore store() {
        return TestRedis.store().open();
    }
}
