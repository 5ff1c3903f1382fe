package dev.waybill.examples.orders;

import dev.waybill.DeadLetter;
import dev.waybill.DeadLetterFilter;
import dev.waybill.Message;
import dev.waybill.Producer;
import dev.waybill.Waybill;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.Convoys;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.examples.demo.DemoBroker;
import dev.waybill.examples.demo.DemoException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Sends the events, kills the process half-way, and waits until nothing more happens. */
final class OrdersRun {
    private static final int MOST = 10_000;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration QUIET = Duration.ofSeconds(2);

    private final DemoBroker broker;
    private final OrderProcess process;
    private final OrderStore store;
    private final List<Message<OrderEvent>> events;
    private final Queue<String> mails = new ConcurrentLinkedQueue<>();

    OrdersRun(DemoBroker broker, OrderProcess process, OrderStore store, List<Message<OrderEvent>> events) {
        this.broker = broker;
        this.process = process;
        this.store = store;
        this.events = events;
    }

    OrdersReport run() throws InterruptedException {
        ConvoyStore opened = store.open();
        ConvoyOperations orders = new ConvoyOperations(opened, OrderProcess.MACHINE);
        try (Waybill waybill = Waybill.open(broker.config())) {
            waybill.consumer(process.mails()).start(delivery -> mails.add(delivery.payload()));
            int half = events.size() / 2;
            String killed;
            try (Victim victim = victim(waybill, opened)) {
                send(waybill, events.subList(0, half));
                await("the first orders", PATIENCE, () -> known(orders) * 2 > known(events.subList(0, half)));
                killed = victim.kill();
            }
            Convoys other = process.start(waybill, opened);
            send(waybill, events.subList(half, events.size()));
            await("the rest of all orders", PATIENCE.plus(process.patience()), new Rest(waybill, orders));
            other.close();
            List<DeadLetter> dead = waybill.deadLetters(process.events()).browse(DeadLetterFilter.all(), 0, MOST);
            return OrdersReport.of(orders, events, dead, List.copyOf(mails), killed);
        }
    }

    /** What takes the orders forward at first. */
    private interface Victim extends AutoCloseable {
        /** Returns what was done. */
        String kill();

        @Override
        void close();
    }

    private Victim victim(Waybill waybill, ConvoyStore opened) {
        if (broker.insideThisJvm()) {
            Convoys convoys = process.start(waybill, opened);
            return new Victim() {
                @Override
                public String kill() {
                    close();
                    return "the first process was stopped (one that is inside this JVM cannot be killed)";
                }

                @Override
                public void close() {
                    convoys.subscription().close(Duration.ZERO);
                    convoys.close();
                }
            };
        }
        Process worker = OrderWorker.launch(broker.config(), process, store);
        return new Victim() {
            @Override
            public String kill() {
                close();
                return "process " + worker.pid() + " was killed by SIGKILL";
            }

            @Override
            public void close() {
                worker.destroyForcibly();
                worker.onExit().join();
            }
        };
    }

    private void send(Waybill waybill, List<Message<OrderEvent>> some) {
        try (Producer<OrderEvent> producer = waybill.producer(process.events())) {
            CompletableFuture.allOf(some.stream().map(producer::send).toArray(CompletableFuture[]::new))
                    .join();
        }
    }

    private static long known(ConvoyOperations orders) {
        return orders.list(ConvoyFilter.all(), "", MOST).size();
    }

    private static long known(List<Message<OrderEvent>> events) {
        return events.stream().map(event -> event.key().orElse("")).distinct().count();
    }

    private static void await(String what, Duration patience, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new DemoException(what + " did not come within " + patience.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Whether nothing has changed for a while, and nothing is due. */
    private final class Rest implements BooleanSupplier {
        private final Waybill waybill;
        private final ConvoyOperations orders;
        private String before = "";
        private long since = System.nanoTime();

        Rest(Waybill waybill, ConvoyOperations orders) {
            this.waybill = waybill;
            this.orders = orders;
        }

        @Override
        public boolean getAsBoolean() {
            List<StoredConvoy> all = orders.list(ConvoyFilter.all(), "", MOST);
            boolean waits = all.stream().anyMatch(order -> !order.ended() && order.dueAt() > 0)
                    || waybill.depth(process.events()) > 0;
            String now = mails.size()
                    + " "
                    + all.stream().map(order -> order.key() + order.version()).toList();
            if (waits || !now.equals(before)) {
                since = System.nanoTime();
                before = now;
            }
            return System.nanoTime() - since >= QUIET.toNanos();
        }
    }
}
