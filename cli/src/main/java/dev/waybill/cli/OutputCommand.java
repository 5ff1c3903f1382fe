package dev.waybill.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that shows something. It returns the exit code. */
abstract class OutputCommand implements Callable<Integer> {
    @Mixin
    final OutputOption output = new OutputOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final void complain(String what) {
        spec.commandLine().getErr().println(what);
    }
}
