package dev.waybill.examples.demo;

import java.io.PrintStream;

/** Shows how far it is. Used by one thread. */
public interface Progress extends AutoCloseable {

    /** So many of all have come to an end. */
    void show(long done);

    /** Says something that the user should not miss. */
    void say(String line);

    @Override
    void close();

    /** On standard error, so that standard output is the report. */
    static Progress onStandardError(long all) {
        boolean terminal = Boolean.getBoolean("demo.terminal");
        return of(System.err, terminal, Integer.getInteger("demo.columns", 80), all);
    }

    /** A bar on a terminal, else plain lines. */
    static Progress of(PrintStream out, boolean terminal, int columns, long all) {
        return terminal ? new BarProgress(out, columns, all) : new LineProgress(out, all);
    }
}
