package dev.waybill.benchmarks;

/** What a client does with a checked exception, which here always ends the measurement. */
@FunctionalInterface
interface Attempt {
    void go() throws Exception;

    /** Runs it, and wraps what it throws. */
    static void at(String what, Attempt attempt) {
        try {
            attempt.go();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException(what + ": interrupted", stop);
        } catch (Exception failed) {
            throw new BenchmarkException(what + ": " + failed, failed);
        }
    }
}
