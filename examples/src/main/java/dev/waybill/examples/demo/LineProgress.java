package dev.waybill.examples.demo;

import java.io.PrintStream;

/** A line for every tenth of the way, for a log or a pipe. */
final class LineProgress implements Progress {
    private static final int STEPS = 10;

    private final PrintStream out;
    private final long all;
    private long shown;

    LineProgress(PrintStream out, long all) {
        this.out = out;
        this.all = all;
    }

    @Override
    public void show(long done) {
        long step = done * STEPS / all;
        if (step > shown) {
            shown = step;
            out.println("done " + done + " of " + all);
        }
    }

    @Override
    public void say(String line) {
        out.println(line);
    }

    @Override
    public void close() {
        out.flush();
    }
}
