package dev.waybill.examples.demo;

import java.util.List;
import java.util.Map;

/**
 * What the ledger holds at the end.
 *
 * @param totals the sums
 * @param types how many messages of each type were processed
 * @param repositories how many of each repository
 * @param consumers how many each consumer processed, repetitions included
 * @param waits how long each processed message waited for its handler, in milliseconds, by tier
 * @param redelivered how many were processed on a delivery flagged as redelivered
 * @param bytes of all that was processed, each message once
 * @param dead the dead letters
 * @param lost the files of lost messages
 * @param unsent the files that were refused, with the reason
 * @param strangers how many messages of other runs were met in the queues
 */
record Summary(
        Totals totals,
        Map<String, Integer> types,
        Map<String, Integer> repositories,
        Map<String, Integer> consumers,
        Map<String, List<Long>> waits,
        int redelivered,
        long bytes,
        List<DeadFile> dead,
        List<String> lost,
        List<String> unsent,
        int strangers) {}
