package dev.waybill.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** What a plain client hands messages to: threads that handle them, behind a bounded queue. With one, there is no thread. */
final class Workers implements AutoCloseable {
    private static final Runnable END = new End();

    private final BlockingQueue<Runnable> waiting = new ArrayBlockingQueue<>(4096);
    private final List<Thread> threads = new ArrayList<>();

    Workers(int concurrency) {
        for (int i = 0; concurrency > 1 && i < concurrency; i++) {
            Thread thread = new Thread(this::work, "plain-worker-" + i);
            thread.start();
            threads.add(thread);
        }
    }

    /** Handles in a worker, or right here if there is none. */
    void execute(Runnable task) throws InterruptedException {
        if (threads.isEmpty()) {
            task.run();
        } else {
            waiting.put(task);
        }
    }

    /** Tells a worker to end. */
    private record End() implements Runnable {
        @Override
        public void run() {}
    }

    private void work() {
        try {
            for (Runnable task = waiting.take(); task != END; task = waiting.take()) {
                task.run();
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns when all that was handed over is handled. */
    @Override
    public void close() {
        Attempt.at("end the workers", this::end);
    }

    private void end() throws InterruptedException {
        for (int i = 0; i < threads.size(); i++) {
            waiting.put(END);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
