package dev.waybill.internal;

import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;

/** Being written. */
public final class WaybillRuntime {
    private WaybillRuntime() {}

    public static Waybill open(WaybillConfig config) {
        throw new UnsupportedOperationException(config.toString());
    }
}
