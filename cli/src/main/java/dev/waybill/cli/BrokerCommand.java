package dev.waybill.cli;

import dev.waybill.Waybill;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that asks a broker and shows what it says. */
abstract class BrokerCommand implements Callable<Integer> {
    @Mixin
    private final BrokerOptions broker = new BrokerOptions();

    @Mixin
    final OutputOption output = new OutputOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public final Integer call() {
        try (Waybill waybill = broker.open()) {
            return call(waybill);
        }
    }

    /** Returns the exit code. */
    abstract int call(Waybill waybill);

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final void complain(String what) {
        spec.commandLine().getErr().println(what);
    }
}
