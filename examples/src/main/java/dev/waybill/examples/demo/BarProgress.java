package dev.waybill.examples.demo;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar that is drawn over and over in one line of a terminal. */
final class BarProgress implements Progress {
    private static final String CLEAR_LINE = "\r\033[K";
    private static final int REDRAW_MILLIS = 100;

    private final PrintStream out;
    private final ProgressBar bar;

    BarProgress(PrintStream out, int columns, long all) {
        this.out = out;
        bar = new ProgressBarBuilder()
                .setTaskName("done")
                .setInitialMax(all)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REDRAW_MILLIS)
                .setConsumer(new ConsoleProgressBarConsumer(out, Math.max(columns - 1, 20)))
                .showSpeed()
                .build();
    }

    @Override
    public void show(long done) {
        bar.stepTo(done);
    }

    @Override
    public void say(String line) {
        out.println(CLEAR_LINE + line);
        bar.refresh();
    }

    @Override
    public void close() {
        bar.close();
    }
}
