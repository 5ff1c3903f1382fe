package dev.waybill.benchmarks;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Measures both sides in turn, so that what disturbs the machine disturbs both. */
final class Comparison {
    private final Site site;
    private final Plan plan;
    private final PrintWriter progress;

    Comparison(Site site, Plan plan, PrintWriter progress) {
        this.site = site;
        this.plan = plan;
        this.progress = progress;
    }

    Result run(Workload workload) throws Exception {
        WaybillContender ours = site.waybill().with(workload.priorities);
        Measurement ofOurs = new Measurement(site, plan, ours, ours);
        Measurement ofRival = switch (workload.rival) {
            case PLAIN_CLIENT -> new Measurement(site, plan, ours, site.plain());
            case PLAIN_QUEUE -> new Measurement(site, plan, site.waybill(), site.waybill());
        };
        List<Sample> plain = new ArrayList<>();
        List<Sample> waybill = new ArrayList<>();
        for (int round = 0; round <= plan.rounds(); round++) {
            Sample first = ofRival.take(workload);
            Sample second = ofOurs.take(workload);
            progress.printf(
                    Locale.ROOT,
                    "%s %s %s: plain %.2f, waybill %.2f %s (CPU %.1f, %.1f us/msg)%n",
                    site.broker(),
                    workload.label,
                    round == 0 ? "warm-up" : "round " + round,
                    first.value(),
                    second.value(),
                    workload.unit(),
                    first.cpuMicros(),
                    second.cpuMicros());
            progress.flush();
            if (round > 0) {
                plain.add(first);
                waybill.add(second);
            }
        }
        return new Result(site.broker(), workload.label, Sample.median(plain), Sample.median(waybill), workload.unit());
    }
}
