package dev.waybill.cli;

import dev.waybill.Waybill;
import picocli.CommandLine.Mixin;

/** A command that asks a broker and shows what it says. */
abstract class BrokerCommand extends OutputCommand {
    @Mixin
    private final BrokerOptions broker = new BrokerOptions();

    @Override
    public final Integer call() {
        try (Waybill waybill = broker.open()) {
            return call(waybill);
        }
    }

    /** Returns the exit code. */
    abstract int call(Waybill waybill);
}
