package dev.waybill.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waybill.Capability;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.SendException;
import dev.waybill.Subscription;
import dev.waybill.Waybill;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Rules of what happens when the connection, or the broker, goes away and comes back. */
abstract class RecoveryRules extends Chapter {

    @Test
    @ResourceLock(BROKER)
    void q10_1_afterLostConnectionsEverythingGoesOn() {
        Optional<Consumer<Waybill>> loseConnections = harness().loseConnections();
        assumeTrue(loseConnections.isPresent(), "the harness cannot cut connections");
        goesOnAfter(() -> loseConnections.get().accept(waybill));
    }

    @Test
    @ResourceLock(BROKER)
    void q10_2_messagesSurviveARestartOfTheBroker() {
        needs(Capability.SURVIVES_RESTART);
        Optional<Runnable> restart = harness().restart();
        assumeTrue(restart.isPresent(), "the harness cannot restart the broker");
        goesOnAfter(restart.get());
    }

    private void goesOnAfter(Runnable fault) {
        Queue<String> queue =
                newQueue().maxDeliveries(10).lockDuration(harness().shortLock()).build();
        Ledger ledger = new Ledger();
        Producer<String> producer = waybill.producer(queue);
        send(producer, 300, i -> "before" + i, ledger);
        Subscription subscription = waybill.consumer(queue).concurrency(4).start(ledger::seen);
        await().until(() -> ledger.distinct() > 0);
        Set<String> unknown = ConcurrentHashMap.newKeySet();
        List<CompletableFuture<Void>> during = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Message<String> message = Message.of("during" + i);
            during.add(producer.send(message).handle((stored, failure) -> {
                if (failure == null) {
                    ledger.sent(message.id());
                } else if (failure instanceof SendException failed && !failed.maybeStored()) {
                    assertThat(failed.reason()).isNotNull();
                } else {
                    unknown.add(message.id());
                }
                return null;
            }));
        }
        fault.run();
        CompletableFuture.allOf(during.toArray(CompletableFuture[]::new)).join();
        // Where each request has a connection out of a pool, each that was cut costs one of them yet.
        List<Message<String>> after = new ArrayList<>();
        await().ignoreException(CompletionException.class)
                .untilAsserted(() -> after.addAll(send(producer, 100, i -> "after" + i, new Ledger())));
        after.forEach(message -> ledger.sent(message.id()));
        awaitAllSeen(ledger);
        assertNoUnflaggedDuplicates(ledger);
        await().untilAsserted(() -> assertThat(subscription.state()).isEqualTo(Subscription.State.RUNNING));
    }
}
