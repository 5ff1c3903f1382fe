package dev.waybill.tck;

import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.InMemoryConvoyStore;

class InMemoryConvoyStoreContractTest extends ConvoyStoreContract {
    @Override
    protected ConvoyStore store() {
        return new InMemoryConvoyStore();
    }
}
