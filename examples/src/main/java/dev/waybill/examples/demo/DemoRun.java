package dev.waybill.examples.demo;

import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Redrive;
import dev.waybill.Waybill;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;

/** One run: everything from the first message to the end of the ledger. */
final class DemoRun {
    private static final long LOOK_MILLIS = 25;
    /** After the last message, so that a late duplicate is still counted. */
    private static final Duration QUIET = Duration.ofMillis(500);

    private final Plan plan;
    private final DemoBroker broker;
    private final DemoQueues queues;
    private final Progress progress;
    private final Ledger ledger = new Ledger();
    private final Gateway gateway = new Gateway();
    private long pulse;
    private boolean saidThatItWaits;
    private long stillSinceNanos = System.nanoTime();
    private long countedAtNanos;

    DemoRun(Plan plan, DemoBroker broker, Progress progress) {
        this.plan = plan;
        this.broker = broker;
        this.progress = progress;
        queues = new DemoQueues(plan.queue(), broker.lock());
    }

    /**
     * How it went.
     *
     * @param broker what it ran on, with the version
     * @param kill how a consumer was killed, in words
     * @param gateway how the gateway fared, in words
     * @param took from the first send to the last result
     */
    record Result(Summary summary, String broker, String kill, String gateway, Duration took) {}

    Result run() throws IOException, InterruptedException {
        HalfwayGate gate = new HalfwayGate(plan.half() - plan.victimShare());
        List<Worker> workers = new ArrayList<>();
        try (Waybill waybill = Waybill.open(broker.config())) {
            DeadLetters letters = waybill.deadLetters(queues.files());
            long deadBefore = letters.count();
            Collector collector = new Collector(ledger);
            collector.readResults(waybill, queues);
            try (Victim victim = victim()) {
                for (int i = 2; i <= plan.consumers(); i++) {
                    workers.add(Worker.start(broker.config(), queues, name(i), plan.concurrency(), gate, gateway));
                }
                long started = System.nanoTime();
                CompletableFuture<Void> sending = sending(waybill);
                Halfway halfway = new Halfway(plan, ledger, victim, gate, gateway);
                watch(() -> handledOrDead(sending, letters, deadBefore), halfway);
                mendAndRedrive(letters);
                collector.takeDeadLetters(waybill, queues);
                watch(() -> ended(sending, halfway), halfway);
                Duration took = Duration.ofNanos(stillSinceNanos - started);
                sending.join();
                return new Result(ledger.summary(), broker.product(waybill), halfway.kill(), gateway.story(), took);
            } finally {
                gate.open();
                workers.forEach(Worker::close);
            }
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof IOException unreadable) {
                throw unreadable;
            }
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    private Victim victim() {
        String name = name(1);
        return broker.insideThisJvm()
                ? new LocalVictim(broker.config(), queues, name, plan.concurrency(), plan.victimShare())
                : new ProcessVictim(broker.config(), queues, name, plan.concurrency(), plan.victimShare());
    }

    private static String name(int number) {
        return "consumer-" + number;
    }

    private CompletableFuture<Void> sending(Waybill waybill) {
        String run = UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT);
        FolderSender sender = new FolderSender(ledger, run);
        return CompletableFuture.runAsync(() -> {
            try {
                sender.send(plan.folder(), plan.copies(), waybill.producer(queues.files()));
            } catch (IOException unreadable) {
                throw new CompletionException(unreadable);
            }
        });
    }

    private void watch(BooleanSupplier over, Halfway halfway) throws InterruptedException {
        while (!over.getAsBoolean()) {
            Thread.sleep(LOOK_MILLIS);
            progress.show(ledger.done());
            String kill = halfway.step();
            if (kill != null) {
                progress.say(kill);
                progress.say("the gateway goes down for " + plan.outage().toSeconds() + " s");
            }
        }
    }

    /** Whether all that was not handled is among the dead letters, or nothing comes any more. */
    private boolean handledOrDead(CompletableFuture<Void> sending, DeadLetters letters, long deadBefore) {
        Duration still = still();
        if (sending.isCompletedExceptionally() || outOfPatience(still)) {
            return true;
        }
        if (!sending.isDone() || still.compareTo(QUIET) <= 0) {
            return false;
        }
        if (ledger.open() == 0) {
            return true;
        }
        // A question to the broker, so not at every look.
        if (System.nanoTime() - countedAtNanos < QUIET.toNanos()) {
            return false;
        }
        countedAtNanos = System.nanoTime();
        return letters.count() - deadBefore >= ledger.open();
    }

    /** What the gateway refused for its fault is worth another try then; what is not JSON never will be. */
    private void mendAndRedrive(DeadLetters letters) {
        gateway.mend();
        if (gateway.refused() == 0) {
            return;
        }
        progress.say("the gateway came back with a fault and refused " + gateway.refused()
                + "; it is mended, and they are redriven");
        Redrive.Report report =
                letters.redrive(DeadLetterFilter.error(Gateway.Refusal.class)).run();
        ledger.redriven(report.moved());
    }

    private Duration still() {
        if (ledger.pulse() != pulse) {
            pulse = ledger.pulse();
            stillSinceNanos = System.nanoTime();
        }
        return Duration.ofNanos(System.nanoTime() - stillSinceNanos);
    }

    private boolean outOfPatience(Duration still) {
        return still.compareTo(plan.patience().plus(broker.lock()).plus(plan.outage())) > 0;
    }

    /** Whether everything has come to an end, or nothing comes any more. */
    private boolean ended(CompletableFuture<Void> sending, Halfway halfway) {
        Duration still = still();
        if (sending.isCompletedExceptionally()) {
            return true;
        }
        if (!sending.isDone() || ledger.open() > 0) {
            return outOfPatience(still);
        }
        if (still.compareTo(QUIET) <= 0) {
            return false;
        }
        if (!halfway.over(lockOfTheDead())) {
            sayOnceThatItWaits(halfway);
            return false;
        }
        return true;
    }

    private void sayOnceThatItWaits(Halfway halfway) {
        if (!saidThatItWaits && !halfway.kill().isEmpty()) {
            saidThatItWaits = true;
            progress.show(ledger.done());
            progress.say("all are accounted for; waiting for duplicates until the killed consumer's locks have ended");
        }
    }

    /** What a killed process had handled and not acknowledged comes back after its lock, and is a duplicate to be counted. */
    private Duration lockOfTheDead() {
        return broker.insideThisJvm() ? Duration.ZERO : broker.lock().plusSeconds(1);
    }
}
