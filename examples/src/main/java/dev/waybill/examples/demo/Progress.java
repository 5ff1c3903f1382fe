package dev.waybill.examples.demo;

import java.io.PrintStream;

/** Shows how far it is. Used by one thread. */
interface Progress extends AutoCloseable {

    /** So many of all have come to an end. */
    void show(long done);

    /** Says something that the user should not miss. */
    void say(String line);

    @Override
    void close();

    /** A bar on a terminal, else plain lines. */
    static Progress of(PrintStream out, boolean terminal, int columns, long all) {
        return terminal ? new BarProgress(out, columns, all) : new LineProgress(out, all);
    }
}
