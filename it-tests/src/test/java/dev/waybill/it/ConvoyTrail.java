package dev.waybill.it;

import dev.waybill.it.ConsumingProcess.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/** What several processes together have handled of an ordered queue. Thread-safe. */
final class ConvoyTrail {
    private final Queue<Step> steps = new ConcurrentLinkedQueue<>();
    private final Set<String> distinct = ConcurrentHashMap.newKeySet();

    void add(String line) {
        Step step = Step.parse(line);
        steps.add(step);
        distinct.add(step.key() + " " + step.number());
    }

    /** How many different messages. */
    int distinct() {
        return distinct.size();
    }

    /**
     * What came neither after the one before it nor again with a flag, and what began while another of its key was being handled.
     * A step that has outlived its lock, as when the machine stood still, is held against nobody: no order is promised beyond the lock.
     */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        Map<String, List<Step>> byKey = steps.stream().collect(Collectors.groupingBy(Step::key));
        for (List<Step> convoy : byKey.values()) {
            convoy.sort(Comparator.comparingLong(Step::began));
            int done = 0;
            long end = Long.MIN_VALUE;
            for (Step step : convoy) {
                if (step.lockLost()) {
                    done = Math.max(done, step.number());
                    continue;
                }
                if (step.number() > done + 1 || step.number() <= done && !step.redelivered()) {
                    faults.add("after " + done + ": " + step);
                }
                if (step.began() < end) {
                    faults.add("while the one before it was being handled: " + step);
                }
                done = Math.max(done, step.number());
                end = step.ended();
            }
        }
        return faults;
    }

    @Override
    public String toString() {
        return "handled " + distinct.size() + ", repeated " + (steps.size() - distinct.size()) + ", beyond their lock "
                + steps.stream().filter(Step::lockLost).count();
    }
}
