package dev.waybill.benchmarks;

/**
 * How much is measured.
 *
 * @param rounds how often each side is measured; one more before the first warms up and is dropped
 * @param messages how many are sent or consumed in one measurement
 * @param rate how many messages a second latency is measured at
 * @param latencySeconds for how long
 */
record Plan(int rounds, int messages, int rate, int latencySeconds) {
    private static final int ROUNDS = 5;

    /** About two seconds a measurement on two cores. */
    static Plan usual(String broker) {
        return switch (broker) {
            case "rabbitmq" -> new Plan(ROUNDS, 40_000, 1000, 5);
            case "kafka" -> new Plan(ROUNDS, 150_000, 1000, 5);
            case "sqs" -> new Plan(ROUNDS, 6_000, 200, 5);
            default -> throw new IllegalArgumentException("broker '" + broker + "'");
        };
    }
}
